"""Tests of runs with a failing detector: the run continues, and the state says what the camera follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.run.progress import Progress
from pipeline.settings import Settings
from tests import videos
from tests.faults.record import Area, fault


def run(tmp_path: Path, detector: str, live: bool, duration_s: float) -> tuple[int, list[Progress]]:
    """Returns the number of frames in the video, and the progress reported meanwhile."""
    shown: list[Progress] = []
    video = tmp_path / "video.mkv"
    values = {
        "sources": ["match?size=720x240&fps=25"],
        "outputs": [str(video)],
        "size": "160x90",
        "live": live,
        "delay_s": 2.0,
        "duration_s": duration_s,
        "detector": {"kind": f"tests.analysis.detectors_in_trouble:{detector}"},
    }
    report = PanoramaWithVirtualCamera(Settings.parse(values)).run(shown.append)
    assert report.frames_out + report.dropped >= 25 * duration_s - 1
    return len(videos.frame_times(video)), shown


@fault(
    Area.DETECTION,
    "a detector answers something else than detections, raises, or calls `sys.exit`",
    seen="one line, then a rest of 10 s of video; a note in the report",
    lost="what it would have seen",
)
def test_the_report_tells_of_a_detector_that_failed(tmp_path: Path) -> None:
    values = {
        "sources": ["match?size=320x108&fps=25"],
        "outputs": [str(tmp_path / "video.mkv")],
        "size": "160x90",
        "live": False,
        "delay_s": 1.0,
        "duration_s": 2.0,
        "detector": {"kind": "tests.analysis.detectors_in_trouble:Killed"},
    }
    (note,) = PanoramaWithVirtualCamera(Settings.parse(values)).run().notes
    assert "detector killed failed on" in note
    assert note.endswith("RuntimeError: the accelerator is gone")


@pytest.mark.parametrize("detector", ["Killed", "Silent"])
def test_offline_no_frame_is_dropped(tmp_path: Path, detector: str) -> None:
    frames, _ = run(tmp_path, detector, live=False, duration_s=20.0)
    assert frames == 500


@pytest.mark.parametrize("detector", ["Killed", "Slow", "Silent"])
def test_live_the_run_continues(tmp_path: Path, detector: str) -> None:
    _, shown = run(tmp_path, detector, live=True, duration_s=5.0)
    playing = [progress for progress in shown if progress.state == "playing"]
    assert {progress.delay_s for progress in playing} == {2.0}
    assert {progress.follows for progress in playing} <= {
        "ball",
        "players",
        "ball not found",
        "waiting for video",
    }


def test_after_a_long_silence_the_ball_is_reported_as_not_found(tmp_path: Path) -> None:
    _, shown = run(tmp_path, "Silent", live=False, duration_s=60.0)
    assert "ball not found" in {progress.follows for progress in shown}
