"""For how long the ball has not been seen, and whether it waits where it was."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.tracking.ball import BallTracker, Following
from pipeline.tracking.flight import Sightings
from pipeline.tracking.ground import Array, LevelGround
from pipeline.tracking.unseen import SLOWEST, Unseen
from tests.tracking.test_ball import NS_PER_S, seen

HEIGHT_M = 8.0
GRID_S = 0.1 * np.arange(60, dtype=np.float64)


def sights(time_s: Array, x_m: Array, z_m: Array) -> Sightings:
    return Sightings(time_s, x_m, z_m, -HEIGHT_M / np.hypot(x_m, z_m), np.zeros(len(time_s)))


def rolling(speed_m_s: float, towards: tuple[float, float] = (1.0, 0.0)) -> Sightings:
    """A ball seen for two seconds."""
    time_s = np.arange(0.0, 2.01, 0.1)
    way_m = speed_m_s * (time_s - 2.0)
    return sights(time_s, 10.0 + towards[0] * way_m, 25.0 + towards[1] * way_m)


def test_without_a_sighting_it_was_never_seen() -> None:
    none = Unseen.of(GRID_S, sights(*np.zeros((3, 0))))
    assert np.isinf(none.seconds).all()
    assert not none.rests.any()


@pytest.mark.parametrize(("speed_m_s", "share"), [(0.0, SLOWEST), (1.0, SLOWEST), (6.0, 1.0), (20.0, 1.0)])
def test_time_counts_less_after_a_slow_ball(speed_m_s: float, share: float) -> None:
    unseen = Unseen.of(GRID_S, rolling(speed_m_s))
    assert unseen.seconds[20] == pytest.approx(0.0, abs=1e-9)
    assert unseen.seconds[50] == pytest.approx(3.0 * share, abs=1e-6)
    assert unseen.rests[30:].all() == (share < 1.0)
    assert not unseen.rests[:20].any()
    assert (unseen.x_m[30], unseen.z_m[30]) == pytest.approx((10.0, 25.0))


def test_a_ball_that_turned_back_is_not_slow() -> None:
    time_s = np.arange(0.0, 2.01, 0.1)
    x_m = 10.0 + 12.0 * np.abs(time_s - 1.5)  # half a second there, half a second back
    unseen = Unseen.of(GRID_S, sights(time_s, x_m, np.full(len(time_s), 25.0)))
    assert unseen.seconds[40] == pytest.approx(2.0, abs=1e-6)


def test_a_bounce_far_away_is_no_way() -> None:
    """A ball that is bounced on the spot seems to move far away and back, seen flat."""
    time_s = np.arange(0.0, 2.01, 0.1)
    seems_m = 45.0 + 2.5 * np.sin(2 * np.pi * time_s)
    unseen = Unseen.of(GRID_S, sights(time_s, np.zeros(len(time_s)), seems_m))
    assert unseen.seconds[40] == pytest.approx(2.0 * SLOWEST, abs=1e-6)


def test_a_ball_out_of_play_is_waited_for_where_it_was() -> None:
    """It lies at the touchline, then somebody stands before it; the players are far away."""
    ground = LevelGround(HEIGHT_M)
    crowd = [(30.0 + 2.0 * k, 40.0 + k, 0.0, 0.9, "player") for k in range(-4, 5)]
    sets = [
        seen(t, *crowd, *([(-20.0, 14.0, 0.0, 0.9, "ball")] if t < 2.0 else []))
        for t in np.arange(0.0, 8.0, 0.1)
    ]
    track = BallTracker(ground).track(sets, 0, 8 * NS_PER_S)
    np.testing.assert_allclose(track.x_m[:34], -20.0, atol=1.5)
    assert track.x_m[40] < 0.0
    assert track.following[45] == Following.BALL
    assert track.following[-1] == Following.PLAYERS
    assert track.x_m[-1] == pytest.approx(30.0, abs=6.0)
