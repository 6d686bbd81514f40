"""Shown: the frames that a run has shown."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.optics.view import View
from pipeline.run.film_times import FilmTimes
from pipeline.timebase import Nanoseconds, ns_to_seconds


class Shown:
    """Counts the frames that a run shows, and passes each on. One thread calls `note`; any thread may read."""

    def __init__(
        self, on_frame: Callable[[Nanoseconds, View], object] = lambda _time_ns, _view: None
    ) -> None:
        """`on_frame(time_ns, view)` is called for each frame; it must not raise."""
        self.count = 0
        self.first_ns: Nanoseconds | None = None
        self.last_ns: Nanoseconds | None = None
        self.times = FilmTimes()
        self._on_frame = on_frame

    def note(self, time_ns: Nanoseconds, captured_ns: int, view: View | None) -> None:
        """Note that a frame has been shown. `time_ns`: its running time; `view`: None where that failed."""
        self.count += 1
        self.times.note(time_ns, captured_ns)
        if self.first_ns is None:
            self.first_ns = time_ns
        self.last_ns = time_ns
        if view is not None:
            self._on_frame(time_ns, view)

    def duration_s(self, framerate: float) -> float:
        """Seconds from the start of the first frame to the end of the last; to its start if `framerate` is 0."""
        if self.first_ns is None or self.last_ns is None:
            return 0.0
        return ns_to_seconds(Nanoseconds(self.last_ns - self.first_ns)) + (
            1 / framerate if framerate else 0.0
        )
