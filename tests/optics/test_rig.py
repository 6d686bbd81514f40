"""Tests of rigs: geometry round trips, files, and invalid input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import RigError
from pipeline.optics.angles import angles_to_rays, rays_to_angles, rotation
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Blend, Camera, Pitch, Rig
from pipeline.optics.surface import Surface
from tests.optics.rigs import panorama, sphere, two_cameras

angle = st.floats(-60, 60)
metre = st.floats(-1.0, 1.0)


def test_world_axes_and_rotation_follow_the_convention() -> None:
    assert np.allclose(angles_to_rays(0, 0), [0, 0, 1])
    assert np.allclose(angles_to_rays(90, 0), [1, 0, 0])
    assert np.allclose(angles_to_rays(0, 90), [0, -1, 0])
    assert np.allclose(rotation(20, -7, 13) @ [0, 0, 1], angles_to_rays(20, -7))
    assert np.allclose(rotation(0, 0, 90) @ [1, 0, 0], [0, 1, 0])


@settings(deadline=None)
@given(st.floats(-179, 179), st.floats(-89, 89))
def test_angles_and_rays_are_inverse(yaw: float, tilt: float) -> None:
    assert np.allclose(rays_to_angles(5 * angles_to_rays(yaw, tilt)), (yaw, tilt), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(angle, st.floats(-60, 30), angle, metre, metre, metre)
def test_a_pixel_traced_to_the_world_and_back_returns(
    yaw: float, tilt: float, roll: float, x: float, y: float, z: float
) -> None:
    lens = two_cameras().cameras[0].lens
    camera = Camera("one", lens, yaw, tilt, roll, (x, y, z))
    rig = Rig((camera,), Surface("ground-capped", 7.0, 80.0))
    pixels = np.stack(np.meshgrid(np.linspace(0, 1023, 23), np.linspace(0, 575, 13)), axis=-1)
    home = rig.angles_to_pixels(0, *rig.pixels_to_angles(0, pixels))
    assert np.abs(home - pixels).max() < 1e-6


def test_parallax_agrees_with_opencv() -> None:
    lens = RectilinearLens((1920, 1080), 1500.0, (960.0, 540.0), (-0.1, 0.02))
    camera = Camera("one", lens, 20.0, -15.0, 4.0, (0.5, -0.3, 0.2))
    rig = Rig((camera,), Surface("ground-capped", 7.0, 80.0))
    ground = np.array([[x, 7.0, z] for x in (2.0, 8.0, 20.0) for z in (15.0, 30.0, 50.0)])
    turn = camera.rotation.T
    matrix = np.array([[1500.0, 0, 960], [0, 1500.0, 540], [0, 0, 1]])
    expected, _ = cv2.projectPoints(
        ground,
        cv2.Rodrigues(turn)[0],
        -turn @ np.array(camera.position_m),
        matrix,
        np.array([-0.1, 0.02, 0, 0]),
    )
    assert np.abs(rig.camera_pixels(0, ground) - expected[:, 0]).max() < 1e-6


def test_two_cameras_agree_on_the_ground_and_on_the_wall() -> None:
    rig = two_cameras()
    yaw, tilt = np.meshgrid(np.linspace(-3, 3, 7), np.linspace(-20, 5, 11))
    assert rig.seen_by(yaw, tilt).all()
    for i in (0, 1):
        back = rig.pixels_to_angles(i, rig.angles_to_pixels(i, yaw, tilt))
        assert np.allclose(back, (yaw, tilt), atol=1e-9)


@settings(deadline=None)
@given(st.floats(-70, 70), st.floats(-60, -0.5))
def test_metres_and_angles_are_inverse(yaw: float, tilt: float) -> None:
    rig = two_cameras()
    assert np.allclose(rig.metres_to_angles(*rig.angles_to_metres(yaw, tilt)), (yaw, tilt), atol=1e-9)
    assert np.allclose(rig.pitch_to_angles(*rig.angles_to_pitch(yaw, tilt)), (yaw, tilt), atol=1e-9)


def test_metres_are_measured_on_the_ground() -> None:
    rig = two_cameras()
    x, z = rig.angles_to_metres(0.0, -45.0)
    assert np.allclose((x, z), (0, 7.5))
    assert np.isnan(rig.angles_to_metres(3.0, 0.0)).all()
    assert np.isnan(rig.angles_to_metres(3.0, 10.0)).all()
    _, level = rig.metres_to_angles(10.0, 40.0, above_ground_m=7.5)
    assert np.allclose(level, 0.0)


def test_the_outline_is_closed_and_has_the_size_of_the_pitch() -> None:
    rig = two_cameras()
    outline = rig.outline_angles(1.0)
    x, z = rig.angles_to_metres(outline[:, 0], outline[:, 1])
    assert np.allclose(outline[0], outline[-1])
    assert np.isclose(np.hypot(np.diff(x), np.diff(z)).sum(), 2 * (105 + 68))
    with pytest.raises(RigError, match=r"add a \[pitch\] table"):
        panorama().outline_angles()


def test_coverage_contains_what_the_cameras_see() -> None:
    seen = two_cameras().coverage()
    assert -85 < seen.yaw_min_deg < -75 < 75 < seen.yaw_max_deg < 85
    assert seen.tilt_min_deg < -25 < 10 < seen.tilt_max_deg
    whole = sphere().coverage()
    assert whole.yaw_max_deg - whole.yaw_min_deg > 359
    assert whole.tilt_max_deg - whole.tilt_min_deg > 179


def test_the_rig_frame_stacks_the_cameras() -> None:
    lens = RectilinearLens((640, 480), 500.0, (320.0, 240.0))
    rig = Rig((*two_cameras().cameras, Camera("third", lens)))
    assert rig.frame_size == (1024, 576 + 576 + 480)
    assert rig.region(2).y == 1152
    assert rig.region(2).width == 640
    rig.check_frame(1024, 1632)
    with pytest.raises(RigError, match=r"1024x576 \+ 1024x576 \+ 640x480.*gives 1920x1080"):
        rig.check_frame(1920, 1080)


def test_a_single_video_is_assumed_to_be_a_panorama_or_a_camera() -> None:
    seen = Rig.assume(5700, 1900).coverage()
    assert Rig.assume(5700, 1900).cameras[0].lens.model == "cylindrical"
    assert 140 < seen.yaw_max_deg - seen.yaw_min_deg < 150
    assert Rig.assume(1920, 1080).cameras[0].lens.model == "rectilinear"
    assert Rig.assume(20000, 1000).coverage().yaw_max_deg <= 180
    upright, lying = Rig.assume(1080, 1920).cameras[0].lens, Rig.assume(1920, 1080).cameras[0].lens
    assert upright.focal_px == lying.focal_px, "a phone has the same lens, however it is held"
    with pytest.raises(RigError, match="size_px"):
        Rig.assume(1921, 1080)


def test_a_saved_rig_is_read_back_equal(tmp_path: Path) -> None:
    quality = {"median_px": 0.72, "matches": 120, "metric": True, "note": 'said "so"\n'}
    pair = two_cameras(gains=True)
    for rig in (
        Rig(pair.cameras, pair.surface, pair.blend, pair.pitch, quality),
        Rig(pair.cameras, blend=Blend((), 2.0)),
        panorama(),
        sphere(),
        Rig.assume(1920, 1080),
    ):
        rig.save(tmp_path / "rig.toml")
        assert Rig.load(tmp_path / "rig.toml") == rig
        assert hash(Rig.load(tmp_path / "rig.toml")) == hash(rig)


def test_the_rig_of_the_real_footage_is_read(shared_data: Path) -> None:
    rig = Rig.load(shared_data / "rig.toml")
    assert rig.frame_size == (3072, 3456)
    assert [camera.frame_offset for camera in rig.cameras] == [0, -4]
    assert rig.quality["median_px"] == 0.72


RIG = """\
version = 1
[surface]
kind = "ground-capped"
height_m = 7.5
range_cap_m = 90.0
[[camera]]
name = "left"
size_px = [1024, 576]
model = "fisheye"
focal_px = 700.0
centre_px = [520.0, 300.0]
k = [-0.06, -0.005]
yaw_deg = 1.0
[blend]
feather_deg = 1.0
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version = 1", "version = 2", r"version is 2; allowed: 1"),
        ("version = 1", "version = ", r"is not TOML"),
        ("version = 1\n", "", r"version is missing"),
        (
            'kind = "ground-capped"',
            'kind = "flat"',
            r"\[surface\]: kind is 'flat'; allowed: ground-capped, infinity",
        ),
        ("height_m = 7.5", "height_m = -7.5", r"\[surface\]: height_m is -7.5; allowed: a positive number"),
        ("height_m = 7.5\n", "", r"\[surface\]: height_m is missing"),
        ("height_m = 7.5", "height_m = nan", r"height_m is nan; allowed: a number"),
        (
            'model = "fisheye"',
            'model = "pinhole"',
            r"camera 1: model is 'pinhole'; allowed: rectilinear, fisheye",
        ),
        ("focal_px = 700.0", "focal_px = 0", r"camera 1: focal_px is 0.0; allowed: a positive number"),
        ("focal_px = 700.0", "focal_px = true", r"camera 1: focal_px is True; allowed: a number"),
        ("focal_px = 700.0\n", "", r"camera 1: focal_px is missing"),
        ("size_px = [1024, 576]", "size_px = [1024]", r"size_px is \[1024\]; allowed: a list of 2 numbers"),
        ("size_px = [1024, 576]", "size_px = [1024, 577]", r"allowed: two even, positive numbers"),
        (
            "centre_px = [520.0, 300.0]",
            "centre_px = [520.0, inf]",
            r"centre_px is .*; allowed: a list of 2 numbers",
        ),
        ("k = [-0.06, -0.005]", "k = [1, 2, 3, 4, 5]", r"k is .*; allowed for fisheye: at most 4 numbers"),
        ("yaw_deg = 1.0", "yaw = 1.0", r"camera 1: unknown yaw; allowed: name, "),
        ("yaw_deg = 1.0", "position_m = [0, 8, 0]", r"camera 'left': position_m .*allowed: above the ground"),
        ("yaw_deg = 1.0", "gain_bgr = [1, 0, 1]", r"gain_bgr is \[1.0, 0.0, 1.0\]; allowed: three positive"),
        ("yaw_deg = 1.0", "frame_offset = 1.5", r"frame_offset is 1.5; allowed: a whole number"),
        ("feather_deg = 1.0", "seam_deg = [0.0, 1.0]", r"seam_deg holds 2 seams; 1 cameras need 0"),
        (
            "feather_deg = 1.0",
            "feather_deg = 0",
            r"\[blend\]: feather_deg is 0.0; allowed: a positive number",
        ),
        ("[blend]", "[colour]", r"unknown colour; allowed: version, camera"),
        (
            "[blend]",
            "[quality]\nwhen = 2026-01-01\n[blend]",
            r"\[quality\]: when is .*; allowed: a number, text",
        ),
        ("[blend]", "[pitch]\nlength_m = 105\n[blend]", r"\[pitch\]: width_m is missing"),
    ],
)
def test_an_error_in_a_rig_file_names_its_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in RIG
    path = tmp_path / "rig.toml"
    path.write_text(RIG.replace(old, new, 1))
    with pytest.raises(RigError, match=said) as caught:
        Rig.load(path)
    assert "rig.toml" in str(caught.value)
    assert "\n" not in str(caught.value).split("TOML")[0]


