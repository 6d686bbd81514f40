"""Estimates how a source's clock drifts against ours, and corrects its times in steps nobody notices. Pure.

A sample's lag is its arrival minus its time. Jitter only makes it longer, so the least lag of a block of samples
shows the clock: a straight line whose slope is the drift. The line is fitted by medians (Theil's incomplete form,
https://en.wikipedia.org/wiki/Theil-Sen_estimator), which outliers do not move. The correction keeps the lag at its
first value; it is a continuous function of the source's time, so that all streams of a source get the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from pipeline.timebase import NS_PER_MS, NS_PER_S

BLOCK_NS = 2 * NS_PER_S
"""Of the samples of a block, the one with the least lag counts."""
FEWEST_BLOCKS = 5
MOST_BLOCKS = 120
"""A line is fitted through so many blocks: 10 s to 4 min."""
LARGEST_RATE = 0.02
"""No clock is off by more than this share: a source that seems to be is slow or in a hurry."""
UNUSUAL_RATE = 0.003
"""A drift of more than this share needs twice the fewest blocks."""
SMALLEST_NS = 8 * NS_PER_MS
"""A smaller deviation is never corrected: without drift, times stay exactly what they are."""
SIGNIFICANCE = 6.0
"""A deviation counts once it is so many times the spread of the blocks."""
EARLY_SIGNIFICANCE = 4.0
"""Of few blocks, it must be so many times what the worst of them is beside the line."""
TOLERANCE_NS = 10 * NS_PER_MS
TOLERANCE_SPREADS = 5.0
"""A block farther than this from the line does not belong to it."""
COHERENT_NS = 4 * NS_PER_MS
"""Blocks beside the line with at most this spread show another rate; with more, they are disturbed."""
STEP_BLOCKS = 30
"""Lags that have changed by a step are believed after so many blocks."""
LARGEST_STEP_NS = NS_PER_S
"""A longer step away from the first lag is no clock that was set."""
CATCH_UP = 0.002
"""The share by which the correction may run faster or slower than the drift: 3 cents in pitch."""
CATCH_UP_NS = 4 * NS_PER_S
"""What is still missing is made up for in this time, or slower."""
REMEMBERED_PIECES = 16
"""More pieces of the correction than the streams of a source can be apart."""


class Line(NamedTuple):
    """A fitted line: the lag in nanoseconds at `at_ns`, its slope, and how far the blocks lie beside it."""

    at_ns: int
    level_ns: float
    slope: float
    spread_ns: float

    def lag_ns(self, time_ns: int) -> float:
        """The lag at `time_ns`."""
        return self.level_ns + self.slope * (time_ns - self.at_ns)


class Piece(NamedTuple):
    """The correction from `begin_ns` on: until `until_ns` at the slope `fast`, then at `slope`."""

    begin_ns: int
    correction_ns: float
    until_ns: int
    fast: float
    slope: float

    def at(self, time_ns: int) -> float:
        """The correction at `time_ns`."""
        fast_ns = min(time_ns, self.until_ns) - self.begin_ns
        return self.correction_ns + self.fast * fast_ns + self.slope * max(time_ns - self.until_ns, 0)


Block = tuple[int, int]
"""When the sample with the least lag came, by the source's time, and that lag."""


