"""Statistics, figures and the summary of a line whose every sample is known."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from pipeline.buffering.line import DelayLine
from pipeline.buffering.snapshot import figures, statistics, summary
from pipeline.buffering.stats import drift_note
from pipeline.buffering.step import State
from tests.buffering.clocks import SimulatedClock, constant
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, S, fill, make_line, run, store

BASE_NS = 10 * S
"""What the clock shows at time 0 of playback."""


def playing_line() -> DelayLine:
    """0.8 s of frames and sound are stored, and playback is 200 ms in: with the cushion, 300 ms are sent."""
    line = make_line()
    fill(line, 0.8, now_ns=BASE_NS - 100 * MS)
    assert run(line, BASE_NS - 100 * MS).start_base_ns == BASE_NS
    assert store(line, "video", 19 * FRAME_NS, BASE_NS) is None, "a duplicate"
    run(line, BASE_NS + 200 * MS)
    line.streams["audio"].counters.gap_ns = 1500 * MS
    return line


def test_the_statistics_of_a_line_that_plays() -> None:
    found = statistics(playing_line(), BASE_NS + 250 * MS, None, {"video": 3})
    assert found.state == "playing"
    assert (found.delay_s, found.delay_error_s, found.playhead_s) == (0.4, None, 0.25)
    assert (found.clock_drift_ppm, found.clock_correction_s) == (0.0, 0.0)
    assert found.margin_s == pytest.approx(-0.18), "the second chunk was due 180 ms before it was sent"
    assert found.stored_bytes == found.stored_bytes_most == 600
    assert (found.stall_count, found.dropped) == (0, 0)
    assert dict(found.bound_by) == {"time": 0, "count": 0, "bytes": 0}
    assert list(found.streams) == ["video", "audio"]
    video, audio = found.streams["video"], found.streams["audio"]
    expected = {
        "received": 21, "sent": 8, "stored": 20, "waiting": 12, "stored_most": 20, "stored_bytes": 200,
        "stored_s": 0.8, "ahead_s": 0.48, "duplicate": 1, "copied": 3, "ended": False,
    }  # fmt: skip
    assert {name: count for name, count in asdict(video).items() if count} == {
        name: count for name, count in expected.items() if count
    }
    assert (audio.received, audio.sent, audio.stored, audio.waiting) == (40, 16, 40, 24)
    assert (audio.stored_s, audio.ahead_s, audio.gap_s, audio.copied) == (0.8, 0.48, 1.5, 0)
    assert video.missing == audio.missing == 0


def test_rates_are_those_of_the_last_full_second() -> None:
    line = make_line(duration_ns=10 * S)
    fill(line, 5.0)
    run(line, BASE_NS - 100 * MS)
    for step in range(1, 30):
        run(line, BASE_NS + step * 100 * MS)
    found = statistics(line, BASE_NS + 3 * S, None, {}).streams
    assert (found["video"].in_hz, found["audio"].in_hz) == (0.0, 0.0)
    assert found["video"].out_hz == pytest.approx(25.0, abs=1)
    assert found["audio"].out_hz == pytest.approx(50.0, abs=1)


@pytest.mark.parametrize("late_ns", [0, 250 * MS, -50 * MS])
def test_the_delays_error_is_what_playbacks_clock_differs_by(late_ns: int) -> None:
    """The origin is what the clock showed at time 0 of the source: playback's is the delay later."""
    line = playing_line()
    found = statistics(line, BASE_NS, BASE_NS - 400 * MS - late_ns, {})
    assert found.delay_error_s == pytest.approx(late_ns / S)
    line.schedule.cut(0, 3 * S)
    shifted = statistics(line, BASE_NS, BASE_NS - 400 * MS - late_ns, {})
    assert shifted.delay_s == pytest.approx(3.4)
    assert shifted.delay_error_s == pytest.approx(late_ns / S)


def test_before_the_start_and_without_a_clock_there_is_no_error_and_no_playhead() -> None:
    for line in (make_line(), make_line(clocked=False)):
        fill(line, 0.2)
        found = statistics(line, BASE_NS, 0, {})
        assert found.delay_error_s is found.playhead_s is found.margin_s is None
        assert found.state == "filling"
    fill(line, 0.8)
    run(line, BASE_NS)
    assert statistics(line, BASE_NS, 0, {}).delay_error_s is None


def test_a_clock_that_drifts_is_told_in_millionths_and_seconds() -> None:
    line = make_line(duration_ns=400 * S)
    video = line.streams["video"]
    for _, arrival_ns, stamp_ns in SimulatedClock(constant(1e-3)).samples(0.05):
        line.place(video, stamp_ns, FRAME_NS, arrival_ns)
    found = statistics(line, 180 * S, None, {})
    assert found.clock_drift_ppm == pytest.approx(1000, rel=0.01)
    assert found.clock_correction_s == pytest.approx(-0.18, rel=0.02)


