"""Tests of the simulation: plausible people and ball, repeatable from a seed, and like football."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.match import ball as ballistics
from pipeline.match.ball import Ball
from pipeline.match.match_state import PLAYERS, Event, MatchState
from pipeline.match.play import TICK_HZ, TICK_S, Play

pytestmark = pytest.mark.xdist_group("match-play")


def played(seed: int, seconds: float) -> tuple[list[MatchState], list[Event]]:
    play = Play(seed)
    states = [play.at(tick * TICK_S) for tick in range(round(seconds * TICK_HZ))]
    return states, play.heard()


@pytest.fixture(scope="module")
def five_minutes() -> tuple[list[MatchState], list[Event]]:
    return played(1, 300.0)


def test_nobody_runs_faster_than_a_person_can(five_minutes: tuple[list[MatchState], list[Event]]) -> None:
    position = np.array([state.position for state in five_minutes[0]])
    velocity = np.diff(position, axis=0) * TICK_HZ
    acceleration = np.diff(velocity, axis=0) * TICK_HZ
    assert np.linalg.norm(velocity, axis=-1).max() <= 9.0
    assert np.linalg.norm(acceleration, axis=-1).max() <= 5.0


def test_the_ball_never_jumps(five_minutes: tuple[list[MatchState], list[Event]]) -> None:
    ball = np.array([state.ball for state in five_minutes[0]])
    assert (np.linalg.norm(np.diff(ball, axis=0), axis=1) * TICK_HZ).max() <= 32.0
    assert ball[:, 2].min() >= -1e-9
    assert np.abs(ball[:, 0]).max() < 58.0
    assert np.abs(ball[:, 1]).max() < 39.0


def test_play_visits_both_goals_and_both_flanks(five_minutes: tuple[list[MatchState], list[Event]]) -> None:
    ball = np.array([state.ball for state in five_minutes[0]])
    assert ball[:, 0].min() < -36.0
    assert ball[:, 0].max() > 36.0
    flank = np.sign(ball[np.abs(ball[:, 1]) > 12.0, 1])
    assert np.count_nonzero(np.diff(flank)) >= 5
    kicks = [event for event in five_minutes[1] if event.kind == "kick"]
    assert len(kicks) > 50


def test_a_seed_gives_the_same_match_at_any_sampling() -> None:
    every, some = Play(5), Play(5)
    for tick in range(300):
        every.at(tick * TICK_S)
    a, b = every.at(10.0), some.at(10.0)
    assert np.array_equal(a.position, b.position)
    assert a.ball == b.ball
    assert every.heard() == some.heard()


def test_another_seed_gives_another_match() -> None:
    assert Play(1).at(20.0).ball != Play(2).at(20.0).ball


def test_the_match_cannot_go_back_in_time() -> None:
    play = Play(0)
    play.at(2.0)
    with pytest.raises(ValueError, match="does not run back"):
        play.at(1.0)


def test_between_ticks_everything_moves_linearly() -> None:
    play = Play(3)
    before, middle, after = (play.at(7.0 + part * TICK_S) for part in (0.0, 0.5, 1.0))
    assert middle.position == pytest.approx((before.position + after.position) / 2)
    assert middle.ball == pytest.approx([(a + b) / 2 for a, b in zip(before.ball, after.ball, strict=True)])


@settings(max_examples=30, deadline=None)
@given(st.floats(8.0, 50.0), st.floats(20.0, 50.0))
def test_a_lofted_ball_lands_at_its_target(distance_m: float, elevation_deg: float) -> None:
    forward, rise = ballistics.lofted_speeds(distance_m, elevation_deg)
    ball = Ball(u=-30.0)
    ball.kick(forward, 0.0, rise)
    heights = []
    while True:
        before = ball.u
        ball.step(TICK_S)
        if ball.z <= 0.0:
            break
        heights.append(ball.z)
    assert before - forward * TICK_S <= -30.0 + distance_m <= ball.u + forward * TICK_S
    assert max(heights) == pytest.approx(rise**2 / (2 * ballistics.GRAVITY), rel=0.02)


@given(st.floats(3.0, 45.0), st.floats(0.5, 10.0))
def test_a_rolled_ball_arrives_with_the_intended_speed(distance_m: float, arrival: float) -> None:
    speed = ballistics.rolling_speed(distance_m, arrival)
    time_s = (speed - arrival) / ballistics.ROLLING_DECELERATION
    ball = Ball()
    ball.speed_u = speed
    assert ball.future(np.array([time_s]))[0, 0] == pytest.approx(distance_m)


def test_the_predicted_ball_is_where_it_later_is() -> None:
    ball = Ball(u=-20.0, speed_u=14.0, speed_v=3.0, speed_z=6.0)
    expected = ball.future(np.array([0.5, 1.0]))
    for row in expected:
        for _ in range(round(0.5 / TICK_S)):
            ball.step(TICK_S)
        assert (ball.u, ball.v, ball.z) == pytest.approx(tuple(row), abs=1e-6)


def test_a_goal_is_stopped_by_the_net_and_followed_by_a_kick_off() -> None:
    play = Play(7)
    ticks = itertools.count()
    state = next(
        state for tick in ticks if sum((state := play.at(tick * TICK_S)).score) or tick > 30 * 60 * TICK_HZ
    )
    assert sum(state.score) == 1
    assert [event.kind for event in play.heard()][-2:] == ["goal", "whistle"]
    behind_line = [abs(play.at(next(ticks) * TICK_S).ball[0]) for _ in range(TICK_HZ)]
    assert 52.5 < max(behind_line) < 54.6
    for _ in range(40 * TICK_HZ):
        state = play.at(next(ticks) * TICK_S)
        if (events := play.heard()) and events[-1].kind == "kick":
            break
    assert math.hypot(*events[-1].place) < 1.0


def test_everyone_is_at_a_sensible_place(five_minutes: tuple[list[MatchState], list[Event]]) -> None:
    position = np.array([state.position for state in five_minutes[0]])
    assert np.abs(position[:, :PLAYERS, 0]).max() < 57.0
    assert np.abs(position[:, :PLAYERS, 1]).max() < 37.5
    assert np.isfinite(position).all()
    facing = np.array([state.facing for state in five_minutes[0][::50]])
    assert np.linalg.norm(facing, axis=-1) == pytest.approx(np.ones(facing.shape[:2]), abs=0.2)
    assert math.isfinite(five_minutes[0][-1].danger)
