"""ClipBook: the clips of a run, saved ones and those that are being saved."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

ClipOf = Literal["film", "cameras"]
"""What a clip is of: the film that viewers see, or the cameras' own footage."""

ClipState = Literal["saving", "saved", "failed"]


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip; clients identify it by `number`."""

    number: int
    path: Path
    of: ClipOf
    saved_at: float
    """When it was asked for, in seconds since 1970."""
    state: ClipState = "saving"
    begin_s: float | None = None
    """The captured time of its first frame, in seconds; None until it is saved."""
    length_s: float = 0.0
    trouble: str | None = None
    """Why it has failed, in one line."""
    tag: int | None = None
    """The tag that it was made for, by its id."""
    title: str = ""
    """What it shows, in words; of a tag."""

    @property
    def is_over(self) -> bool:
        """Whether it is not being saved any more."""
        return self.state != "saving"


class ClipBook:
    """The clips of one run. Any thread; only `wait_over` blocks. Lock: `_changed`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._clips: dict[int, Clip] = {}
        self._begun = 0
        self._changes = 0

    @property
    def changes(self) -> int:
        """How often the list has changed so far."""
        return self._changes

    def clips(self) -> list[Clip]:
        """The clips, in the order in which they were asked for."""
        with self._changed:
            return list(self._clips.values())

    def begin(self, path: Path, of: ClipOf, tag: int | None = None, title: str = "") -> Clip:
        """Add a clip that is being saved at `path`."""
        with self._changed:
            self._begun += 1
            clip = Clip(self._begun, path, of, time.time(), tag=tag, title=title)
            return self._keep(clip)

    def saved(self, clip: Clip, begin_s: float, length_s: float) -> Clip:
        """Note that a clip is complete, from which captured time on, and how long it has become."""
        with self._changed:
            return self._keep(replace(clip, state="saved", begin_s=begin_s, length_s=length_s))

    def failed(self, clip: Clip, why: str) -> Clip:
        """Note that a clip cannot be saved, and why."""
        with self._changed:
            return self._keep(replace(clip, state="failed", trouble=why))

    def remove(self, clip: Clip) -> None:
        """Take a clip out of the list. Idempotent."""
        with self._changed:
            if self._clips.pop(clip.number, None) is not None:
                self._note()

    def now(self, clip: Clip) -> Clip | None:
        """The clip as it is now; None if it was taken out of the list."""
        with self._changed:
            return self._clips.get(clip.number)

    def wait_over(self, clip: Clip, timeout_s: float) -> Clip:
        """Block until the clip is saved or has failed; returns it as it is then, or after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._clips.get(clip.number, clip).is_over, timeout_s)
            return self._clips.get(clip.number, clip)

    def _keep(self, clip: Clip) -> Clip:
        self._clips[clip.number] = clip
        self._note()
        return clip

    def _note(self) -> None:
        self._changes += 1
        self._changed.notify_all()
