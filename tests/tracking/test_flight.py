"""Flights: the path of a ball in the air, from the directions in which it is seen alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tracking import flight
from pipeline.tracking.flight import GRAVITY_M_S2, lift_flights

HEIGHT_M = 8.0
Place = tuple[float, float, float]
"""Metres to the right, forward and above the ground."""


def flown(start: Place, speed: Place, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where a ball is that was kicked at `start` with that speed in metres a second."""
    x, z, y = (place + velocity * time_s for place, velocity in zip(start, speed, strict=True))
    return x, z, y - GRAVITY_M_S2 / 2 * time_s**2


def found_m(start: Place, speed: Place, time_s: np.ndarray) -> np.ndarray | None:
    """The distances on the ground that are found for that flight; None if it is taken for no flight."""
    x, z, y = flown(start, speed, time_s)
    slope = (y - HEIGHT_M) / np.hypot(x, z)
    return flight._parabola(time_s + 7.0, np.arctan2(x, z), slope, HEIGHT_M)


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(-30, 30),
    z=st.floats(20, 50),
    speed=st.tuples(st.floats(-12, 12), st.floats(-6, 6)),
    lasts_s=st.floats(0.8, 2.4),
)
def test_a_ball_from_the_ground_to_the_ground_is_found_where_it_flies(
    x: float, z: float, speed: tuple[float, float], lasts_s: float
) -> None:
    time_s = np.linspace(0.0, lasts_s, 25)
    start, kick = (x, z, 0.0), (*speed, GRAVITY_M_S2 / 2 * lasts_s)
    at_x, at_z, _ = flown(start, kick, time_s)
    found = found_m(start, kick, time_s)
    assert found is not None
    np.testing.assert_allclose(found, np.hypot(at_x, at_z), rtol=1e-6)


@pytest.mark.parametrize(
    ("speed", "lasts_s", "is_flight"),
    [
        ((30.0, 0.0), 1.0, True),
        ((39.0, 0.0), 1.0, True),
        ((40.0, 0.0), 1.0, False),  # with its 5 m/s upward faster than any ball
        ((0.0, 39.0), 1.0, True),
        ((0.0, 41.0), 1.0, False),
        ((28.2, 28.2), 1.0, False),
        ((-28.0, 27.0), 1.0, True),
        ((5.0, 5.0), 4.8, True),
        ((5.0, 5.0), 5.1, False),  # higher than 30 m
        ((0.0, -14.0), 1.3, True),
        ((0.0, -15.0), 1.3, False),  # to less than a metre from the camera
    ],
)
def test_what_no_ball_does_is_no_flight(speed: tuple[float, float], lasts_s: float, is_flight: bool) -> None:
    time_s = np.linspace(0.0, lasts_s, 40)
    kick = (*speed, GRAVITY_M_S2 / 2 * lasts_s)
    assert (found_m((0.0, 20.0, 0.0), kick, time_s) is not None) is is_flight


@pytest.mark.parametrize(("lowest_m", "is_flight"), [(-0.9, True), (-1.2, False), (-1.9, False)])
def test_a_flight_does_not_go_through_the_ground(lowest_m: float, is_flight: bool) -> None:
    """Both ends are as deep in the ground: the pull towards it leaves that almost as it is."""
    time_s = np.linspace(0.0, 2.0, 400)
    found = found_m((-10.0, 20.0, lowest_m), (9.0, 1.0, GRAVITY_M_S2), time_s)
    assert (found is not None) is is_flight


@pytest.mark.parametrize(("count", "lasts_s"), [(4, 1.0), (0, 0.0), (25, 0.29), (5, 0.1)])
def test_too_little_of_a_flight_shows_no_curve(count: int, lasts_s: float) -> None:
    time_s = np.linspace(0.0, lasts_s, max(count, 1))
    assert found_m((0.0, 30.0, 0.0), (5.0, 0.0, GRAVITY_M_S2 / 2 * lasts_s), time_s) is None