@pytest.mark.parametrize(
    ("scale", "pitch", "guess"),
    [
        ("pitch markings", True, False),
        ("pitch markings", False, False),
        ("players", False, True),
        ("guess", False, True),
        ("unknown: height_m = 1.0 is assumed", False, True),
        (None, False, True),
        (None, True, False),
    ],
)
def test_a_scale_that_nothing_measured_is_a_guess(
    scale: str | None, pitch: bool, guess: bool, tmp_path: Path
) -> None:
    rig = two_cameras()
    rig = replace(rig, pitch=rig.pitch if pitch else None, quality={} if scale is None else {"scale": scale})
    if scale is not None and scale.startswith("unknown"):
        rig = rig.scaled(1 / rig.surface.height_m)
    rig.save(tmp_path / "rig.toml")
    loaded = Rig.load(tmp_path / "rig.toml")
    assert loaded.scale_is_guess == guess
    assert loaded.surface.height_m > 7, "no camera stands a metre above the ground because nothing is known"
    assert loaded.cameras[0].position_m == pytest.approx(
        np.array(two_cameras().cameras[0].position_m)
        * loaded.surface.height_m
        / two_cameras().surface.height_m
    )


def test_a_missing_rig_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r"cannot read the rig .*nowhere.toml: No such file"):
        Rig.load(tmp_path / "nowhere.toml")
    with pytest.raises(RigError, match="cannot write"):
        panorama().save(tmp_path / "no folder" / "rig.toml")


def test_a_panorama_may_give_its_angle_instead_of_a_focal_length(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(
        'version = 1\n[[camera]]\nname = "p"\nsize_px = [3600, 1200]\nmodel = "cylindrical"\nhfov_deg = 180.0\n'
    )
    lens = Rig.load(path).cameras[0].lens
    assert np.isclose(lens.focal_px, 3600 / np.pi)
    assert lens.centre_px == (1799.5, 599.5)


def test_impossible_rigs_are_refused() -> None:
    camera = panorama().cameras[0]
    with pytest.raises(RigError, match="no camera"):
        Rig(())
    with pytest.raises(RigError, match="share a name"):
        Rig((camera, camera))
    with pytest.raises(RigError, match="roll_deg"):
        Camera("one", camera.lens, roll_deg=float("nan"))
    with pytest.raises(RigError, match="length_m"):
        Pitch(length_m=-1.0)
    with pytest.raises(RigError, match="seam_deg"):
        Blend((3.0, -3.0))
