"""Tests of the spline, the planner's limits, and the path metrics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.direction.metrics import image_position, measure, reversals
from pipeline.direction.planner import Planner, Targets
from pipeline.direction.spline import STRIDE_S, matrix, value
from pipeline.direction.styles import STYLES, style_named
from pipeline.errors import ConfigError

PLANNER = Planner(STYLES["broadcast"], 4.0, 16 / 9)


def wandering(seed: int) -> Targets:
    rng = np.random.default_rng(seed)
    yaw = np.cumsum(rng.normal(0, 4, PLANNER.samples))
    tilt = -12 + np.cumsum(rng.normal(0, 1, PLANNER.samples))
    doubt = rng.uniform(0, 6, PLANNER.samples)
    hfov = rng.uniform(22, 60, PLANNER.samples)
    return Targets(yaw - doubt, yaw + doubt, tilt - 1, tilt + 1, yaw, tilt, hfov)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_a_sequence_of_plans_keeps_every_limit(seed: int) -> None:
    style = PLANNER.style
    committed, shown = None, []
    for stride in range(4):
        points = PLANNER.solve(wandering(seed + stride), committed)
        assert points is not None
        if committed is not None:
            np.testing.assert_allclose(points[:3], committed, atol=1e-6)
        shown.append(points[3] if shown else points[:4])
        committed = points[1:4]
    path = np.vstack(shown)
    speed, bend = np.diff(path, axis=0) / STRIDE_S, np.diff(path, n=2, axis=0) / STRIDE_S**2
    assert (np.abs(speed) <= [style.pan_speed_deg_s, style.tilt_speed_deg_s, style.zoom_speed_deg_s]).all()
    assert np.abs(bend[:, 0]).max() <= style.pan_acceleration_deg_s2
    assert np.abs(bend[:, 1]).max() <= style.tilt_acceleration_deg_s2
    assert path[:, 2].min() >= style.hfov_min_deg - 1e-6
    assert path[:, 2].max() <= style.hfov_max_deg + 1e-6


def test_equal_calls_give_identical_results() -> None:
    def solve_two() -> list[np.ndarray | None]:
        planner = Planner(STYLES["broadcast"], 4.0, 16 / 9)
        return [planner.solve(wandering(seed), None) for seed in (1, 2)]

    for first, second in zip(solve_two(), solve_two(), strict=True):
        assert first is not None
        assert second is not None
        assert (first == second).all()


@given(st.lists(st.floats(-90, 90), min_size=8, max_size=8), st.floats(0, 1.999))
def test_a_spline_equals_its_matrix_and_lies_within_its_control_points(
    points: list[float], time_s: float
) -> None:
    control = np.array(points)
    at = float(value(control[:, None], time_s)[0])
    assert at == pytest.approx(float((matrix(np.array([time_s]), 8) @ control)[0]), abs=1e-9)
    assert min(points) - 1e-9 <= at <= max(points) + 1e-9


def test_the_styles_differ_and_an_unknown_one_is_refused() -> None:
    widths = [STYLES[name].picture_width_m for name in ("close", "broadcast", "calm")]
    assert widths == sorted(widths)
    with pytest.raises(ConfigError, match="broadcast"):
        style_named("shaky")


def test_the_metrics_measure_what_they_say() -> None:
    still = np.tile([0.0, -10.0, 40.0], (100, 1))
    ball = np.tile([0.0, -10.0], (100, 1))
    ball[10:35, 0] = 19.0  # in the view, outside its middle
    ball[50:60, 0] = 25.0  # outside
    figures = measure(still, ball, 25.0)
    assert figures.in_view_percent == 90.0
    assert figures.central_percent == 65.0
    assert figures.longest_loss_s == pytest.approx(0.4)
    assert figures.pan_acceleration_deg_s2 == 0.0
    assert figures.mean_hfov_deg == 40.0


def test_the_corners_of_the_view_are_correct() -> None:
    path = np.array([[10.0, 0.0, 90.0]])
    x, y = image_position(path, np.array([[55.0, 0.0]]))
    assert x[0] == pytest.approx(1.0)
    assert y[0] == pytest.approx(0.0)
    x, _ = image_position(path, np.array([[-170.0, 0.0]]))
    assert np.isinf(x[0])


def test_a_reversal_is_a_change_of_direction_not_a_rest() -> None:
    right, rest, left = np.full(25, 2.0), np.zeros(25), np.full(25, -2.0)
    speeds = np.concatenate([right, rest, right, left, rest, left, right])
    assert reversals(np.cumsum(speeds) / 25.0, 25.0) == 2
