"""Clips: the clips that an operator saves, and names for new files."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.buffer_manager import BufferManager
from pipeline.errors import OutputError, StateError
from pipeline.gst.encode.encoding import Encoding
from pipeline.timebase import ns_to_seconds

MOST_CLIPS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Clip:
    """A saved clip; clients identify it by `number`."""

    number: int
    path: Path
    length_s: float
    saved_at: float
    """Seconds since 1970."""


class FileNames:
    """Makes names for new files, each one different within a run. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = 0

    def new(self, folder: Path, stem: str, suffix: str) -> Path:
        """A path ``STEM-DATE-TIME-NUMBER.SUFFIX`` in `folder`, which is created. Raises OutputError."""
        with self._lock:
            self._begun += 1
            number = self._begun
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{folder}: nothing can be saved there ({error.strerror}); check the folder"
            ) from error
        return folder / f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}-{number:03d}{suffix}"


class Clips:
    """The clips of one run, in a folder. Any thread; only `save` blocks."""

    def __init__(
        self,
        manager: BufferManager,
        folder: Path,
        names: FileNames,
        encoding: Encoding,
        most_at_once: int = MOST_CLIPS_AT_ONCE,
    ) -> None:
        """`encoding`: used if the window holds raw frames. `most_at_once`: more are refused, because each one holds
        its frames in memory while it is encoded."""
        self._most_at_once = most_at_once
        self.folder = folder
        self._manager = manager
        self._names = names
        self._encoding = encoding
        self._lock = threading.Lock()
        self._saved: list[Clip] = []
        self._being_saved = threading.BoundedSemaphore(most_at_once)

    def save(self, before_s: float, after_s: float) -> Clip:
        """Save a clip from `before_s` before to `after_s` after the playhead; blocks.

        Raises OutputError, and StateError while too many others are being saved.
        """
        if not self._being_saved.acquire(blocking=False):
            raise StateError(
                f"{self._most_at_once} clips are being saved already; wait until one of them is done"
            )
        try:
            return self._save(before_s, after_s)
        finally:
            self._being_saved.release()

    def _save(self, before_s: float, after_s: float) -> Clip:
        saved_at = time.time()
        path = self._names.new(self.folder, "clip", ".mp4")
        begin_ns, end_ns = self._manager.save_clip(path, before_s, after_s, encoding=self._encoding)
        with self._lock:
            clip = Clip(len(self._saved) + 1, path, ns_to_seconds(end_ns - begin_ns), saved_at)
            self._saved.append(clip)
        return clip

    def saved(self) -> list[Clip]:
        """The clips so far, oldest first."""
        with self._lock:
            return list(self._saved)
