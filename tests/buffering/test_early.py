"""A source that sends faster than the clock, by more than a clock can be off: what came too early is skipped."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.buffering import transport
from pipeline.buffering.line import DelayLine
from pipeline.buffering.schedule import Schedule
from pipeline.buffering.snapshot import statistics
from pipeline.buffering.stats import early_note
from tests.buffering.lines import FRAME_NS, MS, ROOM, S, entry_at, sent
from tests.faults.record import Area, fault

DELAY_NS, LENGTH_NS = S, 2 * S
TICK_NS = 20 * MS
GROUP = 25
"""Frames from one keyframe to the next, of an inter-coded video."""


def play(rate: float, seconds: int, *, inter_coded: bool = False) -> tuple[DelayLine, list[int]]:
    """Play `seconds` of a source whose time runs at 1 + `rate`; returns the line and what playback was given."""
    line = DelayLine(
        Schedule(DELAY_NS, S // 5, clocked=True), duration_ns=LENGTH_NS, stall_ns=5 * S, max_bytes=None
    )
    for name in ("video", "audio"):
        line.add_stream(name, nominal_ns=FRAME_NS, leads=name == "video")
    line.begin()
    played_ns, number = [], 0
    for now_ns in range(0, seconds * S, TICK_NS):
        while number * FRAME_NS < now_ns * (1 + rate):
            for stream in line.streams.values():
                verdict, order_ns = line.place(stream, number * FRAME_NS, FRAME_NS, now_ns)
                assert verdict.accepted
                keyframe = not (inter_coded and stream.leads and number % GROUP)
                line.append(stream, entry_at(stream, order_ns)._replace(keyframe=keyframe))
            number += 1
        step = transport.step(line, now_ns, 0, ROOM)
        assert not step.stalled
        played_ns += sent(step, "video")
        horizon_ns = line.schedule.horizon_ns(now_ns)
        assert all(horizon_ns - send.entries[0].order_ns <= 2 * TICK_NS for send in step.sends), (
            "none is late"
        )
    return line, played_ns


@fault(
    Area.CAMERAS,
    "a camera or a stream is sent faster than it plays, by more than 2 %",
    seen="whenever the window is full, playback skips what came too early; a note with the time",
    lost="what is skipped",
)
@pytest.mark.parametrize("inter_coded", [False, True])
@pytest.mark.parametrize("rate", [0.03, 0.1, 0.5])
def test_nothing_that_is_due_leaves_the_window_unseen(rate: float, inter_coded: bool) -> None:
    line, played_ns = play(rate, 120 if rate < 0.1 else 30, inter_coded=inter_coded)
    assert not any(line.bounds.unsent_evicted_by.values())
    for stream in line.streams.values():
        counters = stream.counters
        assert counters.dropped == counters.late == counters.repeated == 0
        assert counters.received == counters.sent + counters.skipped + stream.unsent
        assert counters.skipped > 0
    assert played_ns == sorted(played_ns)
    steps_ns = [later - earlier for earlier, later in pairwise(played_ns)]
    assert max(steps_ns) > S, "it skips"
    found = statistics(line, 0, 0, {})
    assert found.delay_s == DELAY_NS / S
    assert found.delay_error_s == 0
    assert found.skipped_early_s == pytest.approx(
        line.streams["video"].counters.skipped * FRAME_NS / S, abs=1
    )


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.018])
def test_a_drift_that_can_be_followed_skips_nothing(rate: float) -> None:
    line, played_ns = play(rate, 60)
    assert played_ns == list(range(0, len(played_ns) * FRAME_NS, FRAME_NS)) or rate
    assert line.schedule.early_ns == 0
    assert line.streams["video"].counters.skipped == line.streams["video"].counters.dropped == 0


def test_the_note_says_how_much() -> None:
    assert early_note("the source", 0.0) == ()
    assert early_note("the source", 6.1) == (
        "the source: sent faster than it plays; 6.10 s of it were skipped to keep the delay",
    )
