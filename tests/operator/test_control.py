"""An operator's actions before playback, the names of files they start, and points in the panorama."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.analysis.timeline import Timeline
from pipeline.application import PanoramaWithVirtualCamera
from pipeline.direction.fixed import FixedDirector
from pipeline.errors import ConfigError, OutputError, StateError
from pipeline.operator.control import Control
from pipeline.operator.panorama import Panorama
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.run.file_names import FileNames
from pipeline.run.scene import scene_at
from pipeline.settings import Settings
from pipeline.timebase import Nanoseconds

PANORAMA = Panorama(Rig.assume(1440, 480))


def make_control(folder: Path) -> Control:
    settings = Settings.parse({"sources": ["match?size=720x240"], "outputs": [str(folder / "match.mp4")]})
    return Control(PanoramaWithVirtualCamera(settings), folder / "clips")


@pytest.mark.parametrize(
    "action",
    [
        Control.hold_camera,
        Control.hand_back,
        Control.record,
        Control.panorama,
        lambda control: control.take_over(0.0, 0.0, 40.0),
        lambda control: control.look_at(0.5, 0.5),
        lambda control: control.jump_back(5.0),
        lambda control: control.start_output(0),
        lambda control: control.stop_output(0),
    ],
)
def test_before_playback_every_action_says_what_it_waits_for(
    tmp_path: Path, action: Callable[[Control], object]
) -> None:
    with pytest.raises(StateError, match=r"wait for|not started yet"):
        action(make_control(tmp_path))


def test_before_playback_there_is_nothing_to_see(tmp_path: Path) -> None:
    control = make_control(tmp_path)
    answers = control.scene(), control.outputs(), control.clips(), control.finished_file(0)
    assert answers == (None, [], [], None)
    state = control.snapshot()
    assert (state["view"], state["scene"], state["look_ahead_s"]) == (None, None, 0.0)


@pytest.mark.parametrize("hfov_deg", [0.0, 0.9, 170.1, float("nan")])
def test_an_impossible_view_is_refused(tmp_path: Path, hfov_deg: float) -> None:
    with pytest.raises(ConfigError, match="hfov_deg"):
        make_control(tmp_path).take_over(0.0, 0.0, hfov_deg)


def test_file_names_are_unique_and_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    names = FileNames()
    paths = [names.new(tmp_path / "clips", "clip", ".mp4") for _ in range(5)]
    assert len(set(paths)) == 5
    assert {path.parent for path in paths} == {tmp_path / "clips"}
    assert (tmp_path / "clips").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="nothing can be saved there"):
        names.new(tmp_path / "file" / "clips", "clip", ".mp4")


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_points_in_the_panorama_and_directions_are_inverse(x: float, y: float) -> None:
    (place,) = PANORAMA.places(np.array([PANORAMA.angles_at(x, y)]))
    assert place == pytest.approx([x, y], abs=1e-4)


def test_detections_are_drawn_at_their_place_and_marked_outside_beyond_the_panorama() -> None:
    yaw_deg, tilt_deg = PANORAMA.angles_at(0.25, 0.5)
    width_deg = PANORAMA.view.hfov_deg / 10
    balls = [Detection("ball", 0.9, yaw, tilt_deg, width_deg, width_deg) for yaw in (yaw_deg, 175.0)]
    timeline = Timeline()
    timeline.add(DetectionSet(Nanoseconds(0), tuple(balls)))
    drawing = PANORAMA.drawing(scene_at(0, timeline, FixedDirector(View(yaw_deg, tilt_deg, 20.0)), 16 / 9))
    box, beside = drawing["boxes"]
    assert box == {
        "label": "ball",
        "x": pytest.approx(0.25, abs=1e-4),
        "y": pytest.approx(0.5, abs=1e-4),
        "w": 0.1,
        "h": 0.3,
    }
    assert beside["x"] > 1
    assert drawing["path"] == []
    assert drawing["frame"][0] == drawing["frame"][-1]
    assert min(x for x, _ in drawing["frame"]) < 0.25 < max(x for x, _ in drawing["frame"])
