"""Decides when a filled window begins to play, and with which base time. Pure."""

from __future__ import annotations

from pipeline.buffering.intake import SharedTime
from pipeline.buffering.schedule import Schedule
from pipeline.buffering.stall import ABSENT_NS
from pipeline.timebase import NS_PER_MS, NS_PER_S

SETTLED_AFTER_NS = NS_PER_S // 2
FALL_NS = 50 * NS_PER_MS
"""What was kept for a stopped process has all come once the lag has not fallen by this for that long."""


class Filling:
    """From the start of the buffer thread to that of playback; asked every few milliseconds.

    A longer gap between two questions means that the process did not run (SIGSTOP, a machine asleep). Meanwhile a
    source went on, kept what it had for later, or waited. Where its samples are not stamped by our clock, playback
    begins only when that is seen, and then a delay behind the newest sample.
    """

    __slots__ = ("_asked_ns", "_has_slept", "_least_lag_ns", "_schedule", "_since_ns")

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.begin()

    def begin(self) -> None:
        """The buffer thread starts, or the window is to be filled again."""
        self._asked_ns: int | None = None
        self._has_slept = False
        self._least_lag_ns = self._since_ns = 0

    def base_ns(
        self,
        now_ns: int,
        shared: SharedTime,
        stored_ns: tuple[int, int],
        origin_ns: int | None,
        *,
        ended: bool,
    ) -> int | None:
        """The base time to start playback with now, or None while it is too early.

        stored_ns: when the first sample to play begins and the newest one ends. origin_ns: what the clock showed at
        time 0 of a live source, None where that is not known. ended: no sample comes any more.
        """
        first_ns, newest_ns = stored_ns
        is_settled = self._is_settled(now_ns, now_ns - newest_ns)
        if origin_ns is None:
            origin_ns = shared.paced_origin_ns(now_ns, newest_ns)
        span_ns = newest_ns - first_ns
        if origin_ns is None and self._has_slept and not ended:
            if not is_settled or span_ns < self._schedule.delay_ns:
                return None
            origin_ns = now_ns - newest_ns
        return self._schedule.start(now_ns, first_ns, span_ns, origin_ns, ended=ended)

    def _is_settled(self, now_ns: int, lag_ns: int) -> bool:
        if self._asked_ns is not None and now_ns - self._asked_ns > ABSENT_NS:
            self._has_slept = True
            self._least_lag_ns, self._since_ns = lag_ns, now_ns
        self._asked_ns = now_ns
        if lag_ns < self._least_lag_ns - FALL_NS:
            self._least_lag_ns, self._since_ns = lag_ns, now_ns
        return now_ns - self._since_ns >= SETTLED_AFTER_NS