def test_five_sightings_in_three_tenths_of_a_second_are_enough() -> None:
    time_s = np.linspace(0.0, 0.3001, 5)
    assert found_m((0.0, 30.0, 0.0), (5.0, 0.0, GRAVITY_M_S2 / 2 * 0.3001), time_s) is not None


def test_directions_that_fit_no_parabola_are_no_flight() -> None:
    time_s = np.linspace(0.0, 2.0, 40)
    bearing, slope = 0.5 * np.sin(9.0 * time_s), -0.25 + 0.1 * np.cos(7.0 * time_s)
    assert flight._parabola(time_s, bearing, slope, HEIGHT_M) is None


def seen_on_ground(x: np.ndarray, z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where a ball above the ground seems to roll, and the slope at which it is seen."""
    farther = HEIGHT_M / (HEIGHT_M - y)
    return x * farther, z * farther, (y - HEIGHT_M) / np.hypot(x, z)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_ball_that_rolls_flies_and_rolls_is_lifted_while_it_flies(side: float) -> None:
    time_s = np.arange(0.0, 6.0, 0.04)
    in_air_s = np.clip(time_s - 2.0, 0.0, 1.6)
    x, z = side * (-12.0 + 8.0 * in_air_s), 30.0 + 3.0 * in_air_s
    y = GRAVITY_M_S2 / 2 * in_air_s * (1.6 - in_air_s)
    seems_x, seems_z, slope = seen_on_ground(x, z, y)
    found = lift_flights(time_s, seems_x, seems_z, slope, HEIGHT_M)
    surely = (y == 0.0) | (y > 1.5)  # just after the kick it still seems to roll
    np.testing.assert_allclose(found.x_m[surely], x[surely], atol=1.0)
    np.testing.assert_allclose(found.z_m[surely], z[surely], atol=3.0)
    np.testing.assert_allclose(found.above_m[surely], y[surely], atol=0.8)
    np.testing.assert_allclose(np.arctan2(found.x_m, found.z_m), np.arctan2(x, z), atol=1e-9)
    assert (found.above_m[:40] == 0.0).all()
    assert found.above_m.max() == pytest.approx(y.max(), abs=0.8)
    assert (found.time_s == time_s).all()
    assert (found.slope == slope).all()


def test_a_ball_that_rolls_away_and_back_stays_on_the_ground() -> None:
    time_s = np.arange(0.0, 6.0, 0.04)
    x, z = 5.0 * np.sin(time_s), 30.0 + 2.0 * np.sin(time_s)
    found = lift_flights(time_s, x, z, -HEIGHT_M / np.hypot(x, z), HEIGHT_M)
    np.testing.assert_allclose(found.x_m, x)
    np.testing.assert_allclose(found.z_m, z)
    assert (found.above_m == 0.0).all()


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_few_sightings_stay_as_they_are(count: int) -> None:
    time_s = 0.04 * np.arange(count)
    x, z = np.linspace(0.0, 90.0, count), np.full(count, 30.0)
    found = lift_flights(time_s, x, z, np.full(count, -0.2), HEIGHT_M)
    assert (found.x_m == x).all()
    assert (found.z_m == z).all()
    assert (found.above_m == 0.0).all()
    assert len(found.above_m) == count


def test_a_ball_straight_up_is_lifted_above_where_it_was_kicked() -> None:
    """It does not land: no parabola fits what goes up and stays, so it is lifted at its distance."""
    time_s = np.arange(0.0, 4.0, 0.04)
    y = np.where((time_s > 1.0) & (time_s < 3.0), 4.0, 0.0)
    x, z = np.full(100, 10.0), np.full(100, 30.0)
    seems_x, seems_z, slope = seen_on_ground(x, z, y)
    found = lift_flights(time_s, seems_x, seems_z, slope, HEIGHT_M)
    np.testing.assert_allclose(found.x_m, x)
    np.testing.assert_allclose(found.z_m, z)
    np.testing.assert_allclose(found.above_m, y, atol=1e-9)
