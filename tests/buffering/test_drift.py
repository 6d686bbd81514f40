"""The drift of a source's clock: what is estimated, and that what is corrected stays where it was."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.buffering.drift import CATCH_UP, MOST_BLOCKS, DriftTracker
from tests.buffering.clocks import (
    JITTERS,
    S,
    SimulatedClock,
    bursts,
    changing,
    constant,
    temperature,
    uniform,
)
from tests.faults.record import Area, fault

MS = 1_000_000
FRAME_MS = 33.3


class Follower:
    """Feeds a tracker, and measures by how much the corrected times miss the true ones."""

    def __init__(self) -> None:
        self.tracker = DriftTracker()
        self.worst_ms = 0.0
        self.last_ms = 0.0
        self.steepest = 0.0
        """The largest share by which the correction changed with time."""
        self._first_ns: int | None = None
        self._before: tuple[int, int] | None = None

    def take(self, captured_ns: int, arrival_ns: int, stamp_ns: int) -> None:
        correction_ns = self.tracker.correction_ns(stamp_ns)
        self.tracker.note(stamp_ns, arrival_ns)
        if self._before is not None:
            before_ns, corrected_ns = self._before
            self.steepest = max(self.steepest, abs(correction_ns - corrected_ns) / (stamp_ns - before_ns))
        self._before = stamp_ns, correction_ns
        off_ns = captured_ns - stamp_ns - correction_ns
        if self._first_ns is None:
            self._first_ns = off_ns
        self.last_ms = (off_ns - self._first_ns) / MS
        self.worst_ms = max(self.worst_ms, abs(self.last_ms))


def follow(clock: SimulatedClock, hours: float) -> Follower:
    follower = Follower()
    for sample in clock.samples(hours):
        follower.take(*sample)
    return follower


@pytest.mark.parametrize("jitter", ["none", "uniform", "bursts"])
@pytest.mark.parametrize("rate", [1e-3, -1e-3, 1e-4, -1e-4, 2e-5, -2e-5])
def test_a_steady_drift_is_made_up_for_within_a_frame(rate: float, jitter: str) -> None:
    found = follow(SimulatedClock(constant(rate), JITTERS[jitter]), 0.5)
    assert found.worst_ms < FRAME_MS
    assert found.tracker.rate == pytest.approx(rate, abs=4e-5)
    assert found.steepest <= abs(rate) + 2 * CATCH_UP


@pytest.mark.parametrize("jitter", JITTERS)
def test_without_drift_nothing_is_corrected_at_all(jitter: str) -> None:
    found = follow(SimulatedClock(constant(0), JITTERS[jitter]), 1.5)
    assert not found.tracker.is_active
    assert found.steepest == found.worst_ms == found.tracker.total_ns == 0


@pytest.mark.parametrize("rate", [temperature, changing])
@pytest.mark.parametrize("jitter", ["none", "uniform", "bursts"])
def test_a_rate_that_changes_is_followed(rate: Callable[[float], float], jitter: str) -> None:
    assert follow(SimulatedClock(rate, JITTERS[jitter]), 1.0).worst_ms < FRAME_MS


@pytest.mark.parametrize("jitter", ["none", "uniform", "bursts"])
@pytest.mark.parametrize("away_s", [3, 60, 600])
def test_what_the_clock_does_while_nothing_comes_is_known(away_s: int, jitter: str) -> None:
    clock = SimulatedClock(
        constant(1e-3),
        JITTERS[jitter],
        absent=lambda time_s: time_s > 600 and time_s % 1200 < away_s,
    )
    assert follow(clock, 0.7).worst_ms < FRAME_MS


@fault(
    Area.CAMERAS,
    "a source's samples are late for seconds or hours: jitter, a pause, a slower network",
    seen="nothing; it is not taken for a slow clock",
)
@pytest.mark.parametrize("late_s", [0.05, 0.3, 1.0, 10.0])
@pytest.mark.parametrize("lasts_s", [10, 45, 300, 10_000])
def test_a_source_that_waits_is_not_taken_for_a_slow_clock(late_s: float, lasts_s: int) -> None:
    """A pause, frames that are repeated in an outage, a slower network, a process that was stopped."""
    clock = SimulatedClock(
        constant(0), bursts, lag=lambda time_s: late_s if 600 < time_s % 1800 < 600 + lasts_s else 0.0
    )
    assert not follow(clock, 0.8).tracker.is_active


def test_a_source_that_waits_does_not_disturb_a_known_drift() -> None:
    clock = SimulatedClock(
        constant(1e-3), bursts, lag=lambda time_s: 2.0 if 600 < time_s % 1800 < 640 else 0.0
    )
    assert follow(clock, 1.2).worst_ms < FRAME_MS


@pytest.mark.parametrize("period_s", [300, 1500])
def test_a_clock_that_is_set_again_and_again_does_not_add_up(period_s: int) -> None:
    """It drifts, and is set right by a step: what was corrected before the step must go again."""
    clock = SimulatedClock(constant(0), uniform, lag=lambda time_s: (time_s % period_s) * 1e-4)
    found = follow(clock, 1.5)
    assert abs(found.tracker.total_ns) < 1.2 * period_s * 1e-4 * S
    assert found.worst_ms < 1.2 * period_s * 0.1 + FRAME_MS


@pytest.mark.parametrize("rate", [0.05, -0.05, 0.5, -0.5, 9.0])
def test_what_no_clock_does_is_not_corrected(rate: float) -> None:
    """A source that is in a hurry, or too slow: a file that is read, a computer that is overloaded."""
    assert not follow(SimulatedClock(constant(rate)), 0.5).tracker.is_active


@pytest.mark.parametrize("rate", [0.01, -0.01])
def test_an_unusual_drift_takes_longer_and_is_made_up_for_slowly(rate: float) -> None:
    found = follow(SimulatedClock(constant(rate), uniform), 0.5)
    assert found.worst_ms < 300
    assert abs(found.last_ms) < FRAME_MS
    assert found.steepest < abs(rate) + 2 * CATCH_UP


@pytest.mark.parametrize("hurry_s", [0.5, 3.0, 20.0])
def test_what_a_server_had_stored_does_not_count(hurry_s: float) -> None:
    """The first samples come in a burst, as a relay sends the last seconds to a new client."""
    clock = SimulatedClock(constant(0), bursts, lag=lambda time_s: max(hurry_s - time_s, 0.0))
    assert not follow(clock, 0.5).tracker.is_active


def test_the_same_time_is_always_corrected_in_the_same_way() -> None:
    """Sound that comes up to some seconds after its picture, or before it, keeps to it."""
    tracker, given_ns = DriftTracker(), deque[tuple[int, int]](maxlen=7)
    for _, arrival_ns, stamp_ns in SimulatedClock(changing, bursts).samples(0.6):
        given_ns.append((stamp_ns, tracker.correction_ns(stamp_ns)))
        tracker.note(stamp_ns, arrival_ns)
        earlier_ns, corrected_ns = given_ns[0]
        assert abs(tracker.correction_ns(earlier_ns) - corrected_ns) <= 1


@settings(max_examples=15, deadline=None)
@given(rate=st.floats(-0.02, 0.02), seed=st.integers(0, 1000))
def test_corrected_times_never_go_back(rate: float, seed: int) -> None:
    tracker = DriftTracker()
    before_ns = 0
    for _, arrival_ns, stamp_ns in SimulatedClock(constant(rate), uniform, seed=seed).samples(0.1):
        corrected_ns = stamp_ns + tracker.correction_ns(stamp_ns)
        tracker.note(stamp_ns, arrival_ns)
        assert corrected_ns > before_ns
        before_ns = corrected_ns


def test_a_source_whose_time_begins_anew_keeps_its_lag_and_its_total() -> None:
    """After a reconnection the lag is off by the jitter of one sample: that is made up for, it does not add up."""
    tracker, total_ns, offset_ns = DriftTracker(), 0, 0
    latest: list[int] = []
    for number, (captured_ns, arrival_ns, stamp_ns) in enumerate(
        SimulatedClock(constant(2e-4), uniform, seed=7).samples(1.0)
    ):
        if number % 600 == 599:
            total_ns = tracker.total_ns
            offset_ns = captured_ns + 60 * MS - stamp_ns
            tracker = tracker.successor()
            assert tracker.total_ns == total_ns
            assert tracker.correction_ns(stamp_ns) == 0
        time_ns = stamp_ns + offset_ns
        latest.append(captured_ns - time_ns - tracker.correction_ns(time_ns))
        tracker.note(time_ns, arrival_ns)
        if number % 600 == 598:
            assert abs(latest[-1] - latest[0]) < FRAME_MS * MS


def test_memory_does_not_grow() -> None:
    tracker = follow(SimulatedClock(changing, bursts, step_s=1.0), 1.0).tracker
    held = sum(len(getattr(tracker, name)) for name in ("_blocks", "_pending", "_pieces"))
    assert held <= 2 * MOST_BLOCKS
