"""The metrics of a path: against projection by a turned camera, and for motions whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.direction.metrics import image_position, measure

ASPECT = 1.5


def direction(yaw_deg: float, tilt_deg: float) -> np.ndarray:
    """The unit vector right, up, forward."""
    yaw, tilt = np.radians((yaw_deg, tilt_deg))
    return np.array([np.cos(tilt) * np.sin(yaw), np.sin(tilt), np.cos(tilt) * np.cos(yaw)])


@given(
    yaw=st.floats(-180, 180),
    tilt=st.floats(-80, 80),
    hfov=st.floats(5, 120),
    turn=st.floats(-180, 180),
    ball_tilt=st.floats(-80, 80),
)
def test_a_ball_is_where_a_turned_camera_sees_it(
    yaw: float, tilt: float, hfov: float, turn: float, ball_tilt: float
) -> None:
    forward = direction(yaw, tilt)
    right = direction(yaw + 90.0, 0.0)
    up = np.cross(forward, right)
    ball = direction(yaw + turn, ball_tilt)
    x, y = image_position(np.array([[yaw, tilt, hfov]]), np.array([[yaw + turn, ball_tilt]]), ASPECT)
    depth = float(ball @ forward)
    if depth < 1e-3:
        assert depth > -1e-3 or (np.isinf(x[0]) and np.isinf(y[0]))
        return
    half_width = depth * np.tan(np.radians(hfov / 2))
    assert x[0] == pytest.approx(ball @ right / half_width, rel=1e-6, abs=1e-9)
    assert y[0] == pytest.approx(ball @ up / (half_width / ASPECT), rel=1e-6, abs=1e-9)


def test_without_an_aspect_the_image_is_sixteen_by_nine() -> None:
    path, ball = np.array([[0.0, 0.0, 90.0]]), np.array([[0.0, np.degrees(np.arctan(9 / 16))]])
    assert image_position(path, ball)[1][0] == pytest.approx(1.0)
    figures = measure(np.tile(path, (4, 1)), np.tile(0.99 * ball, (4, 1)), 25.0)
    assert (figures.in_view_percent, figures.central_percent) == (100.0, 0.0)


def test_the_edges_belong_to_the_view_and_to_its_middle() -> None:
    """Each ball lies just inside or just outside an edge, to the side or above."""
    path = np.tile([0.0, 0.0, 90.0], (8, 1))
    places = [
        (0.799, 0),
        (0.801, 0),
        (0.999, 0),
        (1.001, 0),
        (0, -0.799),
        (0, -0.801),
        (0, 0.999),
        (0, 1.001),
    ]
    ball = np.degrees(np.arctan([(x, y / ASPECT) for x, y in places]))
    figures = measure(path, ball, 10.0, ASPECT)
    assert figures.in_view_percent == 75.0
    assert figures.central_percent == 25.0
    assert figures.longest_loss_s == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("lost", "longest"),
    [
        ("........", 0),
        ("########", 8),
        ("#.......", 1),
        (".......#", 1),
        ("##.###.#", 3),
        ("###.#.##", 3),
        ("#.##.###", 3),
        (".#.#.##.", 2),
    ],
)
def test_the_longest_loss_is_the_longest_run_wherever_it_is(lost: str, longest: int) -> None:
    path = np.tile([0.0, 0.0, 60.0], (len(lost), 1))
    ball = np.array([(50.0 if one == "#" else 0.0, 0.0) for one in lost])
    assert measure(path, ball, 4.0).longest_loss_s == longest / 4.0


def pan(yaw_deg: np.ndarray, rate_hz: float) -> tuple[float, float, float, float]:
    """Mean acceleration, mean jerk, highest speed and highest acceleration of a pan."""
    path = np.stack([yaw_deg, np.full(len(yaw_deg), -10.0), np.full(len(yaw_deg), 40.0)], axis=1)
    found = measure(path, path[:, :2], rate_hz)
    assert found.duration_s == pytest.approx(len(yaw_deg) / rate_hz)
    return (
        found.pan_acceleration_deg_s2,
        found.pan_jerk_deg_s3,
        found.highest_pan_deg_s,
        found.highest_pan_acceleration_deg_s2,
    )


@pytest.mark.parametrize("rate_hz", [10.0, 25.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_speed_acceleration_and_jerk_are_those_of_the_motion(rate_hz: float, sign: float) -> None:
    time_s = np.arange(0.0, 4.0, 1 / rate_hz)
    last_s = time_s[-1]
    assert pan(sign * 3.0 * time_s, rate_hz) == pytest.approx((0.0, 0.0, 3.0, 0.0), abs=1e-6)
    fastest = 2.0 * (last_s - 0.5 / rate_hz)  # between the last two samples
    assert pan(sign * time_s**2, rate_hz) == pytest.approx((2.0, 0.0, fastest, 2.0), abs=1e-6)
    acceleration, jerk, _, highest = pan(sign * time_s**3, rate_hz)
    assert jerk == pytest.approx(6.0)
    assert highest == pytest.approx(6.0 * (last_s - 1.0 / rate_hz))
    assert acceleration == pytest.approx(3.0 * last_s)


def test_reversals_count_per_minute_and_the_mean_width_is_that_of_all_samples() -> None:
    rate_hz, seconds = 10.0, 12.0
    time_s = np.arange(0.0, seconds, 1 / rate_hz)
    path = np.stack([10 * np.sin(2 * np.pi * time_s / 4.0), 0 * time_s, 30.0 + time_s], axis=1)
    figures = measure(path, path[:, :2], rate_hz)
    assert figures.reversals_per_min == pytest.approx(6 / seconds * 60.0)
    assert figures.mean_hfov_deg == pytest.approx(30.0 + (seconds - 1 / rate_hz) / 2)
