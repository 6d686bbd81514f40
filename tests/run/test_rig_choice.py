"""What a run works with: rigs found, saved and assumed; the field as the user draws it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.analysis.motion import MotionDetector
from pipeline.errors import ConfigError, RigError
from pipeline.optics.rig import Rig
from pipeline.run.rig_choice import assumed_rig, detector_for, kept_rig_path, known_rig
from pipeline.settings import Settings

MATCH = "match?size=720x240&fps=25"


def settings(**values: Any) -> Settings:
    """A run of the match."""
    return Settings.parse({"sources": [MATCH]} | values)


def match_rig() -> Rig:
    """The match's own rig."""
    rig, note = known_rig(settings())
    assert rig is not None
    assert note is None
    return rig


def test_the_match_has_a_rig_and_a_plain_video_has_none() -> None:
    assert match_rig().frame_size == (720, 240)
    assert known_rig(settings(sources=["video.mp4"])) == (None, None)
    rig, note = assumed_rig(2880, 960)
    assert rig.frame_size == (2880, 960)
    assert "cylindrical" in note


def test_a_rig_for_another_number_of_cameras_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    match_rig().save(path)
    assert known_rig(settings(rig=str(path)))[0] is not None
    with pytest.raises(RigError, match="1 cameras but 2 sources"):
        known_rig(settings(sources=["left.mp4", "right.mp4"], rig=str(path)))


def test_a_calibrated_rig_is_saved_beside_the_video() -> None:
    assert kept_rig_path(settings(outputs=["videos/match.mp4"])) == Path("videos/match.rig.toml")
    assert kept_rig_path(settings()) == Path("foresight.rig.toml")


def test_the_field_is_that_of_the_rig_or_as_drawn(tmp_path: Path) -> None:
    rig = match_rig()
    picture = tmp_path / "mask.png"
    mask = np.zeros((240, 720), np.uint8)
    mask[120:200, 200:500] = 255
    cv2.imwrite(str(picture), mask)
    for detector in (
        {},
        {"field_mask": False},
        {"field_picture": str(picture)},
        {"field_polygon_deg": [[-20, -10], [20, -10], [20, -25], [-20, -25]]},
    ):
        assert isinstance(detector_for(settings(detector=detector), rig), MotionDetector)


@pytest.mark.parametrize(
    ("corners", "words"),
    [([[0, -10], [5, -10]], "three or more"), ([[0, 10], [5, -10], [9, -12]], "above the horizon")],
)
def test_an_impossible_field_is_refused_with_the_reason(corners: list[list[float]], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        detector_for(settings(detector={"field_polygon_deg": corners}), match_rig())
