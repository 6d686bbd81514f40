"""Timeline: the detections by running time; the detector's thread writes it, the delayed side reads it."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.analysis.detector import DetectionSet
from pipeline.errors import ConfigError
from pipeline.timebase import Nanoseconds, seconds_to_ns

DEFAULT_SPAN_S = 60.0
"""More than the longest look-ahead (30 s) and the past of the ball association together."""

NOTHING_KNOWN_NS = Nanoseconds(-(1 << 62))
"""``known_until_ns`` before anything was analysed: before every running time."""

EVERYTHING_KNOWN_NS = Nanoseconds(1 << 62)
"""``known_until_ns`` after the last writer has finished: after every running time."""


@dataclass(frozen=True, slots=True)
class TimelineStatistics:
    """A snapshot of a timeline."""

    held: int
    """Detection sets in memory now."""
    added: int
    """Detection sets accepted since the start, including those dropped later."""
    out_of_order: int
    """Accepted sets that were older than the newest one."""
    aged: int
    """Accepted sets dropped later because they became older than the span."""
    too_late: int
    """Sets refused because they were already older than the span."""
    known_until_ns: Nanoseconds
    """The running time up to which, inclusive, every frame has been analysed or never will be."""
    finished: bool
    """Whether nothing more will be added."""


class Timeline:
    """Detection sets in order of running time, and the time up to which they are complete.

    Any thread may call any method. Only `wait_known` blocks; every other method holds the lock only for a list
    operation, so writers and readers never wait for each other's work.

    Several detectors may write: each reports its own progress under its own ``writer`` name, and the timeline is
    known as far as the slowest of them. A writer counts from its first `open_writer` or `mark_known` on.
    """

    def __init__(
        self,
        span_s: float = DEFAULT_SPAN_S,
        on_add: Callable[[DetectionSet], object] = lambda _seen: None,
    ) -> None:
        """``span_s``: how long a set is kept, counted from the newest one.

        ``on_add(seen)`` is called with every set, in the order of arrival, by the thread that adds it.
        Raises ConfigError if the span is not positive.
        """
        if not span_s > 0:
            raise ConfigError(f"the timeline's span must be positive, not {span_s} s")
        self._span_ns = seconds_to_ns(span_s)
        self._on_add = on_add
        # Guards everything below; never held during a call of another object.
        self._changed = threading.Condition(threading.Lock())
        self._times: list[int] = []
        self._sets: list[DetectionSet] = []
        self._known_by_writer: dict[str, Nanoseconds] = {}
        self._known_until_ns = NOTHING_KNOWN_NS
        self._added = self._out_of_order = self._aged = self._too_late = 0

    def add(self, seen: DetectionSet) -> bool:
        """Insert a set by time, after others of the same time; False if it is older than the span."""
        self._on_add(seen)
        with self._changed:
            newest_ns = self._times[-1] if self._times else seen.time_ns
            if seen.time_ns < newest_ns - self._span_ns:
                self._too_late += 1
                return False
            place = bisect_right(self._times, seen.time_ns)
            self._added += 1
            self._out_of_order += place < len(self._times)
            self._times.insert(place, seen.time_ns)
            self._sets.insert(place, seen)
            self._age()
            return True

    def between(self, t0_ns: int, t1_ns: int) -> list[DetectionSet]:
        """The sets in [t0_ns, t1_ns], both ends included, by time; sets of the same time in order of arrival."""
        with self._changed:
            return self._sets[bisect_left(self._times, t0_ns) : bisect_right(self._times, t1_ns)]

    def all(self) -> list[DetectionSet]:
        """All sets in memory in time order."""
        with self._changed:
            return self._sets.copy()

    def open_writer(self, writer: str) -> None:
        """Register `writer`: until it finishes, the timeline is known at most as far as this writer."""
        with self._changed:
            self._known_by_writer.setdefault(writer, NOTHING_KNOWN_NS)
            self._settle()

    def mark_known(self, time_ns: Nanoseconds, writer: str = "") -> None:
        """Record that `writer` has analysed everything up to and including `time_ns`, or never will.

        An earlier time than before has no effect.
        """
        with self._changed:
            before = self._known_by_writer.get(writer, NOTHING_KNOWN_NS)
            self._known_by_writer[writer] = max(before, time_ns)
            self._settle()

    def finish(self, writer: str | None = None) -> None:
        """Record that `writer`, or without a name every writer, adds nothing more; wakes all waiters.
        Idempotent."""
        with self._changed:
            if writer is None:
                self._known_by_writer = dict.fromkeys(self._known_by_writer or ("",), EVERYTHING_KNOWN_NS)
            else:
                self._known_by_writer[writer] = EVERYTHING_KNOWN_NS
            self._settle()

    @property
    def known_until_ns(self) -> Nanoseconds:
        """The running time up to which, inclusive, every frame has been analysed or never will be."""
        return self._known_until_ns

    @property
    def finished(self) -> bool:
        """Whether every writer has finished."""
        return self._known_until_ns == EVERYTHING_KNOWN_NS

    def wait_known(
        self, time_ns: int, timeout_s: float | None = None, given_up: Callable[[], bool] | None = None
    ) -> bool:
        """Block until the timeline is known up to `time_ns`, or until the last writer's `finish`.

        False after `timeout_s`, or if `given_up()` is true (checked at every wake-up, see `wake`).
        """

        def settled() -> bool:
            return self._known_until_ns >= time_ns or (given_up is not None and given_up())

        with self._changed:
            self._changed.wait_for(settled, timeout_s)
            return self._known_until_ns >= time_ns

    def wake(self) -> None:
        """Make every waiter check its ``given_up`` again; call it to stop a waiting reader."""
        with self._changed:
            self._changed.notify_all()

    def statistics(self) -> TimelineStatistics:
        """A snapshot of the counters."""
        with self._changed:
            return TimelineStatistics(
                held=len(self._sets),
                added=self._added,
                out_of_order=self._out_of_order,
                aged=self._aged,
                too_late=self._too_late,
                known_until_ns=self._known_until_ns,
                finished=self.finished,
            )

    def __repr__(self) -> str:
        state = self.statistics()
        return f"<Timeline {state.held} sets, {'finished' if state.finished else 'open'}>"

    def _age(self) -> None:
        """Drop the sets that are older than the span. The caller holds the lock."""
        count = bisect_left(self._times, self._times[-1] - self._span_ns)
        if count:
            del self._times[:count], self._sets[:count]
            self._aged += count

    def _settle(self) -> None:
        """Set the timeline's progress to the slowest writer's and wake the waiters. The caller holds the lock."""
        known_ns = min(self._known_by_writer.values())
        if known_ns > self._known_until_ns:
            self._known_until_ns = known_ns
            self._changed.notify_all()
