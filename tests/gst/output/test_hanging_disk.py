"""A disk that hangs: only its output is abandoned, and the end of a run does not wait for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import PipelineError
from pipeline.gst.output.limits import OutputLimits
from pipeline.run.limits import RunLimits, ShutdownLimits
from pipeline.run.shutdown_wait import Standstill
from tests import videos
from tests.faults.record import Area, fault
from tests.gst.output.peers import wait_until
from tests.gst.output.runs import FPS, READ_AHEAD_S, Running, expect_video, recording_at, settings

PIPE_BYTES = 65_536
"""What a pipe takes without a reader; half a second of video."""


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Path]:
    """A path on a disk that takes nothing after the first moments."""
    path = tmp_path / "stuck.ts"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path
    os.close(reader)  # a thread that still writes may continue; nothing is kept


def expect_complete(video: Path, report_frames: int, source: Path) -> None:
    expect_video(video, report_frames)
    assert report_frames == len(videos.frame_times(source))
    np.testing.assert_allclose(np.diff(videos.frame_times(video)), 1 / FPS, atol=0.0011)


@fault(
    Area.OUTPUTS,
    "the disk of an output hangs, or nobody reads a FIFO (live)",
    seen="after 10 s a failure in the report, status 1; the others go on",
    lost="the rest of that output",
)
def test_live_only_the_hanging_output_is_abandoned(match_video: Path, tmp_path: Path, stuck: Path) -> None:
    whole = tmp_path / "whole.mkv"
    limits = RunLimits(output=OutputLimits(slow_disk_s=2.0))
    report = PanoramaWithVirtualCamera(settings(match_video, outputs=[stuck, whole]), limits).run()
    assert report.failures == (f"{stuck}: nothing more can be written; check the disk",)
    expect_complete(whole, report.frames_out, match_video)


def test_an_output_that_hangs_at_the_end_is_cut_short(short_video: Path, tmp_path: Path, stuck: Path) -> None:
    whole = tmp_path / "whole.mkv"
    limits = RunLimits(shutdown=ShutdownLimits(standstill_s=2.0))
    report = PanoramaWithVirtualCamera(settings(short_video, outputs=[stuck, whole]), limits).run()
    (failure,) = report.failures
    assert failure.startswith(f"{stuck}: was not finished in time")
    expect_complete(whole, report.frames_out, short_video)


@fault(
    Area.OUTPUTS,
    "the disk of an output hangs, or nobody reads a FIFO (offline)",
    seen="the run waits, and ends with one line when nothing moves for `buffer.stall_timeout_s`",
    lost="the rest",
)
def test_offline_a_hanging_run_ends_with_one_line(match_video: Path, stuck: Path) -> None:
    limits = RunLimits(shutdown=ShutdownLimits(standstill_s=1.0))
    run = settings(match_video, outputs=[stuck], live=False, buffer={"stall_timeout_s": 1.0})
    running = Running(PanoramaWithVirtualCamera(run, limits))
    with pytest.raises(PipelineError, match="no frame was shown for 1 s"):
        running.report()


@fault(
    Area.OUTPUTS,
    "Ctrl-C twice while an output hangs",
    seen="the run ends at once",
    lost="the end of that output",
)
@pytest.mark.parametrize("live", [True, False])
def test_abort_does_not_wait_for_a_hanging_output(short_video: Path, stuck: Path, live: bool) -> None:
    run = settings(short_video, outputs=[stuck], live=live, buffer={"stall_timeout_s": 60.0})
    application = PanoramaWithVirtualCamera(run)
    running = Running(application)

    def is_stuck() -> bool:
        playback = application.playback
        activity = () if playback is None else playback.outputs.activity
        return bool(activity) and sum(activity[-1][1]) > PIPE_BYTES / 2

    wait_until(is_stuck, "the output to hang")
    application.abort()
    report = running.report()
    assert report.frames_out > 0
    assert report.failures[0].startswith(f"{stuck}: was not finished in time")


def test_a_hanging_recording_is_reported_as_incomplete(match_video: Path, tmp_path: Path) -> None:
    limits = RunLimits(output=OutputLimits(recording_finish_s=1.0))
    own, stopped, last = (tmp_path / f"{name}.mkv" for name in ("own", "stopped", "last"))
    readers = []
    for path in (stopped, last):
        os.mkfifo(path)
        readers.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    application = PanoramaWithVirtualCamera(settings(match_video, outputs=[own]), limits)
    running = Running(application)
    running.wait_shown(0.5)
    assert application.playback is not None
    outputs = application.playback.outputs
    number = outputs.record(stopped, recording_at).number
    outputs.record(last, recording_at)
    running.wait_shown(3.0)
    status = outputs.stop(number)
    assert status.state == "failed"
    assert (status.trouble or "").startswith(f"{stopped}: was not finished in time")
    report = running.stop()
    expect_video(own, report.frames_out, tail_s=READ_AHEAD_S)
    assert [failure.split(": ")[0] for failure in report.failures] == [str(stopped), str(last)]
    for reader in readers:
        os.close(reader)


def test_an_output_hangs_as_long_as_nothing_changes() -> None:
    now_s, seen = 5.0, 1
    standstill = Standstill(lambda: seen, lambda: now_s)
    assert standstill.for_s() == 0
    now_s = 7.5
    assert standstill.for_s() == 2.5
    seen = 2
    assert standstill.for_s() == 0


def test_a_pause_longer_than_the_window_and_the_disks_limit_ends_nothing(tmp_path: Path) -> None:
    own = tmp_path / "own.mkv"
    run = settings(
        tmp_path,
        sources=["match?size=320x108&fps=25"],
        outputs=[own],
        duration_s=9.0,
        buffer={"keep_behind_s": 0.5},
    )
    application = PanoramaWithVirtualCamera(run, RunLimits(output=OutputLimits(slow_disk_s=1.0)))
    running, manager = Running(application), application.buffer_manager
    running.wait_shown(1.0)
    manager.pause()
    received = manager.statistics().streams["video"].received
    wait_until(lambda: manager.statistics().streams["video"].received >= received + 4 * FPS, "four seconds")
    manager.resume()
    report = running.report()
    times = videos.frame_times(own)
    assert report.failures == ()
    assert len(times) == report.frames_out >= 5 * FPS
    np.testing.assert_allclose(np.diff(times), 1 / FPS, atol=0.0011)
