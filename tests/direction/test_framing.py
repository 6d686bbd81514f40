"""Tests of framing: lead room, width, goals, players around the ball, uncertainty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.direction.framing import frame, goals_of
from pipeline.direction.styles import STYLES
from pipeline.optics.rig import Pitch, Rig
from pipeline.tracking.ball import Following, Track
from pipeline.tracking.ground import LevelGround

GROUND = LevelGround(8.0)
STYLE = STYLES["broadcast"]
TIMES_S = np.arange(0.0, 4.0, 0.2)


def track(x_m: float = 0.0, speed_m_s: float = 0.0, z_m: float = 40.0) -> Track:
    """A ball that crosses at that speed, seen all the time."""
    x = x_m + speed_m_s * np.arange(61) * 0.1
    flat = np.zeros(61)
    yaw, tilt = GROUND.metres_to_angles(x, flat + z_m)
    following = np.full(61, Following.BALL, np.int8)
    return Track(0, x, flat + z_m, flat, yaw, tilt, flat, flat, following)


def test_the_camera_leads_a_running_ball_and_widens_for_it() -> None:
    resting, running = (frame(track(speed_m_s=v), GROUND, STYLE, 0, TIMES_S) for v in (0.0, 10.0))
    assert (running.aim_yaw_deg[5:15] > running.yaw_low_deg[5:15] + 3.0).all()
    assert (running.hfov_deg[3:8] > resting.hfov_deg[3:8] + 3.0).all()
    np.testing.assert_allclose(resting.aim_yaw_deg, 0.0, atol=1e-9)


def test_the_view_shows_the_same_metres_near_and_far() -> None:
    for z in (25.0, 45.0):
        width = frame(track(z_m=z), GROUND, STYLE, 0, TIMES_S).hfov_deg[0]
        expected = max(np.degrees(2 * np.arctan(STYLE.picture_width_m / 2 / z)), STYLE.hfov_min_deg)
        assert width == pytest.approx(expected)


def test_uncertainty_widens_the_view() -> None:
    doubtful = replace(track(), uncertainty_m=np.full(61, 6.0))
    targets = frame(doubtful, GROUND, STYLE, 0, TIMES_S)
    reach = np.degrees(np.arctan(6.0 / 40.0))
    np.testing.assert_allclose(targets.yaw_high_deg - targets.yaw_low_deg, 2 * reach)
    assert (targets.tilt_low_deg < targets.tilt_high_deg).all()


def test_a_near_goal_draws_the_view_to_it_and_a_far_one_does_not() -> None:
    goal = (20.0, 40.0)
    for distance_m, drawn in ((15.0, True), (40.0, False)):
        ball = track(x_m=20.0 - distance_m)
        plain, goaled = (frame(ball, GROUND, STYLE, 0, TIMES_S, goals) for goals in ((), (goal,)))
        assert (goaled.aim_yaw_deg[0] > plain.aim_yaw_deg[0] + 2.0) == drawn
        assert (goaled.hfov_deg[0] > plain.hfov_deg[0]) == drawn
    post_yaw = GROUND.metres_to_angles(*goal)[0]
    near = frame(track(x_m=5.0), GROUND, STYLE, 0, TIMES_S, (goal,))
    assert near.aim_yaw_deg[0] + near.hfov_deg[0] / 2 > post_yaw


def test_players_around_the_ball_widen_the_view_up_to_a_limit() -> None:
    alone = frame(track(), GROUND, STYLE, 0, TIMES_S)
    crowded = frame(replace(track(), players_reach_m=np.full(61, 30.0)), GROUND, STYLE, 0, TIMES_S)
    ratio = crowded.hfov_deg / alone.hfov_deg
    np.testing.assert_allclose(ratio, 1.35)


def test_the_goals_of_a_rig_are_at_the_ends_of_its_pitch() -> None:
    rig = Rig.assume(1920, 640)
    assert goals_of(rig) == ()
    left, right = goals_of(replace(rig, pitch=Pitch(100.0, 64.0, (1.0, 40.0))))
    assert left == pytest.approx((-49.0, 40.0))
    assert right == pytest.approx((51.0, 40.0))
