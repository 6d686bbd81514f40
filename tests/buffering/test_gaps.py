"""When playback is told of a gap in a stream, and when a stream is given up."""

from __future__ import annotations

import pytest

from pipeline.buffering.gaps import Gaps
from pipeline.buffering.line import DelayLine
from pipeline.buffering.step import Step
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, S, fill, make_line, run, store

HELD_UP = {"video": 0, "audio": S}


def frames_without_sound(
    line: DelayLine, first: int, last: int, room: dict[str, int] | None = None
) -> list[tuple[int, int]]:
    """Frames arrive and time passes, without sound; returns the announced gaps."""
    gaps = []
    for number in range(first, last):
        store(line, "video", number * FRAME_NS, number * FRAME_NS)
        step = run(line, number * FRAME_NS, room, origin_ns=0)
        assert all(stream.name == "audio" for stream, _, _ in step.gaps)
        gaps += [(begin_ns, end_ns) for _, begin_ns, end_ns in step.gaps]
    return gaps


def test_a_gap_is_announced_after_half_a_second_and_then_in_adjoining_steps() -> None:
    line = make_line()
    fill(line, 0.4)
    gaps = frames_without_sound(line, 10, 45)
    begin_ns, end_ns = gaps[0]
    assert begin_ns == 400 * MS, "where the sound ended"
    assert 500 * MS <= end_ns - begin_ns < 500 * MS + FRAME_NS
    assert [begin for begin, _ in gaps[1:]] == [end for _, end in gaps[:-1]]
    assert all(100 * MS <= end - begin < 100 * MS + FRAME_NS for begin, end in gaps[1:])
    assert len(gaps) > 3
    assert line.streams["audio"].counters.gaps == 1


def test_a_gap_ends_at_the_first_chunk_of_the_sound_that_continues() -> None:
    line = make_line()
    fill(line, 0.4)
    announced_until_ns = frames_without_sound(line, 10, 45)[-1][1]
    begin_ns = announced_until_ns + 3 * CHUNK_NS
    store(line, "audio", begin_ns, 45 * FRAME_NS)
    step = run(line, 46 * FRAME_NS + 100 * MS, origin_ns=0)
    assert [(begin, end) for _, begin, end in step.gaps] == [(announced_until_ns, begin_ns)]


def test_a_started_stream_is_not_given_up_when_playback_waits_for_it() -> None:
    line = make_line()
    fill(line, 0.4)
    frames_without_sound(line, 10, 45, HELD_UP)
    assert not line.streams["audio"].ended


def test_a_stream_that_never_started_is_given_up_only_when_playback_waits_for_it() -> None:
    line = make_line()
    fill(line, 0.4, audio=False)
    frames_without_sound(line, 10, 30)
    assert not line.streams["audio"].ended
    frames_without_sound(line, 30, 32, HELD_UP)
    assert line.streams["audio"].ended


def announced(
    line: DelayLine, video_until_ns: int | None, horizon_ns: int, *, now_ns: int = 0, held_up: bool = False
) -> list[tuple[int, int]]:
    """What playback is told of the sound, after it got the picture as far as `video_until_ns`."""
    line.streams["video"].announced_until_ns = video_until_ns
    step = Step()
    line.gaps.announce(step, line.streams["audio"], now_ns, horizon_ns, held_up=held_up)
    return [(begin_ns, end_ns) for _, begin_ns, end_ns in step.gaps]


def silent(
    *, clocked: bool = True, until_ns: int = S, in_gap: bool = False, source_gap_ns: int = 0
) -> DelayLine:
    """Sound that playback has as far as `until_ns`; `source_gap_ns`: so much of a gap its source announced."""
    line = make_line(clocked=clocked)
    audio = line.streams["audio"]
    audio.seen, audio.sent_ns, audio.announced_until_ns = True, until_ns, until_ns
    audio.in_gap, audio.source_gap_until_ns = in_gap, until_ns + source_gap_ns
    return line


@pytest.mark.parametrize(
    ("video_ahead_ms", "horizon_ms", "in_gap", "source_gap_ms", "gap_ms"),
    [
        (800, 499, False, 0, 0),
        (800, 500, False, 0, 500),
        (800, 99, True, 0, 0),
        (800, 100, True, 0, 100),
        (800, 700, True, 0, 700),
        (100, 700, False, 0, 0),  # the picture is no more than a step ahead: nothing waits for the sound
        (101, 700, False, 0, 700),
        (None, 700, False, 0, 0),  # no picture at all
        (800, 700, False, 30, 30),  # its source knows of the gap: at once, and only so far
        (800, 20, False, 30, 20),
        (800, 0, False, 30, 0),
        (800, 600, False, -300, 600),  # a gap announced for an earlier time says nothing of this one
        (800, 600, False, -600, 600),
    ],
)
def test_a_gap_is_as_long_as_the_silence_once_it_is_long_enough(
    video_ahead_ms: int | None, horizon_ms: int, in_gap: bool, source_gap_ms: int, gap_ms: int
) -> None:
    line = silent(in_gap=in_gap, source_gap_ns=source_gap_ms * MS)
    video_until_ns = None if video_ahead_ms is None else S + video_ahead_ms * MS
    gaps = announced(line, video_until_ns, S + horizon_ms * MS)
    audio = line.streams["audio"]
    assert gaps == ([(S, S + gap_ms * MS)] if gap_ms else [])
    assert audio.announced_until_ns == S + gap_ms * MS
    assert audio.in_gap is (in_gap or gap_ms > 0)
    assert audio.counters.gap_ns == gap_ms * MS
    assert audio.counters.gaps == (gap_ms > 0 and not in_gap)


