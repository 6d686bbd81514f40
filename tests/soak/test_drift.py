"""24 hours of a source whose clock is 0.1 % off, ten samples a second, through a whole simulated delay line."""

from __future__ import annotations

import pytest

from tests.buffering.clocks import JITTERS, S, constant
from tests.buffering.test_clock import DELAY_NS, FRAME_NS, MS, pair, play

HOURS = 24.0
STEP_S = 0.1


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("jitter", ["none", "uniform", "bursts"])
@pytest.mark.parametrize("rate", [1e-3, -1e-3])
def test_a_day_moves_the_delay_by_less_than_a_frame(rate: float, jitter: str) -> None:
    played = play(*pair(constant(rate), JITTERS[jitter], STEP_S), HOURS)
    for name, stream in played.line.streams.items():
        counters = stream.counters
        assert counters.received > 0.99 * HOURS * 3600 / STEP_S
        assert played.moved_ns(name) <= FRAME_NS
        assert counters.dropped == counters.skipped == counters.repeated == counters.late == 0
        assert counters.received == counters.sent + stream.unsent
    assert played.skew_ns <= 3 * MS
    assert played.longest * STEP_S <= DELAY_NS / S + 2, "what the window holds does not grow"
