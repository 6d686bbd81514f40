"""The sound of a camera that a rig delays stays with its pictures: flashes and clicks of the file that is made."""

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

SIZE = WIDTH, HEIGHT = 320, 108
FPS = 25


def settings(
    folder: Path, sources: list[Path], offset: int, rate: float, live: bool, storage: str
) -> Settings:
    """A view of the second of two cameras, whose frame `offset` shows the moment of the first one's frame 0."""
    lens = RectilinearLens(SIZE, 260.0, ((WIDTH - 1) / 2, (HEIGHT - 1) / 2))
    first = Camera("first", lens, yaw_deg=-30.0, frame_rate=rate)
    second = Camera("second", lens, yaw_deg=30.0, frame_offset=offset, frame_rate=rate)
    Rig((first, second), Surface("infinity")).save(folder / "rig.toml")
    return Settings.parse(
        {
            "sources": [str(source) for source in sources],
            "rig": str(folder / "rig.toml"),
            "outputs": [str(folder / "video.mkv")],
            "size": "320x108",
            "delay_s": 1.0,
            "live": live,
            "storage": storage,
            "detector": {"kind": "none"},
            "director": {"fixed_view": {"yaw_deg": 30.0, "pitch_deg": 0.0, "hfov_deg": 55.0}},
        }
    )


@pytest.mark.parametrize(
    ("offset", "rate", "live", "storage"),
    [
        (-4, 0.0, False, "raw"),  # the second camera is delayed by 160 ms; its caps tell the frame rate
        (-20, 50.0, False, "source"),  # counted in frames of another rate: 400 ms
        (4, 0.0, False, "raw"),  # the first camera is delayed, and the second one's sound is not
        (-4, 0.0, True, "raw"),
        pytest.param(-4, 25.0, True, "source", marks=pytest.mark.slow),
    ],
)
def test_sound_stays_with_the_pictures_of_its_camera(
    offset: int, rate: float, live: bool, storage: str, short_video: Path, silent_video: Path, tmp_path: Path
) -> None:
    run = settings(tmp_path, [silent_video, short_video], offset, rate, live, storage)
    PanoramaWithVirtualCamera(run).run()
    flashes, skews_ms = videos.sync_marks(tmp_path / "video.mkv")
    assert len(flashes) >= 2
    paired = np.abs(skews_ms) < 500  # a busy machine may drop a flash, which is one frame, of a live run
    assert np.count_nonzero(paired) >= (2 if live else len(flashes))
    assert np.abs(skews_ms[paired]).max() < 20
