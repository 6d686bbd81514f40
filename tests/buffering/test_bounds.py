"""How much the windows hold, and what waits or is evicted at the bounds."""

from __future__ import annotations

import pytest

from pipeline.buffering.bounds import Bound
from pipeline.buffering.window import Entry
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, S, entry_at, fill, make_line, run, sent, store


@pytest.mark.parametrize(("bound", "cost"), [(Bound.TIME, 25), (Bound.BYTES, 30)])
def test_the_bound_that_evicted_is_named(bound: Bound, cost: int) -> None:
    line = make_line(max_bytes=200 if bound is Bound.BYTES else None)
    fill(line, 2.0, audio=False)
    assert line.bounds.unsent_evicted_by == {kind: cost if kind is bound else 0 for kind in Bound}
    assert line.streams["video"].counters.dropped == cost


def test_timestamps_that_barely_advance_are_bounded_by_count() -> None:
    line = make_line()
    for number in range(3000):
        store(line, "video", number, 0)
    assert line.bounds.unsent_evicted_by[Bound.COUNT] == 3000 - 100 * line.streams["video"].capacity


def test_the_largest_stream_is_evicted_when_bytes_run_out() -> None:
    line = make_line(max_bytes=1000)
    for number in range(40):
        store(line, "video", number * FRAME_NS, 0, size=100)
        store(line, "audio", number * CHUNK_NS, 0, size=1)
    assert line.streams["audio"].counters.dropped == 0
    assert line.size_bytes <= 1000


def test_the_window_holds_the_same_seconds_at_any_frame_rate() -> None:
    for step_ns in (17 * MS, 40 * MS, 200 * MS):
        line = make_line()
        for number in range(200):
            store(line, "video", number * step_ns, 0)
        assert S - step_ns <= line.streams["video"].stored_ns <= S


def test_an_empty_stream_lets_the_other_streams_producer_continue() -> None:
    line = make_line(clocked=False)
    fill(line, 0.6, audio=False)
    video = line.streams["video"]
    following = entry_at(video, 600 * MS)
    assert line.has_room(video, following), "the sound may come from the same thread"
    store(line, "audio", 0, 0)
    assert not line.has_room(video, following)


@pytest.mark.parametrize(("delay_ns", "step_ns", "most"), [(400 * MS, 40 * MS, 25), (S, 300 * MS, 4)])
def test_a_waiting_producer_loses_nothing_and_does_not_deadlock(
    delay_ns: int, step_ns: int, most: int
) -> None:
    """While the window fills: playback starts only when it holds the delay, and frees no room before that."""
    line = make_line(delay_ns=delay_ns)
    video = line.streams["video"]
    for number in range(100):
        order_ns = number * step_ns
        entry = Entry(order_ns, order_ns, order_ns + step_ns, 10, True, None)
        if not line.has_room(video, entry):
            break
        line.place(video, order_ns, step_ns, 0)
        assert not line.append(video, entry, waited=True)
    assert video.counters.received == most
    assert video.counters.dropped == 0
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    run(line, base_ns + step_ns)
    assert line.has_room(video, entry), "sent samples free room"


def test_a_producer_waits_for_bytes_once_playback_runs() -> None:
    line = make_line(duration_ns=10 * S, max_bytes=240)
    fill(line, 0.8, audio=False)
    video = line.streams["video"]
    run(line, 0)
    assert line.has_room(video, entry_at(video, 800 * MS))
    assert not line.has_room(video, entry_at(video, 800 * MS, size=50))
    assert line.has_room(line.streams["audio"], entry_at(line.streams["audio"], 0))


def test_a_delay_that_the_bytes_cannot_hold_is_shortened_until_every_frame_is_sent() -> None:
    line = make_line(delay_ns=4 * S, duration_ns=4 * S, max_bytes=400)
    video = line.streams["video"]
    shown: list[int] = []
    for number in range(200):
        now_ns = number * FRAME_NS
        for half in (0, CHUNK_NS):
            store(line, "audio", now_ns + half, now_ns, size=4)
        store(line, "video", now_ns, now_ns)
        shown += sent(run(line, now_ns, origin_ns=0), "video")
    assert line.schedule.delay_ns < 2 * S
    assert line.bounds.unsent_evicted_by[Bound.BYTES] <= 2, "only before the start"
    assert shown == list(range(shown[0], shown[-1] + 1, FRAME_NS))
    assert len(shown) + video.unsent + video.counters.dropped == 200
