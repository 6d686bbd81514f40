"""Moves of the playhead with a test clock: pause, seek, a new delay, a new element."""

from __future__ import annotations

import pytest

from pipeline.buffering import transport
from pipeline.buffering.window import Entry
from tests.buffering.lines import FRAME_NS, MS, S, fill, make_line, run, sent, store


def test_a_new_element_gets_the_stream_from_the_playhead() -> None:
    line = make_line(duration_ns=2 * S)
    fill(line, 1.6)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    video, now_ns = line.streams["video"], base_ns + 500 * MS
    assert sent(run(line, now_ns), "video")[-1] == 600 * MS
    transport.replay(line, video, now_ns, again=True)
    assert sent(run(line, now_ns), "video") == [480 * MS, 520 * MS, 560 * MS, 600 * MS]
    assert video.counters.repeated == 4


def test_seek_moves_all_streams_by_the_same_time_without_a_gap() -> None:
    line = make_line(delay_ns=400 * MS, duration_ns=2 * S)
    line.streams["audio"].divisible = True
    fill(line, 2.0)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    run(line, base_ns + 500 * MS)
    video_end, audio_end = line.streams["video"].announced_until_ns, line.streams["audio"].announced_until_ns
    assert video_end is not None
    assert audio_end is not None
    assert transport.seek(line, 200 * MS) == 200 * MS
    step = run(line, base_ns + 600 * MS)
    shift_ns = line.schedule.shift_ns
    assert shift_ns == video_end - 200 * MS
    assert sent(step, "video")[0] + shift_ns == video_end
    audio = next(send for send in step.sends if send.stream.name == "audio")
    assert audio.splice is not None
    assert audio.splice.begin_ns + shift_ns == audio_end
    assert line.schedule.captured_ns(video_end) == 200 * MS
    assert line.schedule.delay_ns == 400 * MS + shift_ns


def test_pause_stops_the_playhead_and_lengthens_the_delay() -> None:
    line = make_line()
    fill(line, 0.8)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    line.schedule.pause(base_ns + 100 * MS)
    assert line.playhead_ns(base_ns + 50 * S) == 100 * MS
    assert not run(line, base_ns + 50 * S).stalled
    assert transport.resume(line, base_ns + S) == base_ns + 900 * MS
    assert line.playhead_ns(base_ns + S) == 100 * MS
    assert line.schedule.delay_ns == 1300 * MS
    assert transport.resume(line, base_ns + S) is None


def test_a_pause_before_the_start_can_be_ended_before_the_start() -> None:
    line = make_line()
    line.schedule.pause(0)
    assert transport.resume(line, 10 * MS) is None
    assert line.schedule.paused_ns is None
    fill(line, 0.8)
    assert run(line, 20 * MS).start_base_ns is not None
    assert line.state_name == "playing"


@pytest.mark.parametrize("has_ended", [True, False])
def test_a_pause_as_long_as_the_window_skips_nothing_once_all_has_ended(has_ended: bool) -> None:
    line = make_line(duration_ns=2 * S)
    fill(line, 0.8)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    last_ns = sent(run(line, base_ns + 100 * MS), "video")[-1]
    line.schedule.pause(base_ns + 100 * MS)
    for name in ("video", "audio"):
        stream = line.streams[name]
        for number in range(round(0.8 * S / stream.nominal_ns), round(3.18 * S / stream.nominal_ns)):
            store(line, name, number * stream.nominal_ns, base_ns + 100 * MS)
        stream.ended = has_ended
    assert line.streams["video"].counters.dropped == 0
    transport.resume(line, base_ns + S)
    coming = sent(run(line, base_ns + S + 100 * MS), "video")[0]
    assert (coming == last_ns + FRAME_NS) is has_ended


def test_a_longer_delay_reaches_back_only_as_far_as_the_window() -> None:
    line = make_line(duration_ns=4 * S)
    fill(line, 2.0)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    run(line, base_ns + S)
    video = line.streams["video"]
    oldest_ns = video.window[video.window.start].time_ns
    assert oldest_ns > 0, "the rest was evicted"
    handed_over_ns = video.announced_until_ns
    assert handed_over_ns is not None
    assert transport.set_delay(line, 3 * S) == oldest_ns
    assert line.schedule.delay_ns == 400 * MS + handed_over_ns - oldest_ns < 3 * S


