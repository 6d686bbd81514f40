"""The delay line between its steps: how long to wait, what is forgotten, when all has ended, who may store."""

from __future__ import annotations

import pytest

from pipeline.buffering.intake import Verdict
from pipeline.buffering.line import DelayLine
from pipeline.buffering.snapshot import statistics
from pipeline.buffering.step import State
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, ROOM, S, entry_at, fill, make_line, run, sent, store


def playing(*, delay_ns: int = 2 * S, duration_ns: int = 10 * S) -> DelayLine:
    """A line whose playback shows time 0 at clock 0, with a cushion of 100 ms; its frames go up to the delay."""
    line = make_line(delay_ns=delay_ns, duration_ns=duration_ns)
    fill(line, delay_ns / S, audio=False)
    assert run(line, -100 * MS).start_base_ns == 0
    return line


@pytest.mark.parametrize(
    ("now_ms", "stored_ms", "wait_ms"),
    [
        (1830, 2000, 70),  # due once its time is no more than the cushion ahead
        (1880, 2000, 20),
        (1890, 2000, 20),  # at the least a fifth of the cushion
        (1000, 2000, 100),  # at the most a tenth of a second
        (1830, None, 100),
    ],
)
def test_with_a_clock_the_wait_is_until_the_next_sample_is_due(
    now_ms: int, stored_ms: int | None, wait_ms: int
) -> None:
    line = playing()
    for _ in range(3):
        run(line, 1900 * MS)
    assert line.streams["video"].unsent == 0
    if stored_ms is not None:
        store(line, "video", stored_ms * MS, 1800 * MS)
    assert run(line, now_ms * MS).wait_ns == wait_ms * MS


@pytest.mark.parametrize(("delay_ms", "longest_ms"), [(200, 25), (480, 60), (800, 100), (4000, 100)])
def test_with_a_short_delay_the_wait_is_an_eighth_of_it(delay_ms: int, longest_ms: int) -> None:
    line = playing(delay_ns=delay_ms * MS)
    run(line, 5 * S)
    assert run(line, 5 * S).wait_ns == longest_ms * MS


def test_without_a_clock_there_is_no_wait_while_something_is_sent() -> None:
    line = make_line(clocked=False)
    fill(line, 0.6)
    assert run(line, 0).wait_ns == 0
    assert run(line, 0).wait_ns == 100 * MS


def test_a_window_that_fills_is_looked_at_each_five_milliseconds() -> None:
    line = make_line()
    assert run(line, 0).wait_ns == 100 * MS
    fill(line, 0.2)
    assert run(line, 0).wait_ns == 5 * MS


@pytest.mark.parametrize("clocked", [True, False])
def test_after_a_clear_a_line_is_as_new(clocked: bool) -> None:
    line = make_line(clocked=clocked)
    fill(line, 0.6)
    assert run(line, 0).start_base_ns is not None
    run(line, 300 * MS)
    line.schedule.pause(300 * MS)
    assert len(line.clear()) == 45
    assert (line.state, line.size_bytes, line.max_stored_bytes, line.stall.count) == (State.FILLING, 0, 0, 0)
    fresh = make_line(clocked=clocked)
    assert statistics(line, 400 * MS, None, {}) == statistics(fresh, 400 * MS, None, {})
    for one in (line, fresh):
        fill(one, 0.6, now_ns=9 * S)
    starts = [run(one, 9 * S).start_base_ns for one in (line, fresh)]
    assert starts[0] == starts[1] is not None
    assert statistics(line, 9 * S, None, {}) == statistics(fresh, 9 * S, None, {})
    verdicts = [
        one.place(one.streams["video"], 20 * S, FRAME_NS, 9 * S + FRAME_NS)[0] for one in (line, fresh)
    ]
    assert verdicts == [Verdict.JUMP if clocked else Verdict.ON_TIME] * 2


def test_a_line_that_was_stopped_stays_so_when_cleared_and_counts_no_sample_as_late() -> None:
    line = playing()
    run(line, S)
    line.stop(S)
    assert line.playhead_ns(9 * S) == S
    line.clear()
    assert line.state is State.STOPPED
    assert line.playhead_ns(9 * S) is None
    store(line, "video", 0, 9 * S)
    assert line.streams["video"].counters.late == 0


def test_a_stream_that_never_began_is_given_up_half_a_second_after_the_others_ended() -> None:
    line = make_line()
    store(line, "video", 0, 0)
    assert run(line, 0).start_base_ns is None
    line.streams["video"].ended = True
    assert run(line, S).start_base_ns is None
    assert run(line, 1499 * MS).start_base_ns is None
    assert run(line, 1500 * MS).start_base_ns == 1600 * MS


