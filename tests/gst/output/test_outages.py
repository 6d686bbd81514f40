"""A server that fails and returns, or starts late: the recording is complete, the push reconnects."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from tests import videos
from tests.faults.record import Area, fault
from tests.gst.output.peers import RtmpServer, SrtTransmit
from tests.gst.output.runs import FPS, Running, expect_no_gap, expect_video, settings


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@fault(
    Area.OUTPUTS,
    "a push's server goes, then returns",
    seen="it is reconnected within 5 s, from a keyframe on; a note with the gap",
    lost="what could not be sent; the recording has no gap",
)
def test_pushes_reconnect_within_five_seconds_of_a_ten_second_outage_and_the_recording_has_no_gap(
    long_video: Path, tmp_path: Path, records: pytest.LogCaptureFixture
) -> None:
    record = tmp_path / "record.mkv"
    with RtmpServer(tmp_path) as rtmp, SrtTransmit(tmp_path) as srt:
        run = settings(long_video, outputs=[record], streams=[rtmp.url, srt.url])
        running = Running(PanoramaWithVirtualCamera(run))
        rtmp.wait_received(40_000)
        srt.wait_received(40_000)
        gone_s = running.application.progress().position_s
        rtmp.stop()
        srt.stop(signal.SIGKILL)
        running.wait_shown(gone_s + 5)
        running.wait_shown(gone_s + 10)
        rtmp.start()
        srt.start()
        back_s = running.application.progress().position_s
        rtmp.wait_received(40_000, publications=2)
        srt.wait_received(40_000)
        running.wait_shown(back_s + 6)
        report = running.stop()
    times = videos.frame_times(record)
    assert len(times) == report.frames_out
    expect_no_gap(times, report.dropped)
    assert np.abs(videos.sync_skews_ms(record)).max() < 20
    for after in (rtmp.videos[1], srt.videos[1]):
        resumed_s = report.duration_s - len(videos.frame_times(after)) / FPS
        assert back_s - 1 < resumed_s < back_s + 5
        skews_ms = videos.sync_skews_ms(after)[1:]  # the first flash may come without its click
        assert np.abs(skews_ms).max() < 20
    gaps = [note for note in report.notes if "gap" in note]
    assert len(gaps) == 2
    assert all("1 gap," in note and note.endswith("s of video not sent") for note in gaps)
    log = records.text
    assert "; reconnecting" in log
    assert ": reconnected" in log
    assert "secretkey" not in log + str(report)


@fault(
    Area.OUTPUTS,
    "a push's server starts later than the run",
    seen="it gets the video from a keyframe on; a note with the gap",
    lost="what could not be sent",
)
def test_a_server_that_starts_late_receives_the_video_from_a_keyframe(
    match_video: Path, tmp_path: Path
) -> None:
    record = tmp_path / "record.mkv"
    server = RtmpServer(tmp_path)
    run = settings(match_video, outputs=[record], streams=[server.url])
    running = Running(PanoramaWithVirtualCamera(run))
    running.wait_shown(2.0)
    with server:
        report = running.report()
    expect_video(record, report.frames_out)
    (video,) = server.videos
    assert 25 < len(videos.frame_times(video)) < report.frames_out
    assert np.abs(videos.sync_skews_ms(video)).max() < 20
    assert any("1 gap," in note for note in report.notes)


def test_a_server_that_never_answers_does_not_harm_the_recording(short_video: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.mkv"
    streams = [RtmpServer(tmp_path).url, "srt://127.0.0.1:9"]
    run = settings(short_video, outputs=[record], streams=streams)
    report = PanoramaWithVirtualCamera(run).run()
    expect_video(record, report.frames_out)
    assert sum("still offline" in note for note in report.notes) == 2
