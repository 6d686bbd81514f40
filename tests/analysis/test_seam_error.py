"""Tests of the error at the seam: known turns of a camera are measured, and what shows nothing tells nothing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.analysis.seam_error import EVERY_NS, FEWEST_LOOKS, SeamErrorWatch
from pipeline.optics.frame import Frame
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface
from pipeline.timebase import Nanoseconds

WIDTH, HEIGHT = 640, 360
LENS = RectilinearLens((WIDTH, HEIGHT), 400.0, (319.5, 179.5))
GROUND = Surface("ground-capped", 8.0, 80.0)
RIG = Rig((Camera("left", LENS, -25.0, -14.0), Camera("right", LENS, 25.0, -14.0)), GROUND)


def painted(rig: Rig) -> NDArray[np.uint8]:
    """What the rig's cameras see of a ground with painted blots, one below the other."""
    random = np.random.default_rng(4)
    blots = cv2.GaussianBlur(random.normal(0, 1, (900, 900)).astype(np.float32), (0, 0), 2.0)
    seen = []
    for i in range(2):
        pixels = np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), axis=-1).astype(np.float64)
        x, z = rig.angles_to_metres(*rig.pixels_to_angles(i, pixels))
        places = (np.nan_to_num(np.stack([x * 10 + 450, z * 10]), nan=-1e4)).astype(np.float32)
        level = cv2.remap(blots, places[0], places[1], cv2.INTER_LINEAR)
        seen.append(np.clip(100 + 250 * level, 0, 255).astype(np.uint8))
    return np.concatenate(seen)


def frame(luma: NDArray[np.uint8]) -> Frame:
    grey = np.full((HEIGHT, WIDTH // 2), 128, np.uint8)
    return Frame("I420", (luma, grey, grey))


def error_px(rig: Rig, luma: NDArray[np.uint8], looks: int = FEWEST_LOOKS) -> list[float | None]:
    watch = SeamErrorWatch(rig, [(0, 1)])
    for n in range(looks):
        watch.look(frame(luma), Nanoseconds(n * EVERY_NS))
    known = watch.errors_px()
    assert bool(watch.notes) == (known[0] is not None and known[0] >= 4)
    return known


@pytest.mark.parametrize("off_deg", [0.0, 0.2, -0.5, 1.0])
def test_a_camera_that_is_turned_in_the_rig_is_off_by_about_as_much(off_deg: float) -> None:
    left, right = RIG.cameras
    wrong = replace(RIG, cameras=(left, replace(right, yaw_deg=right.yaw_deg + off_deg)))
    for known in error_px(wrong, painted(RIG)):
        about_px = abs(np.radians(off_deg)) * 400 * 0.9
        assert known == pytest.approx(about_px, abs=0.3 + 0.3 * about_px)


def test_nothing_is_told_before_it_is_known_or_where_nothing_is_seen() -> None:
    assert error_px(RIG, painted(RIG), looks=2) == [None, None]
    assert error_px(RIG, np.full((2 * HEIGHT, WIDTH), 90, np.uint8)) == [None, None]
    noise = np.random.default_rng(1).integers(0, 255, (2 * HEIGHT, WIDTH)).astype(np.uint8)
    assert error_px(RIG, noise) == [None, None]


def test_cameras_that_share_nothing_have_no_error() -> None:
    apart = Rig((Camera("left", LENS, -70.0, -14.0), Camera("right", LENS, 70.0, -14.0)), GROUND)
    assert error_px(apart, painted(RIG)) == [None, None]
