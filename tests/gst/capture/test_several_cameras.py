"""Several cameras in one rig: one that ends early, one that fails; the others continue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface
from pipeline.settings import Settings
from tests import videos

WIDTH, HEIGHT = 320, 180


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    """A rig of two cameras side by side, 60 degrees apart."""
    lens = RectilinearLens((WIDTH, HEIGHT), 260.0, ((WIDTH - 1) / 2, (HEIGHT - 1) / 2))
    cameras = (Camera("left", lens, yaw_deg=-30.0), Camera("right", lens, yaw_deg=30.0))
    path = tmp_path / "rig.toml"
    Rig(cameras, Surface("infinity")).save(path)
    return path


def camera(pattern: str, live: bool, frames: int, then: str = "identity") -> str:
    """A camera that shows that test pattern for that many frames."""
    caps = f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate=25/1"
    return f"gst:videotestsrc is-live={str(live).lower()} pattern={pattern} num-buffers={frames} ! {caps} ! {then}"


def settings(tmp_path: Path, rig: Path, sources: list[str], live: bool) -> Settings:
    """A fixed view of both cameras."""
    return Settings.parse(
        {
            "sources": sources,
            "rig": str(rig),
            "outputs": [str(tmp_path / "video.mkv")],
            "size": "320x180",
            "live": live,
            "delay_s": 1.0,
            "detector": {"kind": "none"},
            "director": {"fixed_view": {"yaw_deg": -30.0, "pitch_deg": 0.0, "hfov_deg": 40.0}},
        }
    )


@pytest.mark.parametrize("live", [True, False])
def test_a_camera_that_ends_early_keeps_its_last_frame(tmp_path: Path, rig: Path, live: bool) -> None:
    sources = [camera("white", live, 20), camera("black", live, 75)]
    report = PanoramaWithVirtualCamera(settings(tmp_path, rig, sources, live)).run()
    assert report.frames_out + report.dropped >= 73
    assert videos.mean_luma(tmp_path / "video.mkv")[-1] > 200


@pytest.mark.parametrize("live", [True, False])
def test_a_failed_camera_is_noted_and_the_others_continue(tmp_path: Path, rig: Path, live: bool) -> None:
    sources = [camera("white", live, 100, "identity error-after=25"), camera("black", live, 75)]
    report = PanoramaWithVirtualCamera(settings(tmp_path, rig, sources, live)).run()
    assert report.frames_out + report.dropped >= 73
    assert any("camera 0 is offline" in note for note in report.notes)
    luma = videos.mean_luma(tmp_path / "video.mkv")
    assert luma[-1] > 200
    assert np.all(luma[1:] > 200)


def test_cameras_are_stored_as_separate_streams(tmp_path: Path, rig: Path) -> None:
    encode = "x264enc tune=zerolatency key-int-max=10 ! h264parse"
    sources = [camera("white", False, 50, encode), camera("black", False, 50, encode)]
    values = settings(tmp_path, rig, sources, False).model_copy(update={"storage": "source"})
    application = PanoramaWithVirtualCamera(values)
    report = application.run()
    assert report.frames_out == 50
    assert videos.mean_luma(tmp_path / "video.mkv")[-1] > 200


def test_the_rig_frame_is_stored_encoded(tmp_path: Path, rig: Path) -> None:
    sources = [camera("white", False, 50), camera("black", False, 50)]
    values = settings(tmp_path, rig, sources, False).model_copy(update={"storage": "encoded"})
    report = PanoramaWithVirtualCamera(values).run()
    assert report.frames_out == 50
    assert videos.mean_luma(tmp_path / "video.mkv")[-1] > 200
