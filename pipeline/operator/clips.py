"""Clips: the clips that an operator saves, of the film that viewers see or of the cameras' footage."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from pipeline.buffer_manager import BufferManager
from pipeline.errors import ForesightError, OutputError, StateError
from pipeline.gst.encode.encoding import Encoding
from pipeline.run.clip_book import Clip, ClipBook, ClipOf
from pipeline.run.file_names import FileNames
from pipeline.run.film_clips import FilmClips
from pipeline.timebase import ns_to_seconds, seconds_to_ns

MOST_CLIPS_AT_ONCE = 2
PROMPT_S = 2.0
"""A clip that is saved within this time is told as saved; any other as one that is being saved."""


@dataclass(frozen=True, slots=True)
class ClipWanted:
    """A clip from `before_s` before to `after_s` after a captured moment, None: after what is shown now; seconds.

    ``of``: the film, or the cameras' footage; None: the film if the run keeps it.
    """

    of: ClipOf | None = None
    before_s: float = 5.0
    after_s: float = 0.0
    captured_s: float | None = None


class Clips:
    """The clips of one run, in a folder. Any thread; only `save_footage` and, for a moment, `save` block."""

    def __init__(
        self,
        manager: BufferManager,
        film: FilmClips,
        book: ClipBook,
        folder: Path,
        names: FileNames,
        encoding: Encoding,
        most_at_once: int = MOST_CLIPS_AT_ONCE,
        *,
        is_private: bool = False,
    ) -> None:
        """`encoding`: used for footage of raw frames. `most_at_once`: more clips of footage are refused, because
        each one holds its frames in memory while it is encoded. `is_private`: the footage shows what nobody may
        see, so that clips of it are refused."""
        self._most_at_once = most_at_once
        self.folder = folder
        self._manager, self._film, self._book = manager, film, book
        self._names = names
        self._encoding = encoding
        self._is_private = is_private
        self._being_saved = threading.BoundedSemaphore(most_at_once)

    def save(self, wanted: ClipWanted) -> Clip:
        """Begin to save a clip; returns it, saved or being saved, after PROMPT_S at most.

        Raises OutputError, ConfigError, and StateError for what cannot be saved now.
        """
        of = wanted.of or ("film" if self._film.has_film else "cameras")
        if of == "film":
            captured_ns = None if wanted.captured_s is None else seconds_to_ns(wanted.captured_s)
            path = self._new_path()
            clip = self._film.save(path, wanted.before_s, wanted.after_s, captured_ns)
        else:
            clip = self._begin_footage(wanted)
        clip = self._book.wait_over(clip, PROMPT_S)
        if clip.state == "failed":
            self._book.remove(clip)
            raise OutputError(clip.trouble or "the clip could not be saved")
        return clip

    def save_footage(self, before_s: float, after_s: float) -> Clip:
        """Save the cameras' footage from `before_s` before to `after_s` after the playhead; blocks.

        Raises OutputError, and StateError while too many others are being saved.
        """
        self._take_place()
        clip = None
        try:
            clip = self._book.begin(self._new_path(), "cameras")
            return self._write_footage(clip, before_s, after_s)
        except ForesightError:
            if clip is not None:
                self._book.remove(clip)
            raise
        finally:
            self._being_saved.release()

    def clips(self) -> list[Clip]:
        """The clips so far, oldest first."""
        return self._book.clips()

    @property
    def changes(self) -> int:
        """How often the list of clips has changed so far."""
        return self._book.changes

    def _new_path(self) -> Path:
        return self._names.new(self.folder, "clip", ".mp4")

    def _take_place(self) -> None:
        if self._is_private:
            raise StateError(
                "a clip would show the private areas; save one of the film, or run with --storage raw"
            )
        if not self._being_saved.acquire(blocking=False):
            raise StateError(
                f"{self._most_at_once} clips are being saved already; wait until one of them is done"
            )

    def _begin_footage(self, wanted: ClipWanted) -> Clip:
        """Save footage on a thread of its own; returns the clip that is being saved."""
        before_s, after_s = wanted.before_s, wanted.after_s
        if wanted.captured_s is not None:
            now_ns = self._manager.playhead_ns
            if now_ns is None:
                raise StateError("playback has not started yet; save a clip once it has")
            ago_s = ns_to_seconds(now_ns) - wanted.captured_s
            before_s, after_s = before_s + ago_s, after_s - ago_s
        self._take_place()
        try:
            clip = self._book.begin(self._new_path(), "cameras")
        except ForesightError:
            self._being_saved.release()
            raise

        def write() -> None:
            try:
                self._write_footage(clip, before_s, after_s)
            except ForesightError as error:
                self._book.failed(clip, str(error))
            finally:
                self._being_saved.release()

        threading.Thread(target=write, name="footage-clip", daemon=True).start()
        return clip

    def _write_footage(self, clip: Clip, before_s: float, after_s: float) -> Clip:
        begin_ns, end_ns = self._manager.save_clip(clip.path, before_s, after_s, encoding=self._encoding)
        return self._book.saved(clip, ns_to_seconds(begin_ns), ns_to_seconds(end_ns - begin_ns))
