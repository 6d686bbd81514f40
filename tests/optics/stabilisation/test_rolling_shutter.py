"""Tests of the rolling shutter against landmarks whose rows are exposed at known moments."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.optics.angles import Array
from pipeline.optics.lens import FisheyeLens
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.stabilisation.fit import Mount, fit_pose
from pipeline.optics.stabilisation.pose import Pose, matrix_of
from pipeline.optics.stabilisation.rolling_shutter import RollingShutter

LENS = FisheyeLens((960, 540), 660.0, (490.0, 279.0), (-0.065, -0.005))
MOUNT = Mount(LENS)
HZ = np.array([0.9, 0.35, 1.7])


def sway_rad(frame: float) -> Array:
    return np.radians(0.5) * np.sin(2 * np.pi * (HZ * frame / 25 + (0.1, 0.3, 0.0)))


def seen_px(rays: Array, frame: int, readout: float) -> Array:
    """Where the landmarks are seen: each at the moment of its row."""
    rows = np.zeros(len(rays))
    for _ in range(3):
        turned = np.stack(
            [matrix_of(sway_rad(frame + readout * row)) @ ray for row, ray in zip(rows, rays, strict=True)]
        )
        pixels = LENS.project(turned)
        rows = MOUNT.row_shares(pixels)
    return pixels


def measured(readout: float, frames: int = 160, noise_px: float = 0.05) -> tuple[RollingShutter, list[Array]]:
    """The shutter, and the pose vectors in the last frames with what the bend did to them taken out."""
    rng = np.random.default_rng(2)
    rays = LENS.unproject(rng.uniform((30, 30), (930, 510), (40, 2)))
    shutter, vector, poses = RollingShutter(LENS.focal_px), np.zeros(5), []
    for n in range(frames):
        pixels = seen_px(rays, n, readout) + rng.normal(0, noise_px, (40, 2))
        pixels[:6] += rng.normal(0, 3, (6, 2))  # people, whom nobody trusts
        fit = fit_pose(MOUNT, rays, np.zeros_like(rays), pixels, np.ones(40, bool), LENS.focal_px, vector)
        vector = fit.vector
        rows = MOUNT.row_shares(pixels)
        mistaken = shutter.add(fit, rows, np.arange(40) >= 6)
        poses.append(vector[:3] - mistaken[:3] - sway_rad(n))
    return shutter, poses[-40:]


@pytest.mark.parametrize("readout", [0.25, 0.5, 0.75, -0.4])
def test_the_readout_is_measured_and_no_part_of_it_is_taken_for_a_turn(readout: float) -> None:
    shutter, wrong = measured(readout)
    assert shutter.readout == pytest.approx(readout, rel=0.15)
    assert np.sqrt(np.mean(np.square(wrong))) * LENS.focal_px < 0.1


@pytest.mark.parametrize("readout", [0.0, 0.004, -0.01])
def test_a_readout_too_short_to_be_seen_is_not_told(readout: float) -> None:
    """However exactly it is measured: these landmarks are seen to a thousandth of a pixel."""
    assert measured(readout, noise_px=0.001)[0].readout == 0.0
    assert measured(readout)[0].readout == 0.0


def test_a_camera_that_stands_still_says_nothing() -> None:
    shutter = RollingShutter(LENS.focal_px)
    rays = LENS.unproject(np.random.default_rng(2).uniform((30, 30), (930, 510), (40, 2)))
    pixels = LENS.project(rays)
    for _ in range(100):
        fit = fit_pose(MOUNT, rays, np.zeros_like(rays), pixels, np.ones(40, bool), LENS.focal_px)
        shutter.add(fit, MOUNT.row_shares(pixels), np.ones(40, np.bool_))
    assert shutter.readout == 0.0


def test_pixels_and_rays_of_a_bent_picture_are_inverse() -> None:
    rig = Rig((Camera("mast", LENS, 10.0, -8.0, 2.0),))
    pose = Pose(matrix_of(np.array([0.01, -0.02, 0.03])), 1.02, 0.0, np.array([0.002, -0.003, 0.001]))
    pixels = np.random.default_rng(1).uniform((0, 0), (959, 539), (200, 2))
    back = rig.camera_pixels(0, rig.pixel_rays(0, pixels, pose), pose)
    assert np.abs(back - pixels).max() < 0.02
    straight = rig.camera_pixels(0, rig.pixel_rays(0, pixels, pose), Pose(pose.turn, 1.02))
    assert np.abs(straight - pixels).max() > 0.5
