"""Tests of the ball tracker: association, flight, gaps, and players if the ball is lost."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.timebase import NS_PER_S, Nanoseconds
from pipeline.tracking.association import MOTION, Candidates, best_chain, usual_step_s
from pipeline.tracking.ball import BallTracker, Following
from pipeline.tracking.flight import GRAVITY_M_S2
from pipeline.tracking.ground import LevelGround, camera_height_m

GROUND = LevelGround(8.0)


def seen(time_s: float, *things: tuple[float, float, float, float, str]) -> DetectionSet:
    """A detection set with objects at x, z, height above ground (m), score, label."""
    detections = []
    for x, z, above, score, label in things:
        yaw, tilt = GROUND.metres_to_angles(x, z, above)
        detections.append(
            Detection("ball" if label == "ball" else "player", score, float(yaw), float(tilt), 0.0, 0.0)
        )
    return DetectionSet(Nanoseconds(round(time_s * NS_PER_S)), tuple(detections))


def chain_score(candidates: Candidates, chain: tuple[int, ...]) -> float:
    """The score that `best_chain` maximises, for candidates that neither lie nor fly."""
    score = float(candidates.gain[list(chain)].sum())
    for i, j in itertools.pairwise(chain):
        dt = candidates.time_s[j] - candidates.time_s[i]
        d = np.hypot(candidates.x_m[j] - candidates.x_m[i], candidates.z_m[j] - candidates.z_m[i])
        if dt <= 0:
            return -np.inf
        reachable = d <= MOTION.slack_m + MOTION.highest_speed_m_s * dt
        excess = max(d - MOTION.slack_m - MOTION.free_speed_m_s * dt, 0.0)
        cost = (excess / (MOTION.usual_speed_m_s * dt + 1.0)) ** 2 if reachable else np.inf
        cost += MOTION.unseen_cost * max(dt - max(0.5, 2.0 * usual_step_s(candidates.time_s)), 0.0)
        score -= min(cost, MOTION.fresh_start)
    return score


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.floats(-40, 40), st.floats(10, 70), st.floats(0.05, 8.0)),
        min_size=1,
        max_size=7,
    )
)
def test_best_chain_finds_the_best_of_all_chains(rows: list[tuple[int, float, float, float]]) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    # At 0.35 s apart no step counts as a flight, and no candidate is near often enough to count as lying still.
    time_s, x_m, z_m, gain = (np.array(column, float) for column in zip(*rows, strict=True))
    candidates = Candidates(
        0.35 * time_s,
        x_m,
        z_m,
        gain,
        -8.0 / np.hypot(x_m, z_m),
        np.ones(len(time_s)),
        np.arange(len(time_s), dtype=float),
        0.35 * time_s,
        0.35 * time_s,
    )
    found = tuple(int(i) for i in best_chain(candidates, still_factor=1.0, alone_factor=1.0))
    every = (
        chain for size in range(1, len(rows) + 1) for chain in itertools.combinations(range(len(rows)), size)
    )
    best = max(chain_score(candidates, chain) for chain in every)
    assert chain_score(candidates, found) == pytest.approx(best)


def test_a_spare_ball_that_lies_still_is_not_the_ball() -> None:
    sets = [
        seen(i / 25, (-20 + 0.3 * i, 30.0, 0.0, 0.6, "ball"), (35.0, 60.0, 0.0, 0.9, "ball"))
        for i in range(150)
    ]
    track = BallTracker(GROUND).track(sets, 0, 6 * NS_PER_S)
    moving = -20 + 0.3 * 25 * 0.1 * np.arange(60)
    np.testing.assert_allclose(track.x_m[:60], moving, atol=0.5)


def test_later_detections_reject_a_false_ball() -> None:
    # Passes to and fro at 12 m/s, each 1.2 s long.
    ball = [(i / 25, 10.0 + 12.0 * abs((i / 25 + 1.2) % 2.4 - 1.2)) for i in range(200)]
    sets = [
        seen(t, (x, 30.0, 0.0, 0.7, "ball"))
        if not 40 <= i < 60
        else seen(t, (-30.0 + 0.5 * i, 55.0, 0.0, 0.9, "ball"))
        for i, (t, x) in enumerate(ball)
    ]
    track = BallTracker(GROUND).track(sets, 0, 7 * NS_PER_S)
    truth = np.interp(0.1 * np.arange(71), *np.array(ball).T)
    near = np.abs(track.x_m - truth) < 3.0
    assert near[:16].all()
    assert near[24:].all()
    assert np.abs(track.x_m - truth).max() < 12.0, "the false ball is 30 m away"
    assert track.uncertainty_m[20] > 1.0
    assert track.uncertainty_m[5] == 0.0


def test_a_high_pass_follows_a_parabola() -> None:
    sets, truth = [], []
    for i in range(150):
        t = i / 25
        flown = min(max(t - 1.5, 0.0), 2.4)
        x, above = -18.0 + 15.0 * flown, max(0.0, GRAVITY_M_S2 / 2 * flown * (2.4 - flown))
        truth.append((t, x, 35.0, above))
        sets.append(seen(t, (x, 35.0, above, 0.8, "ball")))
    track = BallTracker(GROUND).track(sets, 0, round(5.9 * NS_PER_S))
    grid = np.arange(len(track.x_m)) * 0.1
    times, x, z, above = np.array(truth).T
    yaw, tilt = GROUND.metres_to_angles(x, z, above)
    np.testing.assert_allclose(track.yaw_deg, np.interp(grid, times, yaw), atol=0.8)
    np.testing.assert_allclose(track.tilt_deg, np.interp(grid, times, tilt), atol=0.8)
    assert track.above_m.max() == pytest.approx(above.max(), abs=1.5)
    assert np.hypot(track.x_m, track.z_m).max() < 45.0


def test_after_a_long_loss_of_the_ball_the_players_are_followed() -> None:
    sets = [seen(0.0, (0.0, 30.0, 0.0, 0.9, "ball"))] + [
        seen(t, *((20.0 + k, 40.0 + k, 0.0, 0.9, "player") for k in range(-3, 4)))
        for t in np.arange(0, 9, 0.2)
    ]
    track = BallTracker(GROUND).track(sets, 0, 8 * NS_PER_S)
    assert track.following[0] == Following.BALL
    assert (track.following[40:] == Following.PLAYERS).all()
    np.testing.assert_allclose(track.x_m[40:], 20.0, atol=0.5)
    assert 1.0 < track.uncertainty_m[60] < 10.0


def test_without_detections_there_is_no_target() -> None:
    track = BallTracker(GROUND).track([], 0, NS_PER_S)
    assert (track.following == Following.NOTHING).all()
    assert np.isfinite(track.yaw_deg).all()


@given(st.floats(-60, 60), st.floats(2, 120), st.floats(0, 7))
def test_tracks_in_metres_and_in_angles_agree(x: float, z: float, above: float) -> None:
    yaw, tilt = GROUND.metres_to_angles(x, z)
    np.testing.assert_allclose(GROUND.angles_to_metres(yaw, tilt), (x, z), rtol=1e-9, atol=1e-9)
    assert GROUND.metres_to_angles(x, z, above)[1] >= tilt
    assert np.isnan(GROUND.angles_to_metres(0.0, 0.0)[0])
    assert camera_height_m(GROUND) == pytest.approx(8.0)


def test_a_runners_boots_are_no_ball_while_the_real_one_lies_still_and_fades() -> None:
    """A ball rolls, lies, is not seen for two seconds and is shot; meanwhile a player runs past it."""

    def true_x_m(time_s: float) -> float:
        return -10.0 + 5.0 * min(time_s, 2.0) + 15.0 * max(time_s - 6.5, 0.0)

    sets = []
    for index in range(100):
        time_s = 0.08 * index
        runner = (10.0 - 5.0 * time_s, 40.0)
        things = [(*runner, 0.0, 0.9, "player")]
        if index % 2 == 0:
            things.append((*runner, 0.0, 0.07, "ball"))
        if not 4.5 < time_s < 6.5:
            things.append((true_x_m(time_s), 50.0, 0.0, 0.6 if 2.0 < time_s < 6.5 else 0.8, "ball"))
        sets.append(seen(time_s, *things))
    track = BallTracker(GROUND).track(sets, 0, 8 * NS_PER_S)
    times_s = 0.1 * np.arange(len(track.x_m))
    truth = np.array([true_x_m(time_s) for time_s in times_s])
    assert np.hypot(track.x_m - truth, track.z_m - 50.0).max() < 5.0
