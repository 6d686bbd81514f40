"""Tests of framing: lead room, width, goals, players around the ball, uncertainty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.direction.framing import frame, goals_of
from pipeline.direction.styles import STYLES, Style, style_in
from pipeline.fields import FOOTBALL_PLAY, load_field
from pipeline.optics.rig_parts import Pitch
from pipeline.timebase import NS_PER_S
from pipeline.tracking.ball import Following, Track
from pipeline.tracking.ground import LevelGround

GROUND = LevelGround(8.0)
STYLE = replace(STYLES["broadcast"], picture_width_m=18.0, speed_widens=0.3, lead_s=0.6)
"""As narrow as a view that players and goals widen."""
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


def test_the_goals_are_at_the_ends_of_the_pitch() -> None:
    assert goals_of(None) == ()
    left, right = goals_of(Pitch(100.0, 64.0, (1.0, 40.0)))
    assert left == pytest.approx((-49.0, 40.0))
    assert right == pytest.approx((51.0, 40.0))


def width_deg(metres: float, distance_m: float) -> float:
    """The angle that so many metres across take at that distance."""
    return float(np.degrees(2 * np.arctan(metres / 2 / distance_m)))


@pytest.mark.parametrize(("x", "z"), [(0.0, 40.0), (24.0, 32.0), (-24.0, 32.0)])
@pytest.mark.parametrize(("doubt_m", "nearer_m"), [(0.0, 40.0), (6.0, 34.0), (15.0, 25.0), (30.0, 24.0)])
@pytest.mark.parametrize("above_m", [0.0, 3.0])
def test_the_ball_may_be_nearer_farther_or_beside_by_its_uncertainty(
    x: float, z: float, doubt_m: float, nearer_m: float, above_m: float
) -> None:
    """But never nearer than 0.6 of its distance, which is 40 m."""
    ball = replace(track(x, z_m=z), uncertainty_m=np.full(61, doubt_m), above_m=np.full(61, above_m))
    targets = frame(ball, GROUND, STYLE, 0, TIMES_S)
    yaw = np.degrees(np.arctan2(x, z))
    beside = np.degrees(np.arctan(doubt_m / 40.0))
    for found, distance_m in ((targets.tilt_low_deg, nearer_m), (targets.tilt_high_deg, 40.0 + doubt_m)):
        np.testing.assert_allclose(found, GROUND.metres_to_angles(0.0, distance_m, above_m)[1])
    np.testing.assert_allclose(targets.yaw_low_deg, yaw - beside, atol=1e-9)
    np.testing.assert_allclose(targets.yaw_high_deg, yaw + beside, atol=1e-9)
    np.testing.assert_allclose(targets.aim_yaw_deg, yaw, atol=1e-9)


@pytest.mark.parametrize("start_ns", [0, 3 * NS_PER_S, -NS_PER_S // 2])
def test_the_camera_aims_where_a_pass_will_be_and_at_half_its_height(start_ns: int) -> None:
    seconds = np.arange(61) * 0.1
    lob = replace(track(-10.0, 6.0), start_ns=start_ns, z_m=40.0 + 2.0 * seconds, above_m=1.5 * seconds)
    targets = frame(lob, GROUND, STYLE, start_ns, TIMES_S)
    later_s = TIMES_S + STYLE.lead_s
    yaw, tilt = GROUND.metres_to_angles(-10.0 + 6.0 * later_s, 40.0 + 2.0 * later_s, 0.75 * later_s)
    np.testing.assert_allclose(targets.aim_yaw_deg, yaw, atol=0.01)
    np.testing.assert_allclose(targets.aim_tilt_deg, tilt, atol=0.01)
    in_a_second = frame(lob, GROUND, STYLE, start_ns + NS_PER_S, TIMES_S)
    np.testing.assert_allclose(in_a_second.aim_yaw_deg[:10], targets.aim_yaw_deg[5:15], atol=1e-9)


def test_the_view_widens_by_a_share_of_what_the_ball_moves_in_two_seconds() -> None:
    yaw_deg = 8.0 * np.arange(61) * 0.1
    for sign in (1.0, -1.0):
        moving = replace(track(), yaw_deg=sign * yaw_deg)
        width = frame(moving, GROUND, STYLE, 0, TIMES_S).hfov_deg
        wider = width - width_deg(STYLE.picture_width_m, 40.0)
        np.testing.assert_allclose(wider[5:], STYLE.speed_widens * 16.0)
        assert wider[0] == pytest.approx(STYLE.speed_widens * 8.0), "nothing is known of the second before"


@pytest.mark.parametrize("z", [1.0, 3.0, 40.0, 120.0])
@pytest.mark.parametrize("style", STYLES.values())
def test_the_view_stays_within_the_widths_of_its_style(z: float, style: Style) -> None:
    width = frame(track(z_m=z), GROUND, style, 0, TIMES_S).hfov_deg
    wanted = width_deg(style.picture_width_m, z)
    np.testing.assert_allclose(width, min(max(wanted, style.hfov_min_deg), style.hfov_max_deg))


@pytest.mark.parametrize(("reach_m", "is_wider"), [(0.0, False), (7.0, False), (8.0, True), (10.0, True)])
def test_players_on_both_sides_take_at_most_most_of_the_view(reach_m: float, is_wider: bool) -> None:
    crowded = replace(track(), players_reach_m=np.full(61, reach_m))
    width = frame(crowded, GROUND, STYLE, 0, TIMES_S).hfov_deg
    wanted = width_deg(2 * reach_m, 40.0) / 0.85
    np.testing.assert_allclose(width, wanted if is_wider else width_deg(STYLE.picture_width_m, 40.0))


def test_the_view_is_wider_while_the_ball_is_lost() -> None:
    following = np.where(np.arange(61) < 20, Following.BALL, Following.NOTHING).astype(np.int8)
    lost = frame(replace(track(), following=following), GROUND, STYLE, 0, TIMES_S)
    wider = lost.hfov_deg - frame(track(), GROUND, STYLE, 0, TIMES_S).hfov_deg
    np.testing.assert_allclose(wider, np.where(TIMES_S < 1.95, 0.0, 10.0))
    players = replace(track(), following=np.full(61, Following.PLAYERS, np.int8))
    seen_hfov_deg = frame(track(), GROUND, STYLE, 0, TIMES_S).hfov_deg
    np.testing.assert_allclose(frame(players, GROUND, STYLE, 0, TIMES_S).hfov_deg, seen_hfov_deg)


@pytest.mark.parametrize(
    ("away_m", "share"), [(16.0, 1.0), (10.0, 1.0), (22.0, 0.5), (25.0, 0.25), (28.0, 0.0)]
)
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_goal_draws_more_the_nearer_the_ball_is(away_m: float, share: float, side: float) -> None:
    """The camera aims between the ball and the farther post, a third of the view from the ball at most."""
    goal = (side * 30.0, 40.0)
    ball = track(side * (30.0 - away_m), z_m=40.0)
    plain, drawn = (frame(ball, GROUND, STYLE, 0, TIMES_S, goals) for goals in ((), (goal,)))
    goal_yaw, ball_yaw = (np.degrees(np.arctan2(x, 40.0)) for x in (30.0, 30.0 - away_m))
    to_post = goal_yaw + np.degrees(np.arctan(3.66 / 50.0)) - ball_yaw
    moved = share * min(to_post / 2, plain.hfov_deg[0] / 3)
    np.testing.assert_allclose(side * (drawn.aim_yaw_deg - plain.aim_yaw_deg), moved, atol=1e-9)
    wanted = share * min(to_post / 0.85, 1.6 * plain.hfov_deg[0])
    np.testing.assert_allclose(drawn.hfov_deg, np.maximum(plain.hfov_deg, wanted))
    np.testing.assert_allclose(drawn.yaw_low_deg, plain.yaw_low_deg)


def test_each_of_two_goals_draws() -> None:
    ball, goals = track(0.0), ((15.0, 40.0), (-15.0, 40.0))
    both = frame(ball, GROUND, STYLE, 0, TIMES_S, goals)
    one = frame(ball, GROUND, STYLE, 0, TIMES_S, goals[:1])
    assert (one.aim_yaw_deg > 2.0).all()
    assert (both.aim_yaw_deg < one.aim_yaw_deg - 2.0).all()
    assert (both.hfov_deg >= one.hfov_deg).all()


@pytest.mark.parametrize(("speed_m_s", "running"), [(0.0, 0.0), (0.5, 0.17), (1.5, 0.5), (8.0, 1.0)])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_play_runs_as_far_as_it_covers_half_of_the_view_in_three_seconds(
    speed_m_s: float, running: float, side: float
) -> None:
    targets = frame(track(-3.0, side * speed_m_s), GROUND, replace(STYLE, speed_widens=0.0), 0, TIMES_S)
    np.testing.assert_allclose(np.asarray(targets.running)[3:7], side * running, atol=0.03)


def test_a_small_field_is_shown_from_nearer_and_its_goal_later() -> None:
    handball = load_field("handball").play
    narrow = style_in(STYLE, handball)
    assert style_in(STYLE, FOOTBALL_PLAY) == STYLE
    assert narrow.picture_width_m == pytest.approx(STYLE.picture_width_m * 20 / 32)
    goal = [(24.0, 40.0)]
    football, small = (
        frame(track(), GROUND, STYLE, 0, TIMES_S, goal, play=play) for play in (FOOTBALL_PLAY, handball)
    )
    assert football.aim_yaw_deg[0] > 0.5, "the goal is near in football"
    assert small.aim_yaw_deg[0] == pytest.approx(0.0, abs=1e-9)
