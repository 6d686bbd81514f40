"""The drift of a clock, one sample a block: the fitted line, when a drift is certain, how it is made up for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.buffering.drift import CATCH_UP, DriftTracker, Piece, fit
from tests.buffering.clocks import S

MS = 1_000_000
BLOCK_S = 2
ORIGIN_NS = 12_345 * S
"""Of our clock, against the source's: any."""


def blocks(*lags_ms: float) -> list[tuple[int, int]]:
    return [(number * BLOCK_S * S, round(lag_ms * MS)) for number, lag_ms in enumerate(lags_ms)]


@given(st.integers(-20_000, 20_000), st.integers(-S, S), st.integers(2, 20), st.integers(-100 * S, 100 * S))
def test_blocks_on_a_line_give_that_line(rate_ppm: int, level_ns: int, count: int, at_ns: int) -> None:
    def lag_ns(time_ns: int) -> int:
        return level_ns + rate_ppm * time_ns // 1_000_000

    line = fit([(number * S, lag_ns(number * S)) for number in range(count)])
    assert line.slope == pytest.approx(rate_ppm * 1e-6)
    assert (line.at_ns, line.level_ns) == ((count - 1) * S, pytest.approx(lag_ns((count - 1) * S)))
    assert line.spread_ns == pytest.approx(0.0, abs=1e-6)
    assert line.lag_ns(at_ns) == pytest.approx(lag_ns(at_ns), abs=2)


@pytest.mark.parametrize(
    ("lags_ms", "ms_a_block", "level_ms", "spread_ms"),
    [
        ((0, 1, 0, 1), 0.0, 0.5, 0.75),  # what comes and goes is spread, not slope
        ((0, 0, 9, 0, 0), 0.0, 0.0, 0.0),  # the middle of an odd number shows no slope
        ((0, 0, 0, 0, 0, 0, 50, 0), 0.0, 0.0, 0.0),  # one block of many is disturbed
        ((70, 0, 0, 0, 0, 0, 0, 0), 0.0, 0.0, 0.0),
        ((0, 2, 4, 36, 8, 10, 12, 14), 2.0, 14.0, 0.0),
        ((0, 2, 0, 2, 0, 2, 0, 2), 0.0, 1.0, 1.5),
        ((5, 8), 3.0, 8.0, 0.0),
    ],
)
def test_disturbed_blocks_are_spread_and_do_not_turn_the_line(
    lags_ms: tuple[float, ...], ms_a_block: float, level_ms: float, spread_ms: float
) -> None:
    line = fit(blocks(*lags_ms))
    assert line.slope * BLOCK_S * 1000 == pytest.approx(ms_a_block)
    assert line.level_ns / MS == pytest.approx(level_ms)
    assert line.spread_ns / MS == pytest.approx(spread_ms)


def test_blocks_of_one_time_have_no_slope() -> None:
    assert fit([(S, 3), (S, 5), (S, 4), (S, 4)]) == (S, 4.0, 0.0, 0.75)


@pytest.mark.parametrize(
    ("time_s", "correction_ms"), [(10, 1.0), (11, 6.0), (12, 11.0), (13, 13.0), (20, 27.0), (9.5, -1.5)]
)
def test_a_piece_runs_fast_until_it_has_caught_up(time_s: float, correction_ms: float) -> None:
    piece = Piece(10 * S, 1.0 * MS, 12 * S, fast=5e-3, slope=2e-3)
    assert piece.at(round(time_s * S)) == pytest.approx(correction_ms * MS)


class Blocks:
    """Gives a tracker one sample a block, by its lag in milliseconds."""

    def __init__(self) -> None:
        self.tracker = DriftTracker()
        self.number = 0

    def take(self, lags_ms: Iterable[float]) -> Iterator[float]:
        """What is left of each lag."""
        for lag_ms in lags_ms:
            arrival_ns = self.number * BLOCK_S * S
            time_ns = arrival_ns - round(lag_ms * MS)
            correction_ns = self.tracker.correction_ns(time_ns)
            self.tracker.note(time_ns, arrival_ns + ORIGIN_NS)
            self.number += 1
            yield lag_ms - correction_ns / MS

    def drift(self, rate_ppm: float, count: int, plus_ms: float = 0.0) -> list[float]:
        """So many blocks of a clock that is slow by `rate_ppm` since block 0, later by `plus_ms`."""
        numbers = range(self.number, self.number + count)
        return list(self.take(rate_ppm * 1e-3 * BLOCK_S * number + plus_ms for number in numbers))


