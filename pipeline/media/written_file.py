"""WrittenFile: whether a file that was written is still at its path when it is complete."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.media.file_lock import is_at
from pipeline.media.hls import segment_name


class WrittenFile:
    """One file while it is written. `note` is called from one thread; any thread may read `loss`."""

    def __init__(self, path: Path) -> None:
        """Nothing is known of the file yet."""
        self.path = path
        self._opened: os.stat_result | None = None
        self._is_begun = False

    def note(self) -> None:
        """Note which file is at the path, if it is not known yet. Call once the writer has opened it."""
        self._is_begun = True
        if self._opened is None:
            try:
                self._opened = self.path.stat()
            except OSError:
                return  # the writer has not opened it yet, or it is gone already

    @property
    def loss(self) -> str | None:
        """What happened to the file since it was opened, in one line; None if it is still at its path."""
        if not self._is_begun or (self._opened is not None and is_at(self.path, self._opened)):
            return None
        if self.path.exists():
            if self._opened is None:
                return None
            return f"{self.path}: was replaced by another file while it was written, so the recording is lost"
        return f"{self.path}: was deleted or moved while it was written, so the recording is not there"


class WrittenPlaylist:
    """One HLS playlist while it is written; it is replaced with each segment. As `WrittenFile`."""

    def __init__(self, path: Path) -> None:
        """Nothing is known of the playlist yet."""
        self.path = path
        self._is_begun = self._is_written = False

    def note(self) -> None:
        """Note that segments are written, and whether the playlist has been written for the first time."""
        self._is_begun = True
        self._is_written = self._is_written or self.path.exists()

    @property
    def loss(self) -> str | None:
        """What has been lost of the playlist or its segments, in one line; None if all of it is there."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            # it is written with the first complete segment; a folder that is gone then took that with it
            is_lost = self._is_written or (self._is_begun and not self.path.parent.is_dir())
            gone = f"{self.path}: was deleted or moved while it was written, so the recording is not there"
            return gone if is_lost else None
        segments = [
            self.path.with_name(segment_name(line)) for line in lines if line and not line.startswith("#")
        ]
        missing = [segment.name for segment in segments if not segment.exists()]
        if not missing:
            return None
        return (
            f"{self.path}: {len(missing)} of its {len(segments)} segments were deleted or moved while it was "
            f"written (the first: {missing[0]})"
        )
