"""Tests of the limits of the view that change, without a jerk, when a camera is bumped."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.stabilisation.pose import Pose, Poses, matrix_of
from pipeline.optics.view import View
from pipeline.run.shifting_limits import EASE_NS, PREPARE_NS, ShiftingLimits
from pipeline.timebase import NS_PER_S, Nanoseconds

RIG = Rig((Camera("mast", RectilinearLens((640, 360), 420.0, (319.5, 179.5))),))
SIZE_PX = 320, 180
AHEAD_NS = 7 * NS_PER_S
FRAME_NS = NS_PER_S // 25
NOTICED_NS = Nanoseconds(10 * NS_PER_S)
EDGE = View(30.0, 0.0, 30.0)


def turned(yaw_deg: float) -> Poses:
    """The camera looks so far to the right of its place: rays turn the other way in its axes."""
    return (Pose(matrix_of(np.radians([0.0, -yaw_deg, 0.0]))),)


@pytest.fixture
def limits() -> ShiftingLimits:
    return ShiftingLimits(RIG, SIZE_PX, AHEAD_NS, live=False)


def test_views_keep_to_what_the_camera_sees_before_and_after_the_bump(limits: ShiftingLimits) -> None:
    before = limits.limit(EDGE)
    limits.bumped(NOTICED_NS, turned(-3.0))
    for n in range(12 * 25):
        limits.advance(n * FRAME_NS, n * FRAME_NS)
    assert before.yaw_deg - limits.limit(EDGE).yaw_deg == pytest.approx(3.0, abs=0.6)
    left = View(-30.0, 0.0, 30.0)
    assert limits.limit(left) == ShiftingLimits(RIG, SIZE_PX, AHEAD_NS, live=False).limit(left)


def test_they_change_gradually_and_are_done_before_the_bump_is_shown(limits: ShiftingLimits) -> None:
    limits.bumped(NOTICED_NS, turned(-3.0))
    yaws = []
    for n in range(12 * 25):
        limits.advance(n * FRAME_NS, n * FRAME_NS)
        yaws.append(limits.limit(EDGE).yaw_deg)
    moving = np.flatnonzero(np.diff(yaws))
    assert moving[0] * FRAME_NS >= NOTICED_NS - AHEAD_NS
    assert (moving[-1] - 1) * FRAME_NS <= NOTICED_NS - AHEAD_NS + PREPARE_NS + EASE_NS < NOTICED_NS
    assert np.abs(np.diff(yaws)).max() < 3.5 / (EASE_NS / FRAME_NS) * 1.6
    assert np.abs(np.diff(yaws, 2)).max() < 0.004


def test_the_ranges_and_the_limit_agree_all_the_way(limits: ShiftingLimits) -> None:
    limits.bumped(NOTICED_NS, turned(2.0))
    for n in range(0, 12 * 25, 5):
        limits.advance(n * FRAME_NS, n * FRAME_NS)
        low, high = limits.yaw_range_deg(30.0)
        assert low - 0.01 <= limits.limit(View(-40.0, 0.0, 30.0)).yaw_deg
        assert limits.limit(View(40.0, 0.0, 30.0)).yaw_deg <= high + 0.01


def test_a_pose_in_which_nothing_fits_changes_nothing(limits: ShiftingLimits) -> None:
    limits.bumped(NOTICED_NS, turned(170.0))
    before = limits.limit(EDGE)
    for n in range(12 * 25):
        limits.advance(n * FRAME_NS, n * FRAME_NS)
    assert limits.limit(EDGE) == before
    limits.close()