@pytest.mark.parametrize("again", [True, False])
def test_only_what_an_element_before_had_is_counted_as_repeated(again: bool) -> None:
    line = make_line(duration_ns=2 * S)
    fill(line, 1.6)
    base_ns = run(line, 0).start_base_ns
    assert base_ns is not None
    video, now_ns = line.streams["video"], base_ns + 500 * MS
    run(line, now_ns)
    video.in_gap = True
    transport.replay(line, video, now_ns, again=again)
    assert video.counters.repeated == (4 if again else 0)
    assert video.announced_until_ns == 480 * MS
    assert not video.in_gap
    assert video.splice is None
    assert sent(run(line, now_ns), "video") == [480 * MS, 520 * MS, 560 * MS, 600 * MS]


def test_nothing_is_replayed_before_the_start_without_a_clock_or_when_stopped() -> None:
    for clocked, plays, stops in ((True, False, False), (False, True, False), (True, True, True)):
        line = make_line(duration_ns=2 * S, clocked=clocked)
        fill(line, 1.6)
        base_ns = run(line, 0).start_base_ns if plays else 0
        assert base_ns is not None
        video = line.streams["video"]
        if plays:
            run(line, base_ns + 500 * MS)
        if stops:
            line.stop(base_ns + 500 * MS)
        before = (video.next_seq, video.announced_until_ns)
        transport.replay(line, video, base_ns + 500 * MS, again=True)
        assert (video.next_seq, video.announced_until_ns) == before
        assert video.counters.repeated == 0


@pytest.mark.parametrize("clocked", [True, False])
def test_a_stream_without_playback_moves_on_with_the_others_and_is_counted(clocked: bool) -> None:
    line = make_line(duration_ns=2 * S, clocked=clocked)
    fill(line, 1.6)
    base_ns = run(line, 0, {"video": S}).start_base_ns
    assert base_ns is not None
    audio = line.streams["audio"]
    passed = []
    for now_ns in (base_ns + 300 * MS, base_ns + 500 * MS, base_ns + 400 * MS):
        assert sent(run(line, now_ns, {"video": S}), "audio") == []
        passed.append(audio.counters.unplayed)
    horizons_ms = [400, 600, 600] if clocked else [1200, 1200, 1200]
    assert passed == [ms // 20 + 1 for ms in horizons_ms], "all that is due, and never back"
    for stream in line.streams.values():
        stream.ended = True
    run(line, base_ns + 5 * S, {"video": S})
    assert audio.counters.unplayed == 80


def times(entries: list[Entry]) -> list[int]:
    return [entry.time_ns // MS for entry in entries]


@pytest.mark.parametrize(
    ("begin_ms", "end_ms", "video", "audio"),
    [
        (200, 280, [200, 240], [200, 220, 240, 260]),
        (210, 281, [200, 240, 280], [200, 220, 240, 260, 280]),  # what is shown at the begin belongs to it
        (-500, 40, [0], [0, 20]),
        (740, 9000, [720, 760], [740, 760, 780]),
        (800, 9000, [], []),
        (280, 280, [], []),
    ],
)
def test_a_clip_is_what_is_shown_from_its_begin_to_its_end(
    begin_ms: int, end_ms: int, video: list[int], audio: list[int]
) -> None:
    line = make_line()
    fill(line, 0.8)
    parts = transport.clip(line, begin_ms * MS, end_ms * MS)
    assert {name: times(entries) for name, entries in parts.items()} == {"video": video, "audio": audio}


@pytest.mark.parametrize(("begin_ms", "from_ms"), [(290, 200), (200, 200), (399, 200), (400, 400), (-100, 0)])
def test_a_clip_of_inter_coded_video_begins_with_its_sound_at_the_keyframe_before(
    begin_ms: int, from_ms: int
) -> None:
    line = make_line()
    fill(line, 0.8)
    coded = make_line()
    for name, stream in line.streams.items():
        for number, entry in enumerate(stream.between_keyframes(0, S)):
            is_keyframe = name == "audio" or number % 5 == 0
            coded.append(coded.streams[name], entry._replace(keyframe=is_keyframe))
    parts = transport.clip(coded, begin_ms * MS, 500 * MS)
    assert times(parts["video"]) == list(range(from_ms, 500, 40))
    assert times(parts["audio"]) == list(range(from_ms, 500, 20))
