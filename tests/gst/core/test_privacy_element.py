"""Private areas in a run: blurred in every film, whatever the window holds, and in what the dashboard shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError, ForesightError, StateError
from pipeline.operator.clips import ClipWanted
from pipeline.operator.control import Control
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Rig
from pipeline.optics.rig_parts import Camera
from pipeline.run.wiring import private_areas
from pipeline.settings import Settings, check
from tests import videos
from tests.gst.output.runs import settings

SIZE = (320, 108)
LEFT = [[0, 0], [159, 0], [159, 107], [0, 107]]
"""The left half of the video's frames."""


def detail(film: Path, columns: slice) -> float:
    """How much pictures change from one pixel to the next in those columns."""
    pictures = videos.pictures(film, *SIZE)[:, :, columns].astype(int)
    return float(np.abs(np.diff(pictures, axis=2)).mean())


def private(video: Path, film: Path, corners: list[list[int]], **values: Any) -> PanoramaWithVirtualCamera:
    areas = {"areas": [{"corners_px": corners}]}
    return PanoramaWithVirtualCamera(settings(video, outputs=[film], live=False, privacy=areas, **values))


@pytest.mark.parametrize("storage", ["raw", "encoded", "source"])
def test_the_area_is_blurred_whatever_the_window_holds(
    short_video: Path, tmp_path: Path, storage: str
) -> None:
    film = tmp_path / "film.mkv"
    run = private(short_video, film, LEFT, storage=storage)
    run.run()
    assert detail(film, np.s_[10:150]) < 0.4 * detail(film, np.s_[170:310])
    if storage == "source":
        control = Control(run, tmp_path)
        for save in (
            lambda: control.save_footage(1.0, 0.0),
            lambda: control.save_clip(ClipWanted("cameras")),
            lambda: control.save_clip(ClipWanted()),  # the film is not kept
        ):
            with pytest.raises(StateError, match="a clip would show the private areas"):
                save()


def test_an_area_beyond_the_picture_ends_the_run_before_anything_is_shown(
    short_video: Path, tmp_path: Path
) -> None:
    film = tmp_path / "film.mkv"
    beyond = [[5000, 0], [5100, 0], [5100, 50]]
    with pytest.raises(ForesightError, match=r"private area 1 lies outside its camera's picture"):
        private(short_video, film, beyond).run()
    assert not film.exists() or film.stat().st_size < 1000


def test_an_area_of_a_camera_that_is_not_there_is_refused(short_video: Path) -> None:
    areas = {"areas": [{"camera": 2, "corners_px": LEFT}]}
    with pytest.raises(ConfigError, match=r"privacy\.areas: there is no camera 2; the sources have 1"):
        check(settings(short_video, privacy=areas))


def test_each_camera_has_its_place_in_the_rig_frame() -> None:
    cameras = tuple(Camera(name, RectilinearLens((640, 360), 500.0, (319.5, 179.5))) for name in "lr")
    rig = Rig((cameras[0], replace(cameras[1], yaw_deg=40.0)))
    areas = [{"camera": 2, "corners_px": LEFT}, {"corners_px": LEFT}]
    wanted = Settings.parse({"sources": ["a.mp4", "b.mp4"], "privacy": {"areas": areas}})
    found = private_areas(wanted, rig)
    assert [area.region for area in found] == [(0, 360, 640, 360), (0, 0, 640, 360)]
    assert found[0].corners_px == tuple((float(x), float(y)) for x, y in LEFT)
    assert private_areas(Settings.parse({"privacy": {"areas": areas[1:]}}), None)[0].region is None
