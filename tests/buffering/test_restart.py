"""A source whose time begins anew: its streams do so one after the other, and stay together."""

from __future__ import annotations

import pytest

from pipeline.buffering.intake import Verdict
from pipeline.buffering.line import DelayLine
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, S, entry_at, make_line, run, store

RATE = 1e-3
"""The source's clock is fast by this share, as far as its drift is known."""


def capture(
    line: DelayLine, begin_ns: int, seconds: float, *, restarted_ns: int = 0, rate: float = 0.0
) -> None:
    """Frames and sound captured from `begin_ns` on; restarted_ns: when the source began to count anew."""
    for number in range(round(seconds * S / FRAME_NS)):
        captured_ns = begin_ns + number * FRAME_NS
        store(line, "video", round((captured_ns - restarted_ns) * (1 + rate)), captured_ns)
        for half in (0, CHUNK_NS):
            store(line, "audio", round((captured_ns + half - restarted_ns) * (1 + rate)), captured_ns + half)


def newest(line: DelayLine, name: str) -> int:
    stream = line.streams[name]
    return stream.window[stream.window.end - 1].time_ns


@pytest.mark.parametrize("away_ns", [0, 3 * S, 40 * S])
@pytest.mark.parametrize("rate", [0.0, RATE])
def test_after_a_restart_of_the_source_sound_and_picture_go_on_together(away_ns: int, rate: float) -> None:
    """Its timestamps begin at 0 again; the time that it was away passes."""
    line = make_line(duration_ns=100 * S)
    capture(line, 0, 30.0, rate=rate)
    again_ns = 30 * S + away_ns
    capture(line, again_ns, 1.0, restarted_ns=again_ns, rate=rate)
    assert [stream.counters.restarts for stream in line.streams.values()] == [1, 1]
    assert newest(line, "video") == pytest.approx(again_ns + S - FRAME_NS, abs=12 * MS)
    assert newest(line, "audio") - newest(line, "video") == pytest.approx(CHUNK_NS, abs=MS)


def test_each_of_several_restarts_is_shared() -> None:
    line = make_line(duration_ns=100 * S)
    capture(line, 0, 20.0)
    for restart in (1, 2, 3):
        capture(line, 20 * restart * S, 20.0, restarted_ns=20 * restart * S)
    assert [stream.counters.restarts for stream in line.streams.values()] == [3, 3]
    assert (newest(line, "video"), newest(line, "audio")) == (80 * S - FRAME_NS, 80 * S - CHUNK_NS)


def test_frames_of_one_decode_time_are_kept_where_others_need_them() -> None:
    line = make_line()
    video = line.streams["video"]
    for number, is_keyframe in enumerate((True, False)):
        line.append(video, entry_at(video, number * FRAME_NS)._replace(keyframe=is_keyframe))
        line.place(video, number * FRAME_NS, FRAME_NS, 0)
    for time_ns in (FRAME_NS, FRAME_NS - MS):
        assert line.place(video, time_ns, FRAME_NS, 0) == (Verdict.ON_TIME, FRAME_NS)


def test_sound_that_comes_later_and_later_is_no_drift_of_the_picture() -> None:
    """As where its encoder delays it more and more: the picture shows the clock."""
    line = make_line(duration_ns=400 * S)
    for number in range(400):
        now_ns = number * S // 2
        store(line, "video", now_ns, now_ns)
        store(line, "audio", now_ns - number * 5 * MS, now_ns)
    assert not line.shared_time.drift.is_active


def test_without_a_clock_playback_is_based_so_that_its_first_frame_is_due_at_once() -> None:
    line = make_line(clocked=False)
    for number in range(20):
        store(line, "video", 7 * S + number * FRAME_NS, 0)
        store(line, "audio", 7 * S + number * FRAME_NS, 0)
    assert run(line, 10 * S).start_base_ns == 3 * S
