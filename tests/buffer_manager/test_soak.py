"""A short run of benchmarks/soak_buffer.py."""

from __future__ import annotations

from benchmarks.soak_buffer import soak


def test_after_twenty_thousand_samples_counters_are_exact_and_memory_is_constant() -> None:
    found = soak(20_000, report=False)
    counters = found["statistics"]
    assert counters.received == 20_000
    assert counters.sent + counters.waiting == 20_000
    assert found["shown"] == counters.sent
    assert counters.dropped == counters.late == counters.refused == 0
    assert found["memory_mb"][-1] <= 1.02 * found["memory_mb"][0]
