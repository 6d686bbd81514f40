"""Tests of how cameras stand and where to turn them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.optics.calibration.mounting import mounting_of, overlap, roll_of
from pipeline.optics.lens import CylindricalLens, RectilinearLens
from pipeline.optics.rig import Camera, Pitch, Rig
from pipeline.optics.surface import Surface
from tests.optics.calibration.scene import make_rig

ANGLES = re.compile(r"(\d+) degrees (to the left|to the right|down|up)")


def panorama(yaw_deg: float = 0.0, tilt_deg: float = 0.0, roll_deg: float = 0.0) -> Rig:
    """A panorama 150 degrees wide that shows the whole pitch if it is not turned."""
    lens = CylindricalLens((3000, 900), 3000 / np.radians(150), (1499.5, 200.0))
    camera = Camera("wide", lens, yaw_deg, tilt_deg, roll_deg)
    return Rig((camera,), Surface("ground-capped", 9.0, 120.0), pitch=Pitch(100.0, 64.0, (0.0, 48.0)))


def followed(rig: Rig, hint: str) -> Rig:
    """The rig after a person has done what a hint says of its only camera."""
    camera = rig.cameras[0]
    for degrees, way in ANGLES.findall(hint):
        angle = float(degrees) * (1 if way in ("to the right", "up") else -1)
        if way.startswith("to"):
            camera = replace(camera, yaw_deg=camera.yaw_deg + angle)
        else:
            camera = replace(camera, tilt_deg=camera.tilt_deg + angle)
    return replace(rig, cameras=(camera,))


def test_a_camera_that_shows_the_whole_pitch_needs_no_turn() -> None:
    found = mounting_of(panorama())
    assert found.pitch_share == pytest.approx(1.0, abs=0.01)
    assert found.hints == ()


@settings(max_examples=6)
@given(st.floats(-22, 22), st.floats(-9, 9))
def test_a_hint_that_is_followed_shows_the_pitch_and_leaves_none(yaw_deg: float, tilt_deg: float) -> None:
    rig = panorama(yaw_deg, tilt_deg)
    before = mounting_of(rig)
    assert before.pitch_share is not None
    if not before.hints:
        assert before.pitch_share > 0.97
        return
    after = mounting_of(followed(rig, before.hints[0]))
    assert after.hints == ()
    assert after.pitch_share is not None
    assert after.pitch_share > 0.97


@pytest.mark.parametrize("roll_deg", [-6.0, 5.0])
def test_the_end_that_is_too_low_is_the_one_to_which_the_picture_tips(roll_deg: float) -> None:
    rig = panorama(roll_deg=roll_deg)
    left_px, right_px = rig.angles_to_pixels(0, [-20.0, 20.0], [0.0, 0.0])
    # A camera whose right end is low sees the horizon rise to the right.
    right_is_low = right_px[1] < left_px[1]
    assert roll_of(rig.cameras[0]) == pytest.approx(
        abs(roll_deg) if right_is_low else -abs(roll_deg), abs=0.01
    )
    low, high = ("right", "left") if right_is_low else ("left", "right")
    assert (
        f"lower the {high} end by {abs(roll_deg):.0f} degrees: the {low} one is too low"
        in mounting_of(rig).hints
    )


def test_cameras_on_a_tilted_plate_roll_to_opposite_sides_and_are_left_so() -> None:
    rig = make_rig()
    assert {camera.roll_deg for camera in rig.cameras} == {4.0, -5.0}
    assert not any("end" in hint for hint in mounting_of(rig).hints)


def test_the_overlap_is_the_share_of_a_picture_that_both_show() -> None:
    lens = RectilinearLens((1600, 900), 800.0, (799.5, 449.5))  # 90 degrees wide
    rig = Rig((Camera("left", lens, -20.0), Camera("right", lens, 20.0)), Surface("infinity"))
    # Between the axes tan(45 - 40) to tan(45) of the picture's 2 units is seen by both on the horizon.
    assert overlap(rig, 0, 1) == pytest.approx((1 - np.tan(np.radians(-5))) / 2, abs=0.06)
    assert overlap(rig, 0, 0) == pytest.approx(1.0, abs=0.15)
    apart = replace(rig, cameras=(rig.cameras[0], replace(rig.cameras[1], yaw_deg=80.0)))
    assert overlap(apart, 0, 1) == 0.0


def test_a_camera_that_overlaps_too_little_is_to_be_turned_back() -> None:
    rig = make_rig()
    apart = replace(rig, cameras=(rig.cameras[0], replace(rig.cameras[1], yaw_deg=45.0)))
    found = mounting_of(apart)
    assert found.overlaps[0] < 0.2
    (hint,) = found.hints
    assert hint.startswith("right: overlaps too little with left: turn it ")
    degrees = float(hint.split("turn it ")[1].split()[0])
    back = replace(apart, cameras=(apart.cameras[0], replace(apart.cameras[1], yaw_deg=45.0 - degrees)))
    assert mounting_of(back).overlaps[0] >= 0.2
