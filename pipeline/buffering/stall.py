"""Detects a stall: nothing is sent for too long. Pure."""

from __future__ import annotations

from pipeline.timebase import NS_PER_S

ABSENT_NS = NS_PER_S
"""The buffer thread asks ten times a second; a longer gap means that it could not (SIGSTOP, a machine asleep)."""


class StallWatch:
    """Updated at every step with whether playback made progress; reports each stall once."""

    __slots__ = ("_asked_ns", "_limit_ns", "_progress_ns", "_stalled", "count")

    def __init__(self, limit_ns: int) -> None:
        self._limit_ns = limit_ns
        self.begin(0)
        self.count = 0

    def begin(self, now_ns: int) -> None:
        """Playback starts now."""
        self._progress_ns = self._asked_ns = now_ns
        self._stalled = False

    def update(self, now_ns: int, *, progressed: bool) -> bool:
        """Whether a stall begins now. Time in which nobody asked does not count: the process did not run then."""
        if now_ns - self._asked_ns > ABSENT_NS:
            self._progress_ns += now_ns - self._asked_ns
        self._asked_ns = now_ns
        if progressed:
            self.begin(now_ns)
        elif not self._stalled and now_ns - self._progress_ns > self._limit_ns:
            self._stalled = True
            self.count += 1
            return True
        return False
