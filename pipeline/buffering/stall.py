"""Detects a stall: nothing is sent for too long. Pure."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.timebase import NS_PER_S

ABSENT_NS = NS_PER_S
"""The buffer thread asks ten times a second; a longer gap means that it could not (SIGSTOP, a machine asleep)."""

LOOK_NS = NS_PER_S // 2
"""Without progress, it is asked so often how long the process has waited for a processor."""


class StallWatch:
    """Updated at every step with whether playback made progress; reports each stall once."""

    __slots__ = ("_asked_ns", "_limit_ns", "_looked_ns", "_progress_ns", "_stalled", "count", "waited_ns")

    def __init__(self, limit_ns: int) -> None:
        self._limit_ns = limit_ns
        self.begin(0)
        self.count = self._looked_ns = 0
        self.waited_ns: Callable[[], int] = lambda: 0
        """Returns how long the process was ready since the last call, and had to wait for a processor."""

    def begin(self, now_ns: int) -> None:
        """Playback starts now."""
        self._progress_ns = self._asked_ns = now_ns
        self._stalled = False

    def update(self, now_ns: int, *, progressed: bool) -> bool:
        """Whether a stall begins now. Time in which the process did not run does not count.

        That is time in which nobody asked, and time in which others had the processor.
        """
        if now_ns - self._asked_ns > ABSENT_NS:
            self._progress_ns += now_ns - self._asked_ns
        self._asked_ns = now_ns
        if not progressed and now_ns - self._looked_ns >= LOOK_NS:
            waited_ns = min(self.waited_ns(), now_ns - self._looked_ns)
            self._progress_ns = min(self._progress_ns + waited_ns, now_ns)
            self._looked_ns = now_ns
        if progressed:
            self.begin(now_ns)
        elif not self._stalled and now_ns - self._progress_ns > self._limit_ns:
            self._stalled = True
            self.count += 1
            return True
        return False
