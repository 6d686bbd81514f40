"""Clock: what the match clock shows at any captured time."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.scoring.sport import MOST_PERIODS, Sport
from pipeline.scoring.values import checked_flag, checked_whole
from pipeline.timebase import NS_PER_S

LONGEST_PERIOD_NS = 6 * 3600 * NS_PER_S
MOST_ADDED_MINUTES = 99


@dataclass(frozen=True, slots=True)
class Clock:
    """The match clock as it was set at a captured time. Raises ConfigError for a value that no clock has.

    ``elapsed_ns``: of the period, at ``captured_ns``; from there on it counts if the clock is ``running``. So the
    newest clock that was set before a frame tells exactly what that frame shows. ``period``: from 1. ``added_min``:
    the minutes that the referee adds, 0 for not told.
    """

    captured_ns: int
    running: bool
    period: int = 1
    elapsed_ns: int = 0
    added_min: int = 0

    def __post_init__(self) -> None:
        checked_whole(self.captured_ns, "the clock's captured time", -(1 << 63), 1 << 63)
        checked_flag(self.running, "running")
        checked_whole(self.period, "period", 1, MOST_PERIODS)
        checked_whole(self.elapsed_ns, "the elapsed time in ns", 0, LONGEST_PERIOD_NS)
        checked_whole(self.added_min, "added_min", 0, MOST_ADDED_MINUTES)

    def elapsed_at(self, captured_ns: int, sport: Sport) -> int:
        """Nanoseconds of the period that are over at a captured time. Where a sport's clock stops at the end of a
        period, not more than the period has."""
        passed_ns = max(0, captured_ns - self.captured_ns) if self.running else 0
        elapsed_ns = self.elapsed_ns + passed_ns
        if sport.runs_on:
            return elapsed_ns
        return min(elapsed_ns, sport.period_ns(self.period))

    def text_at(self, captured_ns: int, sport: Sport) -> str:
        """What it shows, as ``47:12``; ``09.3`` in the last minute of a clock that counts tenths."""
        elapsed_ns = self.elapsed_at(captured_ns, sport)
        if not sport.counts_down:
            return _minutes(sport.begin_ns(self.period) + elapsed_ns)
        left_ns = max(0, sport.period_ns(self.period) - elapsed_ns)
        if sport.tenths_below_ns and left_ns < sport.tenths_below_ns:
            tenths = left_ns * 10 // NS_PER_S
            return f"{tenths // 10:02d}.{tenths % 10}"
        return _minutes(-(-left_ns // NS_PER_S) * NS_PER_S)  # 0:00 is shown when nothing is left, not before


def _minutes(ns: int) -> str:
    minutes, seconds = divmod(ns // NS_PER_S, 60)
    return f"{minutes:02d}:{seconds:02d}"
