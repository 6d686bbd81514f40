"""Players: the centre of play and the reach of those around the ball, as the cameras see them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tracking.players import Crowd


def crowd(*players: tuple[float, float, float]) -> Crowd:
    """Players by time, x and z."""
    time_s, x_m, z_m = np.array(players, np.float64).reshape(-1, 3).T
    return Crowd(time_s, x_m, z_m)


@given(x=st.floats(-40, 40), z=st.floats(2, 70), sideways=st.floats(-6, 6), deeper=st.floats(-3, 3))
def test_a_player_reaches_as_far_as_he_stands_beside_the_line_of_sight(
    x: float, z: float, sideways: float, deeper: float
) -> None:
    away = np.hypot(x, z)
    along, across = np.array([x, z]) / away, np.array([z, -x]) / away
    px, pz = np.array([x, z]) + deeper * along + sideways * across
    assert crowd((5.0, px, pz)).reach_m(5.0, x, z, 7.0) == pytest.approx(abs(sideways), abs=1e-9)


def test_only_players_around_the_ball_at_that_time_count() -> None:
    players = crowd(
        (4.7, 6.0, 40.0),
        (4.8, 1.0, 40.0),
        (5.0, -2.0, 40.0),
        (5.0, 6.9, 40.0),
        (5.0, 7.1, 40.0),
        (5.2, 3.0, 40.0),
    )
    assert players.reach_m(5.0, 0.0, 40.0, 7.0) == pytest.approx(6.9)
    assert players.reach_m(5.0, 0.0, 40.0, 5.0) == pytest.approx(3.0)
    assert players.reach_m(5.0, 0.0, 40.0, 2.5) == pytest.approx(2.0)
    assert players.reach_m(5.0, 0.0, 40.0, 1.5) == pytest.approx(1.0)
    assert players.reach_m(5.0, 0.0, 40.0, 7.0, within_s=0.35) == pytest.approx(6.9)
    assert players.reach_m(4.5, 0.0, 40.0, 7.0) == pytest.approx(6.0)
    assert players.reach_m(9.0, 0.0, 40.0, 7.0) == 0.0
    assert players.reach_m(5.0, 0.0, 80.0, 7.0) == 0.0


def test_a_ball_at_the_camera_gives_no_endless_reach() -> None:
    assert crowd((0.0, 2.0, 0.0)).reach_m(0.0, 0.0, 0.5, 7.0) == pytest.approx(1.0)


def test_the_centre_of_play_is_that_of_the_players_of_the_moment() -> None:
    players = crowd(
        (4.4, 90.0, 90.0),
        (4.6, 10.0, 30.0),
        (5.0, 14.0, 30.0),
        (5.4, 10.0, 36.0),
        (5.5, 90.0, 90.0),
        (5.6, 9.0, 9.0),
    )
    found = players.centre(5.0)
    assert found is not None
    assert found[:2] == pytest.approx((34 / 3, 32.0), abs=0.1)
    assert players.centre(7.0) is None
    assert players.centre(5.0, within_s=0.1) == pytest.approx((14.0, 30.0, 0.0))
    assert crowd().centre(0.0) is None


@given(st.floats(-30, 30), st.floats(10, 60), st.floats(0.5, 8))
def test_the_spread_is_the_usual_distance_from_the_centre(x: float, z: float, apart: float) -> None:
    corners = [(0.0, x + apart * a, z + apart * b) for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    assert crowd(*corners).centre(0.0) == pytest.approx((x, z, apart))


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_keeper_far_away_counts_by_a_bell_of_twenty_metres(side: float) -> None:
    far_m = 30.0
    players = [(0.0, 0.0, 40.0)] * 4 + [(0.0, side * far_m, 40.0), (0.0, 0.0, 40.0 + side * far_m)]
    weight = np.exp(-(far_m**2) / (2 * 20.0**2))
    middle = weight * far_m / (4 + 2 * weight)
    found = crowd(*players).centre(0.0)
    assert found is not None
    assert found[:2] == pytest.approx((side * middle, 40.0 + side * middle))
    square = (4 * 2 * middle**2 + 2 * weight * ((far_m - middle) ** 2 + middle**2)) / (4 + 2 * weight)
    assert found[2] == pytest.approx(np.sqrt(square))
