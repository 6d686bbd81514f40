"""Recordings and pushes that start and stop during a run: each is complete, and the others are not disturbed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import OutputError, StateError
from pipeline.gst.output.output_slot import OutputStatus
from pipeline.operator.control import Control
from tests import videos
from tests.gst.output.peers import RtmpServer, free_port, wait_until
from tests.gst.output.runs import (
    FPS,
    READ_AHEAD_S,
    Running,
    expect_no_gap,
    expect_video,
    recording_at,
    settings,
)

WEB = {"address": "127.0.0.1:0"}
"""With a dashboard a run needs no output."""


class Operated(Running):
    """A run on a thread of its own, controlled by an operator."""

    def __init__(self, video: Path, folder: Path, **values: Any) -> None:
        application = PanoramaWithVirtualCamera(settings(video, **values))
        self.control = Control(application, folder / "clips")
        super().__init__(application)

    def wait_taken(self, number: int, seconds: float) -> None:
        """Wait until the output has received so many seconds of video, however long the machine needs for it."""
        playback = self.application.playback
        assert playback is not None
        wait_until(
            lambda: playback.outputs.activity[number][0] >= seconds * FPS, f"{seconds:g} s of output {number}"
        )

    def wait_state(self, number: int, state: str) -> OutputStatus:
        wait_until(lambda: self.control.outputs()[number].state == state, f"{state} of output {number}")
        return self.control.outputs()[number]


@contextmanager
def _operating(video: Path, folder: Path, **values: Any) -> Iterator[Operated]:
    operated = Operated(video, folder, **values)
    try:
        yield operated
    finally:
        operated.application.abort()
        operated.wait_over(20)


def expect_complete(video: Path, at_least_s: float, dropped: int = 0, tail_s: float = 0.24) -> None:
    """The video begins with a keyframe at 0 and its sound is in sync; what lacks was dropped by the run."""
    times = videos.frame_times(video)
    assert videos.start_s(video) == pytest.approx(0, abs=0.001)
    assert videos.start_s(video, "video") == pytest.approx(0, abs=0.001)
    assert len(times) >= at_least_s * FPS - dropped
    expect_no_gap(times, dropped)
    assert -0.2 < len(videos.sound(video)) / videos.RATE_HZ - times[-1] < tail_s
    expect_in_sync(video, int(at_least_s) - 1)


def expect_in_sync(video: Path, at_least: int) -> None:
    """At least that many marks, in sync; a flash at a cut may have lost its click."""
    skews = np.abs(videos.sync_skews_ms(video))
    assert (skews > 500).sum() <= 1
    assert len(skews[skews <= 500]) >= at_least
    assert skews[skews <= 500].max(initial=0) < 40


def test_a_recording_started_during_the_run_is_complete_as_soon_as_it_is_stopped(
    match_video: Path, tmp_path: Path
) -> None:
    own = tmp_path / "match.mkv"
    with _operating(match_video, tmp_path, outputs=[own]) as run:
        run.wait_shown(1.5)
        recording = run.control.record()
        assert (recording.kind, recording.name.startswith("match-")) == ("file", True)
        run.wait_taken(recording.number, 3.5)
        delay_s = run.application.progress().delay_s
        stopped = run.control.stop_output(recording.number)
        video = tmp_path / recording.name
        dropped = run.application.progress().dropped
        expect_complete(video, 3.0, dropped)  # while the run continues
        assert (stopped.state, stopped.can_start, stopped.trouble) == ("off", False, None)
        assert stopped.elapsed_s > 3.0
        assert delay_s == pytest.approx(1.0, abs=0.05)
        report = run.stop()
    expect_video(own, report.frames_out, tail_s=READ_AHEAD_S)
    expect_no_gap(videos.frame_times(own), report.dropped)
    assert video in report.outputs


def test_a_run_without_any_output_records_twice_to_two_files(match_video: Path, tmp_path: Path) -> None:
    with _operating(match_video, tmp_path, web=WEB) as run:
        recorded = []
        for begin_s in (1.0, 4.0):
            run.wait_shown(begin_s)
            recording = run.control.record()
            run.wait_shown(begin_s + 2.5)
            run.control.stop_output(recording.number)
            recorded.append(tmp_path / "clips" / recording.name)
        report = run.stop()
    assert len(set(recorded)) == 2
    for video in recorded:
        expect_complete(video, 2.0, report.dropped)


def test_the_file_of_the_run_can_be_stopped_while_the_run_continues(
    match_video: Path, tmp_path: Path
) -> None:
    own = tmp_path / "match.mp4"
    with _operating(match_video, tmp_path, outputs=[own]) as run:
        run.wait_shown(0.5)
        run.wait_taken(0, 2.5)
        run.control.pause()
        stopped = run.control.stop_output(0)  # playback is frozen: the file is completed nevertheless
        frames = len(videos.frame_times(own))
        assert videos.start_s(own) == pytest.approx(0, abs=0.001)
        expect_in_sync(own, 1)
        run.control.resume()
        with pytest.raises(StateError, match="not running"):
            run.control.stop_output(0)
        with pytest.raises(StateError, match="cannot be started"):
            run.control.start_output(0)
        with pytest.raises(StateError, match="no output 7"):
            run.control.stop_output(7)
        run.wait_shown(frames / FPS + 1)
        report = run.stop()
    assert (stopped.state, stopped.name) == ("off", "match.mp4")
    assert report.frames_out > frames
    assert len(videos.frame_times(own)) == frames
    with pytest.raises(StateError, match="the video has ended"):
        run.control.record()


def test_a_recording_that_is_stopped_before_a_frame_came_is_no_failure(
    short_video: Path, tmp_path: Path
) -> None:
    with _operating(short_video, tmp_path, outputs=[tmp_path / "match.mkv"]) as run:
        run.wait_shown(0.5)
        run.control.pause()
        wait_until(lambda: run.application.buffer_manager.state == "paused", "the freeze")
        recording = run.control.record()
        stopped = run.control.stop_output(recording.number)
        run.control.resume()
        report = run.report()
    assert stopped.trouble is not None
    assert "no video came" in stopped.trouble
    assert any(note.endswith(stopped.trouble) for note in report.notes)
    assert report.failures == ()
    assert report.outputs == (tmp_path / "match.mkv",)
    assert not (tmp_path / recording.name).exists()


def test_a_recording_still_on_at_the_end_ends_with_the_run(short_video: Path, tmp_path: Path) -> None:
    with _operating(short_video, tmp_path, web=WEB) as run:
        run.wait_shown(0.5)
        recording = run.control.record()
        report = run.report()
    expect_complete(tmp_path / "clips" / recording.name, 3.0, report.dropped)


def test_a_push_is_stopped_and_started_again(match_video: Path, tmp_path: Path) -> None:
    own = tmp_path / "match.mkv"
    with (
        RtmpServer(tmp_path) as server,
        _operating(match_video, tmp_path, outputs=[own], streams=[server.url]) as run,
    ):
        assert run.control.outputs() == []
        server.wait_received(150_000)
        stream = run.wait_state(1, "on")
        assert stream.name == f"rtmp://127.0.0.1:{server.port}/live/***"
        stopped = run.control.stop_output(1)
        assert (stopped.state, stopped.can_start, stopped.trouble) == ("off", True, None)
        run.wait_shown(run.application.progress().position_s + 1)
        run.control.start_output(1)
        server.wait_received(150_000, publications=2)
        report = run.stop()
    expect_video(own, report.frames_out, tail_s=READ_AHEAD_S)
    assert len(server.videos) == 2
    for video in server.videos:
        expect_in_sync(video, 1)
    assert not any("gap" in note for note in report.notes)


def test_a_push_can_be_stopped_while_its_server_is_offline_and_started_again(
    match_video: Path, tmp_path: Path
) -> None:
    with _operating(match_video, tmp_path, streams=[RtmpServer(tmp_path).url], web=WEB) as run:
        run.wait_shown(0.5)
        assert run.wait_state(0, "away").trouble is not None
        stopped = run.control.stop_output(0)
        assert (stopped.state, stopped.trouble, stopped.can_start) == ("off", None, True)
        run.control.start_output(0)
        assert run.wait_state(0, "away").trouble is not None


def test_a_failed_start_changes_nothing(match_video: Path, tmp_path: Path) -> None:
    port = free_port()
    url = f"rtsp://0.0.0.0:{port}/live"
    with _operating(match_video, tmp_path, outputs=[tmp_path / "match.mkv"], streams=[url]) as run:
        run.wait_shown(0.5)
        run.control.stop_output(1)
        with socket.socket() as other:
            other.bind(("0.0.0.0", port))
            other.listen()
            for _ in range(2):
                with pytest.raises(OutputError, match="cannot listen there"):
                    run.control.start_output(1)
        assert (run.control.outputs()[1].state, run.control.outputs()[1].can_start) == ("off", True)
        assert sum("no password" in note for note in run.application.notes) == 1
        assert run.control.start_output(1).state in ("waiting", "on")


def test_with_a_dashboard_a_full_disk_does_not_end_the_run(match_video: Path, tmp_path: Path) -> None:
    own = tmp_path / "match.mkv"
    own.symlink_to("/dev/full")
    with _operating(match_video, tmp_path, outputs=[own], web=WEB) as run:
        run.wait_shown(0.5)
        failed = run.wait_state(0, "failed")
        assert failed.trouble is not None
        assert failed.trouble.startswith("match.mkv: the disk is full")
        run.wait_shown(2.0)
        recording = run.control.record()
        run.wait_taken(recording.number, 2.5)
        report = run.stop()
    expect_complete(tmp_path / recording.name, 3.0, report.dropped, READ_AHEAD_S)
    assert report.failures == (f"{own}: the disk is full; free some space, or record to another disk",)


def test_a_full_disk_ends_only_the_recording_on_it(
    match_video: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "match.mkv"
    full = tmp_path / "full.mkv"
    full.symlink_to("/dev/full")
    with _operating(match_video, tmp_path, outputs=[own]) as run:
        run.wait_shown(1.0)
        assert run.application.playback is not None
        number = run.application.playback.outputs.record(full, recording_at).number
        failed = run.wait_state(number, "failed")
        assert failed.trouble is not None
        assert "the disk is full" in failed.trouble
        assert str(tmp_path) not in failed.trouble
        with pytest.raises(StateError, match="not running"):
            run.control.stop_output(number)
        run.wait_shown(run.application.progress().position_s + 1)
        report = run.stop()
    expect_video(own, report.frames_out, tail_s=READ_AHEAD_S)
    assert sum("the disk is full" in record.getMessage() for record in caplog.records) == 1