def test_a_stream_that_has_sent_nothing_yet_does_not_hold_up_the_others() -> None:
    line = silent()
    line.streams["audio"].sent_ns = None
    assert announced(line, 2 * S, S + 100 * MS) == [(S, S + 100 * MS)]


def test_before_the_start_no_gap_is_announced() -> None:
    line = silent()
    line.streams["audio"].announced_until_ns = None
    assert announced(line, 2 * S, 2 * S, held_up=True) == []
    assert not line.streams["audio"].ended


def test_each_gap_counts_once_and_all_their_time_counts() -> None:
    line = silent()
    audio = line.streams["audio"]
    for number in range(3):
        for part in (600, 700):
            announced(line, 9 * S, S + number * 1000 * MS + part * MS)
        audio.in_gap = False  # a sample came
        audio.announced_until_ns = S + (number + 1) * 1000 * MS
    assert audio.counters.gaps == 3
    assert audio.counters.gap_ns == 3 * 700 * MS


def test_playback_gets_gaps_in_its_own_time_and_none_that_are_empty() -> None:
    line = silent()
    line.schedule.cut(0, 70 * MS)
    step, audio = Step(), line.streams["audio"]
    gaps = Gaps(line.streams, line.schedule)
    for begin_ms, end_ms in ((100, 100), (100, 130), (200, 190)):
        gaps.add(step, audio, begin_ms * MS, end_ms * MS)
    assert step.gaps == [(audio, 170 * MS, 200 * MS)]
    assert audio.counters.gap_ns == 30 * MS


@pytest.mark.parametrize("clocked", [True, False])
@pytest.mark.parametrize(("seen", "awaited"), [(True, False), (False, True), (True, True), (False, False)])
def test_only_a_stream_that_nobody_knows_of_is_given_up(clocked: bool, seen: bool, awaited: bool) -> None:
    line = silent(clocked=clocked)
    audio = line.streams["audio"]
    audio.seen, audio.awaited = seen, awaited
    fill(line, 1.04, audio=False)
    for now_ns in (10 * S, 12 * S):
        announced(line, 2 * S, S, now_ns=now_ns, held_up=True)
    assert audio.ended is not (seen or awaited)


@pytest.mark.parametrize("unsent", [True, False])
@pytest.mark.parametrize(("in_gap", "source_gap_ms"), [(True, 0), (False, 400), (True, 400), (False, 0)])
def test_without_a_clock_a_gap_needs_a_reason_and_a_sample_that_waits_ends_it(
    in_gap: bool, source_gap_ms: int, unsent: bool
) -> None:
    line = silent(clocked=False, in_gap=in_gap, source_gap_ns=source_gap_ms * MS)
    if unsent:
        store(line, "audio", 3 * S, 0)
    expected_ms = 400 if source_gap_ms else 700
    has_reason = in_gap or source_gap_ms > 0
    gaps = announced(line, 2 * S, S + 700 * MS)
    assert gaps == ([(S, S + expected_ms * MS)] if has_reason and not unsent else [])


def starves(line: DelayLine, now_ns: int) -> bool:
    """Whether playback is told that the sound has a gap: without a clock, because the picture is full."""
    line.streams["audio"].announced_until_ns = 0
    found = bool(announced(line, S, 600 * MS, now_ns=now_ns))
    line.streams["audio"].in_gap = False
    return found


@pytest.mark.parametrize(
    ("frames", "is_full"), [(1, False), (24, False), (25, False), (26, True), (60, True)]
)
def test_without_a_clock_a_stream_starves_when_another_one_is_twice_as_far_ahead_as_it_runs(
    frames: int, is_full: bool
) -> None:
    line = silent(clocked=False, until_ns=0)
    assert line.schedule.run_ahead_ns == 500 * MS
    fill(line, frames * FRAME_NS / S, audio=False)
    assert [starves(line, 10 * S + ms * MS) for ms in (0, 1999, 2000, 2400)] == [
        False,
        False,
        is_full,
        is_full,
    ]


def test_time_in_which_others_had_the_processor_starves_no_stream() -> None:
    line = silent(clocked=False, until_ns=0)
    fill(line, 2.0, audio=False)
    waits_ns = iter([9 * S, 400 * MS, 300 * MS, 0, 9 * S, 600 * MS])
    line.gaps.waited_ns = lambda: next(waits_ns)
    assert [starves(line, 10 * S + ms * MS) for ms in (0, 2000, 2300, 2400, 2700)] == [False] * 4 + [True]
    store(line, "audio", 0, 0)
    assert not starves(line, 20 * S), "it has something to send"
    line.streams["audio"].take(None, S)
    assert [starves(line, 20 * S + ms * MS) for ms in (0, 2000)] == [False, False]


def test_without_a_clock_a_stream_that_got_something_starves_from_then_on_anew() -> None:
    line = silent(clocked=False, until_ns=0)
    video, audio = line.streams["video"], line.streams["audio"]
    fill(line, 2.0, audio=False)
    assert [starves(line, 10 * S + ms * MS) for ms in (0, 2100)] == [False, True]
    store(line, "audio", 0, 0)
    assert not starves(line, 13 * S), "it has something to send"
    audio.take(None, S)
    assert [starves(line, 14 * S + ms * MS) for ms in (0, 1999, 2000)] == [False, False, True]
    video.take(None, 1500 * MS)
    assert not starves(line, 17 * S), "the picture is no longer full"
    fill_from = video.window.end
    for number in range(fill_from, fill_from + 30):
        store(line, "video", number * FRAME_NS, 0)
    assert [starves(line, 18 * S + ms * MS) for ms in (0, 1999, 2000)] == [False, False, True]