def certain_after(rate_ppm: float, noise_ms: float = 0.0) -> int | None:
    """How many blocks it takes; every other one is late by `noise_ms`."""
    given = Blocks()
    for number in range(60):
        given.drift(rate_ppm, 1, noise_ms * (number % 2))
        if given.tracker.is_active:
            return number
    return None


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("rate_ppm", "after"),
    [
        (60, None),  # less than 8 ms in two minutes
        (210, 20),  # 8.4 ms
        (510, 8),
        (1000, 5),  # the fewest
        (2900, 5),
        (3100, 10),  # unusual
        (19_000, 10),
        (21_000, None),  # no clock
    ],
)
def test_a_drift_is_certain_after_five_blocks_and_eight_milliseconds(
    rate_ppm: float, after: int | None, sign: int
) -> None:
    assert certain_after(sign * rate_ppm) == after


@pytest.mark.parametrize(("noise_ms", "after"), [(1, 5), (5, 6), (20, 13), (200, 13)])
def test_the_noisier_the_lags_the_later_a_drift_is_certain(noise_ms: float, after: int | None) -> None:
    assert certain_after(1000, noise_ms) == after


@pytest.mark.parametrize("rate_ppm", [510, -510, 2000, -2000])
def test_what_is_missing_is_made_up_for_by_half_a_block_and_by_four_milliseconds_at_most(
    rate_ppm: float,
) -> None:
    given = Blocks()
    given.drift(rate_ppm, certain_after(rate_ppm) or 0)
    missing_ms = given.drift(rate_ppm, 1)[0]
    assert abs(missing_ms) >= 8
    left_ms = [missing_ms, *given.drift(rate_ppm, 40)]
    for before_ms, after_ms in itertools.pairwise(left_ms):
        assert abs(after_ms) == pytest.approx(abs(before_ms) - min(abs(before_ms) / 2, 4.0), abs=0.02)
    assert abs(left_ms[-1]) < 0.01
    assert given.tracker.rate == pytest.approx(-rate_ppm * 1e-6, rel=0.003)
    assert given.tracker.total_ns == pytest.approx(
        rate_ppm * 1e-6 * (given.number - 1) * BLOCK_S * S, rel=0.01
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_a_large_part_is_made_up_for_no_faster_than_the_ear_notices(sign: int) -> None:
    given = Blocks()
    left_ms = given.drift(sign * 10_000, 11 + 60)[11:]
    assert abs(left_ms[0]) == pytest.approx(200, abs=10)
    steps = [abs(before) - abs(after) for before, after in itertools.pairwise(left_ms)]
    assert max(steps) <= CATCH_UP * BLOCK_S * 1000 + 0.1
    assert steps[:40] == pytest.approx([CATCH_UP * BLOCK_S * 1000] * 40, abs=0.1)
    assert abs(left_ms[-1]) < 1


@pytest.mark.parametrize("late_ms", [25, -25, 300, -300, 5000])
@pytest.mark.parametrize("count", [1, 4, 29])
def test_late_blocks_that_end_change_nothing(late_ms: float, count: int) -> None:
    given, calm = Blocks(), Blocks()
    for one, plus_ms in ((given, late_ms), (calm, 0.0)):
        one.drift(1000, 60)
        one.drift(1000, count, plus_ms)
    after_ms = given.drift(1000, 20)
    assert after_ms == pytest.approx(calm.drift(1000, 20), abs=0.01)


@pytest.mark.parametrize(("step_ms", "stays_ms"), [(-900, 0), (900, 0), (1600, 1600), (-1600, -1600)])
def test_a_drifting_clock_that_is_set_is_made_up_for_and_a_longer_wait_stays(
    step_ms: float, stays_ms: float
) -> None:
    given = Blocks()
    given.drift(1000, 60)
    left_ms = given.drift(1000, 31, step_ms)
    assert left_ms == pytest.approx([step_ms] * 31, rel=0.002), "not believed yet"
    left_ms = given.drift(1000, 300, step_ms)
    assert left_ms[-1] == pytest.approx(stays_ms, rel=0.002, abs=1)
    assert given.tracker.rate == pytest.approx(-1e-3, abs=1e-5)


@pytest.mark.parametrize("step_ms", [-900, 30, 900, 5000])
def test_without_a_drift_a_step_is_a_new_lag_and_no_drift(step_ms: float) -> None:
    given = Blocks()
    given.drift(0, 60)
    given.drift(0, 100, step_ms)
    assert not given.tracker.is_active
    left_ms = given.drift(0, 1, step_ms)
    assert left_ms == [step_ms]


@pytest.mark.parametrize(("before_ppm", "after_ppm"), [(1000, 1300), (1000, 700), (-500, 500), (0, 800)])
def test_another_rate_is_followed_within_some_milliseconds(before_ppm: float, after_ppm: float) -> None:
    given = Blocks()
    given.drift(before_ppm, 130)
    bend_ms = before_ppm * 1e-3 * BLOCK_S * given.number
    per_block_ms = after_ppm * 1e-3 * BLOCK_S
    left_ms = list(given.take(bend_ms + per_block_ms * number for number in range(150)))
    assert max(map(abs, left_ms)) < 10 + 8 * abs(after_ppm - before_ppm) * 1e-3 * BLOCK_S
    assert left_ms[-1] == pytest.approx(0, abs=0.5)
    assert given.tracker.rate == pytest.approx(-after_ppm * 1e-6, abs=2e-5)


def test_other_samples_that_show_the_clock_change_nothing_by_coming_later_or_earlier() -> None:
    """Sound showed the clock until the picture came, which is 300 ms later all the time."""
    given = Blocks()
    given.drift(1000, 60)
    total_ns = given.tracker.total_ns
    given.tracker.measure_anew()
    assert given.tracker.total_ns == total_ns
    left_ms = given.drift(1000, 60, 300)
    assert left_ms == pytest.approx([300] * 60, abs=0.5)


def test_a_successor_keeps_the_lag_and_the_total() -> None:
    given = Blocks()
    given.drift(1000, 60)
    total_ns = given.tracker.total_ns
    given.tracker = given.tracker.successor()
    assert given.tracker.total_ns == total_ns > 100 * MS
    assert (given.tracker.is_active, given.tracker.rate) == (False, 0.0)
    left_ms = list(given.take(0.002 * number * 1000 + 5 for number in range(60)))
    assert left_ms[-1] == pytest.approx(0.0, abs=0.5), "the new time began 5 ms late"
    assert given.tracker.total_ns == pytest.approx(total_ns + (118 + 5) * MS, abs=MS)


def test_of_a_block_the_sample_that_came_soonest_counts() -> None:
    """The others are late, by as much as a block."""
    tracker = DriftTracker()
    for number in range(400):
        arrival_ns = number * S // 2
        late_ns = (0, 700 * MS, 1400 * MS, 400 * MS)[number % 4] + number * MS // 2
        tracker.correction_ns(arrival_ns - late_ns)
        tracker.note(arrival_ns - late_ns, arrival_ns)
    assert tracker.rate == pytest.approx(-1e-3, abs=1e-5)


def test_only_the_newest_half_minute_of_the_correction_is_remembered() -> None:
    """Streams of a source are less apart; what is asked of before has the oldest correction that is known."""
    given = Blocks()
    given.drift(1000, 60)
    correction_ns = given.tracker.correction_ns
    for age_s in range(30):
        time_ns = (59 * BLOCK_S - age_s) * S
        assert correction_ns(time_ns) == pytest.approx(time_ns * 1e-3, abs=0.2 * MS)
    assert correction_ns(0) == correction_ns(-S) == correction_ns(60 * S) > 80 * MS
