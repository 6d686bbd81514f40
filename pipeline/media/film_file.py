"""FilmFile: one file of an output while it is written, and the running times of its frames."""

from __future__ import annotations

from pathlib import Path

from pipeline.media.written_file import WrittenFile
from pipeline.timebase import Nanoseconds


class FilmFile(WrittenFile):
    """A WrittenFile that knows from when to when its video is. `note_frame` is called from one thread."""

    def __init__(self, path: Path) -> None:
        """Nothing is known of the file yet."""
        super().__init__(path)
        self.begin_ns: Nanoseconds | None = None
        """The running time of its first frame; None before it."""
        self.end_ns: Nanoseconds | None = None
        """The running time at which its last frame so far ends."""

    def note_frame(self, shown_ns: int | None, duration_ns: int) -> None:
        """Note a frame that is shown at this running time, and for so long; 0 if that is unknown."""
        if shown_ns is None:
            return
        if self.begin_ns is None:
            self.begin_ns = Nanoseconds(shown_ns)
        end_ns = shown_ns + duration_ns
        self.end_ns = Nanoseconds(end_ns if self.end_ns is None else max(end_ns, self.end_ns))
