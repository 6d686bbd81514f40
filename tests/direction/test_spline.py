"""The spline of a path, against scipy's B-splines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import BSpline

from pipeline.direction.spline import COMMITTED, STRIDE_S, continued, differences, matrix, value

points_of_any = st.integers(4, 9).flatmap(
    lambda count: st.lists(st.tuples(*[st.floats(-90, 90)] * 2), min_size=count, max_size=count)
)
places = st.floats(0, 1)


def reference(points: np.ndarray) -> BSpline:
    """Cubic with a knot each stride; its first whole span begins at time 0."""
    knots = STRIDE_S * (np.arange(len(points) + 4) - 3.0)
    return BSpline(knots, points, 3)


@given(points_of_any, places)
def test_a_spline_is_a_cubic_b_spline_with_a_knot_each_stride(
    points: list[tuple[float]], place: float
) -> None:
    control = np.array(points)
    time_s = place * (len(control) - 3) * STRIDE_S
    expected = reference(control)(time_s)
    np.testing.assert_allclose(value(control, time_s), expected, atol=1e-9)
    np.testing.assert_allclose(matrix(np.array([time_s]), len(control)) @ control, [expected], atol=1e-9)


@given(points_of_any, st.floats(0.001, 5))
def test_outside_its_times_a_spline_stands_at_its_ends(points: list[tuple[float]], away_s: float) -> None:
    control = np.array(points)
    end_s = (len(control) - 3) * STRIDE_S
    np.testing.assert_allclose(value(control, -away_s), reference(control)(0.0), atol=1e-9)
    np.testing.assert_allclose(value(control, end_s + away_s), reference(control)(end_s), atol=1e-9)


@given(points_of_any, places)
def test_what_continues_a_spline_has_its_value_speed_and_acceleration(
    points: list[tuple[float]], place: float
) -> None:
    control = np.array(points)
    time_s = place * (len(control) - 3) * STRIDE_S
    new = continued(control, time_s)
    assert new.shape == (COMMITTED, 2)
    following = reference(np.concatenate([new, [[40.0, -40.0]]]))
    for order in range(3):
        expected = reference(control)(time_s, order)
        np.testing.assert_allclose(following(0.0, order), expected, atol=1e-7)


@pytest.mark.parametrize("away_s", [0.4, 9.0])
def test_what_continues_a_spline_beyond_its_ends_goes_on_from_there(away_s: float) -> None:
    control = np.array([0.0, 1.0, 5.0, 4.0, 4.0, -3.0])
    end_s = (len(control) - 3) * STRIDE_S
    np.testing.assert_allclose(continued(control, end_s + away_s), continued(control, end_s))
    np.testing.assert_allclose(continued(control, -away_s), control[:3], atol=1e-12)


def test_the_differences_of_a_parabola() -> None:
    parabola = np.arange(6.0) ** 2
    np.testing.assert_array_equal(differences(6, 1) @ parabola, [1, 3, 5, 7, 9])
    np.testing.assert_array_equal(differences(6, 2) @ parabola, [2, 2, 2, 2])
    np.testing.assert_array_equal(differences(6, 3) @ parabola, [0, 0, 0])
