"""TagClips: a clip of the film for each tag that holds."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ForesightError, OutputError, StateError
from pipeline.run.clip_book import Clip
from pipeline.run.file_names import FileNames
from pipeline.run.film_clips import FilmClips
from pipeline.scoring.tags import Tag
from pipeline.timebase import NS_PER_S


@dataclass(frozen=True, slots=True)
class TagClipping:
    """From how many seconds before a tag to how many after it its clip goes, and the folder for it."""

    before_s: float
    after_s: float
    folder: Path


class TagClips:
    """Begins a clip for each tag, which is saved once the film has passed it. Any thread. Lock: `_lock`."""

    def __init__(
        self,
        film: FilmClips,
        clipping: TagClipping,
        on_note: Callable[[str], object],
        on_failed: Callable[[OutputError], object],
    ) -> None:
        """`on_note(line)`: the film of a tag is not there; `on_failed(error)`: a clip cannot be written."""
        self._film, self._clipping = film, clipping
        self._on_note, self._on_failed = on_note, on_failed
        self._names = FileNames()
        self._lock = threading.Lock()
        self._clips: dict[int, Clip] = {}

    def add(self, tag: Tag, title: str) -> None:
        """Save the clip of a new tag, whose name has the tag's kind and time. Never raises."""
        clipping = self._clipping

        def failed(error: ForesightError) -> None:
            self._tell(title, error)

        try:
            path = self._names.new(clipping.folder, _stem(tag), ".mp4")
            clip = self._film.save(
                path,
                clipping.before_s,
                clipping.after_s,
                tag.captured_ns,
                tag=tag.number,
                title=title,
                on_failed=failed,
            )
        except ForesightError as error:
            failed(error)
            return
        with self._lock:
            self._clips[tag.number] = clip

    def remove(self, tag: Tag) -> None:
        """Do not save the clip of a tag that was taken back, or remove it."""
        with self._lock:
            clip = self._clips.pop(tag.number, None)
        if clip is not None:
            self._film.cancel(clip)

    def clips(self) -> list[Clip]:
        """The clips of the tags that hold, as they were when they were begun, in order of their tags' ids."""
        with self._lock:
            return list(self._clips.values())

    def _tell(self, title: str, error: ForesightError) -> None:
        if isinstance(error, StateError):
            self._on_note(f"no clip of the tag {title!r}: {error}")
        else:
            self._on_failed(OutputError(f"no clip of the tag {title!r}: {error}"))


def _stem(tag: Tag) -> str:
    """A file's name for a tag: ``goal-home-12m05s``."""
    minutes, seconds = divmod(max(tag.captured_ns, 0) // NS_PER_S, 60)
    kind = re.sub(r"[^\w]+", "-", tag.kind.lower()).strip("-") or "tag"
    return "-".join(part for part in (kind, tag.team, f"{minutes:02d}m{seconds:02d}s") if part)