@pytest.mark.parametrize(
    ("ppm", "correction_s", "note"),
    [
        (1000.0, -0.499, None),
        (1000.0, -0.5, "cam: its clock was 0.50 s fast so far, now 0.1 % fast; corrected, the delay is kept"),
        (
            -123.0,
            2.0,
            "cam: its clock was 2.00 s slow so far, now 0.0123 % slow; corrected, the delay is kept",
        ),
        (50.0, 2.0, "cam: its clock was 2.00 s slow so far, now 0.005 % fast; corrected, the delay is kept"),
        (0.0, -3.0, "cam: its clock was 3.00 s fast so far; corrected, the delay is kept"),
    ],
)
def test_the_note_of_a_drift(ppm: float, correction_s: float, note: str | None) -> None:
    assert drift_note("cam", ppm, correction_s) == (() if note is None else (note,))


def test_the_summary_says_where_playback_is_and_what_was_lost() -> None:
    line = playing_line()
    line.streams["audio"].counters.dropped = 2
    line.streams["video"].counters.dropped = 3
    counts = "20 frames stored, 21 received, 8 sent, 5 dropped, 0.0 MB"
    assert summary(line, BASE_NS + 250 * MS) == f"playing at 0.25 s, delay 0.40 s, {counts}"
    line.schedule.pause(BASE_NS + 300 * MS)
    assert summary(line, BASE_NS + 9 * S) == f"paused at 0.30 s, delay 0.40 s, {counts}"
    idle = make_line()
    store(idle, "video", 0, 0, size=1_260_000)
    assert summary(idle, 0) == "filling, delay 0.40 s, 1 frames stored, 1 received, 0 sent, 0 dropped, 1.3 MB"


def test_the_guides_figures_of_a_line_that_plays() -> None:
    assert figures(playing_line(), BASE_NS + 250 * MS, waiting=4) == {
        "frames_received": 25,
        "frames_sent": 8,
        "frame_buffer_size": 14,  # as of the last step, 200 ms in: 5 frames and the one that is shown are past
        "frame_buffer_capacity": 25,
        "audio_buffer_size": 29,
        "audio_buffer_capacity": 50,
        "display_buffer_duration": 0.55,
        "current_playback_time": 0.25,
    }


def test_the_guides_figures_before_the_start_are_what_is_stored() -> None:
    line = make_line()
    fill(line, 0.2)
    store(line, "audio", 200 * MS, 0)
    found = figures(line, 0, waiting=0)
    assert (found["frame_buffer_size"], found["audio_buffer_size"]) == (5, 11)
    assert (found["display_buffer_duration"], found["current_playback_time"]) == (0.22, 0.0)


@pytest.mark.parametrize(("longer", "more_ns"), [("video", FRAME_NS), ("audio", CHUNK_NS)])
def test_what_is_held_goes_by_the_stream_that_came_farther(longer: str, more_ns: int) -> None:
    line = playing_line()
    store(line, longer, 800 * MS, BASE_NS + 250 * MS)
    found = figures(line, BASE_NS + 250 * MS, waiting=0)
    assert found["display_buffer_duration"] == pytest.approx(0.55 + more_ns / S)


def test_after_a_wait_of_the_source_no_more_is_held_than_is_stored() -> None:
    line = make_line(duration_ns=4 * S)
    fill(line, 0.8)
    run(line, BASE_NS - 100 * MS)
    for name in ("video", "audio"):
        for number in range(3):
            store(line, name, 9 * S + number * line.streams[name].nominal_ns, BASE_NS)
    run(line, BASE_NS + 8 * S)
    found = figures(line, BASE_NS + 8 * S, waiting=0)
    assert found["display_buffer_duration"] == pytest.approx(0.12)


def test_once_all_is_shown_nothing_is_held_though_no_step_has_noticed() -> None:
    line = playing_line()
    for stream in line.streams.values():
        stream.ended = True
    for step in range(21, 78):
        run(line, BASE_NS + step * 10 * MS)
    assert line.state is State.DRAINED
    before, after = (figures(line, BASE_NS + ms * MS, waiting=0) for ms in (775, 800))
    assert (before["frame_buffer_size"], before["audio_buffer_size"]) == (0, 1), "beside what is shown"
    assert before["display_buffer_duration"] == pytest.approx(0.025)
    assert (after["frame_buffer_size"], after["audio_buffer_size"]) == (0, 0)
    assert (after["display_buffer_duration"], after["current_playback_time"]) == (0.0, 0.8)
