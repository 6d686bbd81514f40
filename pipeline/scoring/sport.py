"""Sport: the periods of a match and how its clock counts, as a data file describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_PERIODS = 30


@dataclass(frozen=True, slots=True)
class Period:
    """A period of the match: ``name`` ("First half"), ``short`` ("1st"), its length in nanoseconds.

    ``keeps_fouls``: the team fouls of the period before go on counting, as in a basketball overtime.
    """

    name: str
    short: str
    length_ns: int
    keeps_fouls: bool = False


@dataclass(frozen=True, slots=True)
class Sport:
    """The rules of a sport that score, clock and graphics need. Immutable; any thread.

    ``name``: of a file in the package, or the path of a user's own. ``periods``: regular ones and those of extra
    time; later ones repeat the last. ``counts_down``: the clock shows what is left of the period. ``runs_on``: it
    goes on beyond the period's length (added time). ``is_cumulative``: the second period begins where the first one
    ends. ``tenths_below_ns``: with less left, a clock that counts down shows tenths; 0 for never. ``team_fouls``:
    fouls of a team in a period are shown; ``most_fouls``: from so many on, in a special colour.
    ``tags``: the kinds of tags that a button is worth. ``steps``: how many points a score may bring, smallest
    first. ``points``: how many points a tag of this kind brings; one that is not named brings none.
    """

    name: str
    title: str
    periods: tuple[Period, ...]
    counts_down: bool
    runs_on: bool
    is_cumulative: bool
    tenths_below_ns: int
    most_points: int
    team_fouls: bool
    most_fouls: int
    tags: tuple[str, ...]
    steps: tuple[int, ...]
    points: Mapping[str, int] = field(hash=False)

    def period(self, number: int) -> Period:
        """The period of this number, from 1."""
        return self.periods[min(number, len(self.periods)) - 1]

    def period_ns(self, number: int) -> int:
        """How long the period of this number lasts, in nanoseconds."""
        return self.period(number).length_ns

    def begin_ns(self, number: int) -> int:
        """What an upward clock shows when the period begins: the length of those before it, or 0."""
        if not self.is_cumulative:
            return 0
        return sum(self.period_ns(before) for before in range(1, number))