class DriftTracker:
    """The drift of one source. Times are the source's, uncorrected; arrivals are our clock's, of any origin."""

    __slots__ = (
        "_blocks",
        "_ends_ns",
        "_is_settled",
        "_least_ns",
        "_least_time_ns",
        "_line",
        "_newest_ns",
        "_pending",
        "_pieces",
        "_target_ns",
        "carried_ns",
        "is_active",
    )

    def __init__(self, *, target_ns: float | None = None, carried_ns: int = 0) -> None:
        """target_ns: the lag to keep, None for the one that is found first. carried_ns: see `total_ns`."""
        self._target_ns = target_ns
        self._is_settled = target_ns is not None  # what the lag was at first is known for good
        self.carried_ns = carried_ns
        self.is_active = False
        """Whether anything is corrected; False until a drift is certain."""
        self._pieces: deque[Piece] = deque(maxlen=REMEMBERED_PIECES)
        self._newest_ns = 0
        self._forget()

    def _forget(self) -> None:
        self._blocks: deque[Block] = deque(maxlen=MOST_BLOCKS)
        self._pending: deque[Block] = deque(maxlen=STEP_BLOCKS)
        self._line: Line | None = None
        self._ends_ns: int | None = None
        self._least_ns = self._least_time_ns = 0

    @property
    def rate(self) -> float:
        """By what share the source's clock is fast (negative: slow); 0 until a drift is certain."""
        return -self._pieces[-1].slope if self._pieces else 0.0

    @property
    def total_ns(self) -> int:
        """All that was corrected, before restarts of the source too."""
        return self.carried_ns + self.correction_ns(self._newest_ns)

    def successor(self) -> DriftTracker:
        """A tracker for the same source after its time began anew: the lag to keep is the same."""
        return DriftTracker(target_ns=self._target_ns, carried_ns=self.total_ns)

    def measure_anew(self) -> None:
        """Other samples show the clock from now on; what is corrected stays."""
        self._forget()
        self._target_ns, self._is_settled = None, False

    def correction_ns(self, time_ns: int) -> int:
        """What is added to a time of the source; continuous, and the same whenever it is asked for."""
        if not self.is_active:
            return 0
        if time_ns > self._newest_ns:
            self._newest_ns = time_ns
        piece = self._pieces[-1]
        if time_ns < piece.begin_ns:
            earlier = (one for one in reversed(self._pieces) if time_ns >= one.begin_ns)
            piece = next(earlier, self._pieces[0])
            if time_ns < piece.begin_ns:
                return round(piece.correction_ns)
        return round(piece.at(time_ns))

    def note(self, time_ns: int, arrival_ns: int) -> None:
        """A sample that shows the clock came; ask for its correction before."""
        lag_ns = arrival_ns - time_ns
        if time_ns > self._newest_ns:
            self._newest_ns = time_ns
        if self._ends_ns is None:
            self._begin_block(time_ns, lag_ns, arrival_ns)
        elif arrival_ns >= self._ends_ns:
            self._take((self._least_time_ns, self._least_ns))
            self._begin_block(time_ns, lag_ns, arrival_ns)
        elif lag_ns < self._least_ns:
            self._least_ns, self._least_time_ns = lag_ns, time_ns

    def _begin_block(self, time_ns: int, lag_ns: int, arrival_ns: int) -> None:
        self._least_ns, self._least_time_ns = lag_ns, time_ns
        self._ends_ns = arrival_ns + BLOCK_NS

    def _take(self, block: Block) -> None:
        if self._line is not None and _is_beside(self._line, block):
            self._pending.append(block)
            self._judge_pending(self._line)
        else:
            self._pending.clear()
            self._blocks.append(block)
            if len(self._blocks) >= FEWEST_BLOCKS:
                self._line = fit(self._blocks)
        if self._line is not None and not self._pending:
            self._follow(self._line)

    def _judge_pending(self, line: Line) -> None:
        """Believe blocks beside the line if they show that the clock runs differently now, or was set."""
        if len(self._pending) < FEWEST_BLOCKS:
            return
        other = fit(self._pending)
        if abs(other.slope) > LARGEST_RATE:
            return
        begin_ns = self._pending[0][0]
        step_ns = abs(other.lag_ns(begin_ns) - line.lag_ns(begin_ns))
        is_coherent = other.spread_ns <= max(3 * line.spread_ns, COHERENT_NS)
        is_bend = is_coherent and step_ns <= 2 * _tolerance_ns(line)
        if not is_bend and len(self._pending) < STEP_BLOCKS:
            return
        self._blocks.clear()
        self._blocks.extend(self._pending)
        self._pending.clear()
        self._line = other
        if not is_bend and not self._is_set_clock(other):
            self._target_ns, self._is_settled = None, False

    def _is_set_clock(self, line: Line) -> bool:
        """Whether a step of the lags is that of a drifting clock which was set, to be made up for slowly.

        The others are a source that waited, or a network that became slower: the delay changes by that and stays.
        """
        if self._target_ns is None or not self.is_active:
            return False
        newest_ns = self._blocks[-1][0]
        deviation_ns = line.lag_ns(newest_ns) - self._target_ns
        missing_ns = deviation_ns - self.correction_ns(newest_ns)
        return min(abs(deviation_ns), abs(missing_ns)) <= LARGEST_STEP_NS

    def _follow(self, line: Line) -> None:
        """Aim the correction at the line, from the newest time on."""
        if abs(line.slope) > LARGEST_RATE:
            return
        begin_ns = self._newest_ns
        if self._target_ns is None or not self._is_settled:
            at_ns = begin_ns if self.is_active else self._blocks[0][0]
            self._target_ns = line.lag_ns(at_ns) - self.correction_ns(at_ns)
            self._is_settled = self.is_active or len(self._blocks) == MOST_BLOCKS
        wanted_ns = line.lag_ns(begin_ns) - self._target_ns
        if not self.is_active and not self._is_certain(line, wanted_ns):
            return
        now_ns = float(self.correction_ns(begin_ns))
        missing_ns = wanted_ns - now_ns
        lasts_ns = max(CATCH_UP_NS, round(abs(missing_ns) / CATCH_UP))
        fast = line.slope + missing_ns / lasts_ns
        self._pieces.append(Piece(begin_ns, now_ns, begin_ns + lasts_ns, fast, line.slope))
        self.is_active = self._is_settled = True

    def _is_certain(self, line: Line, deviation_ns: float) -> bool:
        blocks = list(self._blocks)
        doubt_ns = SIGNIFICANCE * line.spread_ns
        if len(blocks) < 2 * FEWEST_BLOCKS:
            if abs(line.slope) > UNUSUAL_RATE:
                return False
            doubt_ns = EARLY_SIGNIFICANCE * max(abs(lag_ns - line.lag_ns(at_ns)) for at_ns, lag_ns in blocks)
        if abs(deviation_ns) < max(SMALLEST_NS, doubt_ns):
            return False
        if self._is_settled:
            return True
        later = fit(blocks[len(blocks) // 2 :])  # a disturbance that ends is no straight line
        return later.slope * line.slope > 0 and abs(later.slope) > abs(line.slope) / 3


def _is_beside(line: Line, block: Block) -> bool:
    time_ns, lag_ns = block
    return abs(lag_ns - line.lag_ns(time_ns)) > _tolerance_ns(line)


def _tolerance_ns(line: Line) -> float:
    return max(TOLERANCE_NS, TOLERANCE_SPREADS * line.spread_ns)


def fit(blocks: Sequence[Block]) -> Line:
    """The line through `blocks`, two at least: medians of slopes between its halves, and of what is left."""
    half = (len(blocks) + 1) // 2
    found = list(blocks)
    slopes = [
        (late[1] - early[1]) / (late[0] - early[0])
        for early, late in zip(found, found[half:], strict=False)
        if late[0] > early[0]
    ]
    slope = median(slopes) if slopes else 0.0
    at_ns = found[-1][0]
    levels_ns = [lag_ns - slope * (time_ns - at_ns) for time_ns, lag_ns in found]
    level_ns = median(levels_ns)
    spread_ns = 1.5 * median(abs(one - level_ns) for one in levels_ns)
    return Line(at_ns, level_ns, slope, spread_ns)