def test_a_stream_that_is_awaited_is_not_given_up() -> None:
    line = make_line()
    store(line, "video", 0, 0)
    line.streams["audio"].awaited = line.streams["video"].ended = True
    for second in range(5):
        assert run(line, second * S).start_base_ns is None
    store(line, "audio", 0, 5 * S)
    line.streams["audio"].ended = True
    assert run(line, 5 * S).start_base_ns is not None


def test_a_stream_that_goes_on_after_its_end_starts_the_half_second_anew() -> None:
    line = make_line()
    video = line.streams["video"]
    store(line, "video", 0, 0)
    video.ended = True
    run(line, 0)
    video.ended = False
    run(line, 400 * MS)
    video.ended = True
    assert run(line, 800 * MS).start_base_ns is None
    assert run(line, 1299 * MS).start_base_ns is None
    assert run(line, 1300 * MS).start_base_ns is not None


def test_without_a_clock_the_playhead_is_the_newest_frame_sent() -> None:
    line = make_line(clocked=False)
    assert line.playhead_ns(0) is None
    fill(line, 0.6)
    assert line.playhead_ns(0) is None
    run(line, 0)
    assert line.playhead_ns(0) == 200 * MS


@pytest.mark.parametrize(
    ("video_s", "audio_s", "name", "has_room"),
    [
        (0.48, 0.48, "video", True),  # a delay of 0.4 s and a cushion of 0.1 s
        (0.52, 0.52, "video", False),
        (0.52, 0.0, "video", True),  # the sound starves, and one thread may deliver both
        (1.0, 0.0, "video", True),
        (1.04, 0.0, "video", False),
        (0.0, 0.6, "audio", True),
        (0.0, 1.02, "audio", False),
    ],
)
def test_without_a_clock_a_producer_runs_ahead_by_delay_and_cushion_or_twice_while_another_starves(
    video_s: float, audio_s: float, name: str, has_room: bool
) -> None:
    line = make_line(clocked=False, duration_ns=9 * S)
    for stream, seconds in (("video", video_s), ("audio", audio_s)):
        for number in range(round(seconds * S / line.streams[stream].nominal_ns)):
            store(line, stream, number * line.streams[stream].nominal_ns, 0)
    stream = line.streams[name]
    assert line.has_room(stream, entry_at(stream, stream.newest_ns or 0)) == has_room


@pytest.mark.parametrize("how", ["ended", "closed"])
def test_a_stream_that_has_ended_starves_nobody(how: str) -> None:
    line = make_line(clocked=False, duration_ns=9 * S)
    fill(line, 0.52, audio=False)
    setattr(line.streams["audio"], how, True)
    assert not line.has_room(line.streams["video"], entry_at(line.streams["video"], S))


@pytest.mark.parametrize(
    ("seconds", "is_playing", "has_room"), [(0.36, False, True), (1.2, False, False), (0.36, True, True)]
)
def test_with_a_clock_a_producer_that_waits_fills_the_delay_and_then_what_fits(
    seconds: float, is_playing: bool, has_room: bool
) -> None:
    line = make_line(duration_ns=S)
    fill(line, max(seconds, 0.4) if is_playing else seconds, audio=False)
    if is_playing:
        run(line, 0)
        assert line.state is State.PLAYING
    video = line.streams["video"]
    assert line.has_room(video, entry_at(video, video.newest_ns or 0)) == has_room


@pytest.mark.parametrize(
    ("frozen_s", "stored_s", "has_room"),
    [(0.0, 1.1, False), (0.5, 1.1, True), (0.5, 1.5, False), (9.0, 2.3, True), (9.0, 2.44, False)],
)
def test_while_playback_is_frozen_a_producer_that_waits_goes_on_as_far_as_the_window_reaches(
    frozen_s: float, stored_s: float, has_room: bool
) -> None:
    line = make_line(delay_ns=S, duration_ns=S, keep_behind_ns=S)
    fill(line, 1.0, audio=False)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    line.schedule.pause(base_ns)
    run(line, base_ns + round(frozen_s * S))
    video = line.streams["video"]
    while video.ahead_ns < stored_s * S:
        store(line, "video", video.newest_ns, base_ns)
    assert line.has_room(video, entry_at(video, video.newest_ns or 0)) is has_room


def test_full_bytes_end_the_room_and_the_wait_for_look_ahead() -> None:
    line = make_line(clocked=False, max_bytes=75)
    for number in range(7):
        store(line, "video", number * FRAME_NS, 0)
    audio = line.streams["audio"]
    assert line.has_room(audio, entry_at(audio, 0))
    store(line, "audio", 0, 0)
    assert line.bounds.full_bytes
    assert not line.has_room(audio, entry_at(audio, CHUNK_NS))
    assert sent(line.step(0, None, ROOM), "video")[-1] == 6 * FRAME_NS
