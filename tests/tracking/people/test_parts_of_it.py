"""Tests of the parts of the people tracker: motion, smoother, colours, axes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.optics.rig_parts import Pitch
from pipeline.timebase import NS_PER_S
from pipeline.tracking.people.motion import SPEED_M_S, transition
from pipeline.tracking.people.parts import two_colours
from pipeline.tracking.people.places import FieldAxes, PlaceReader
from pipeline.tracking.people.smoother import Seen, smoothed
from tests.tracking.people.seen import RIG, seen, truth_of


@given(a=st.floats(0.01, 5.0), b=st.floats(0.01, 5.0))
def test_two_steps_are_one_long_step(a: float, b: float) -> None:
    (step_a, noise_a), (step_b, noise_b), (step, noise) = transition(a), transition(b), transition(a + b)
    np.testing.assert_allclose(step_b @ step_a, step, atol=1e-12)
    np.testing.assert_allclose(step_b @ noise_a @ step_b.T + noise_b, noise, atol=1e-9)


@given(seed=st.integers(0, 10_000), missed=st.floats(0.0, 0.8))
def test_the_smoother_gives_the_best_estimate_of_all_that_was_seen(seed: int, missed: float) -> None:
    """Against the same estimate by one large least squares."""
    rng = np.random.default_rng(seed)
    size = 12
    times_ns = np.cumsum(rng.integers(40, 400, size) * 1_000_000).tolist()
    steps = np.unique(np.concatenate([[0], np.flatnonzero(rng.random(size) >= missed)]))
    xy = rng.normal(0, 5, (len(steps), 2))
    covariance = np.tile(np.diag([0.3, 0.8]), (len(steps), 1, 1))
    found = smoothed(times_ns, [Seen(steps, xy, covariance)], [None])
    # the first place gives x and y, a prior of any velocity the rest
    precision, right = np.zeros((4 * size, 4 * size)), np.zeros(4 * size)
    precision[2:4, 2:4] += np.eye(2) / SPEED_M_S**2
    for k, step in enumerate(steps.tolist()):
        part = slice(4 * step, 4 * step + 2)
        inverse = np.linalg.inv(covariance[k])
        precision[part, part] += inverse
        right[part] += inverse @ xy[k]
    for t in range(size - 1):
        step, noise = transition((times_ns[t + 1] - times_ns[t]) / NS_PER_S)
        rows = np.zeros((4, 4 * size))
        rows[:, 4 * t : 4 * t + 4], rows[:, 4 * t + 4 : 4 * t + 8] = -step, np.eye(4)
        precision += rows.T @ np.linalg.inv(noise) @ rows
    expected = np.linalg.solve(precision, right).reshape(size, 4)
    np.testing.assert_allclose(found.mean[:, 0], expected, atol=1e-5)
    variances = np.diag(np.linalg.inv(precision)).reshape(size, 4)
    np.testing.assert_allclose(np.diagonal(found.spread[:, 0], axis1=1, axis2=2), variances, atol=1e-5)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), others=st.integers(0, 5))
def test_two_colours_are_found_among_a_few_others(seed: int, others: int) -> None:
    rng = np.random.default_rng(seed)
    one = rng.uniform(60, 190, 3)
    angle = rng.normal(size=3)
    two = one + 60 * angle / np.linalg.norm(angle)
    shirts = np.concatenate(
        [one + rng.normal(0, 3, (10, 3)), two + rng.normal(0, 3, (10, 3)), rng.uniform(0, 255, (others, 3))]
    )
    colours, _spread = two_colours(shirts, np.ones(len(shirts)))
    first = int(np.linalg.norm(colours - one, axis=1).argmin())
    np.testing.assert_allclose(colours[first], one, atol=12)
    np.testing.assert_allclose(colours[1 - first], two, atol=12)


@pytest.mark.parametrize("yaw_deg", [0.0, 8.0, -8.0, 180.0, 173.0])
def test_left_and_near_are_as_the_cameras_see_them(yaw_deg: float) -> None:
    pitch = Pitch(105.0, 68.0, (3.0, 50.0), yaw_deg)
    axes = FieldAxes(pitch)
    left, right = axes.from_world(-40.0, 50.0), axes.from_world(40.0, 50.0)
    near, far = axes.from_world(3.0, 30.0), axes.from_world(3.0, 70.0)
    assert left[0] < 30 < 75 < right[0]
    assert near[1] < 20 < 48 < far[1]
    np.testing.assert_allclose(axes.from_world(3.0, 50.0), [52.5, 34.0])
    np.testing.assert_allclose(axes.from_world(*axes.to_world(left)), left)


def test_people_are_where_they_stand() -> None:
    (frame,) = truth_of(0.08)
    (places,) = (PlaceReader(RIG).places(one) for one in seen([frame], missed=0.0, false=0.0))
    true = np.array([(row.x_m, row.y_m) for row in frame if row.label != "ball"])
    apart = places.xy_m - true
    square = (apart[:, None] @ np.linalg.inv(places.covariance) @ apart[..., None])[:, 0, 0]
    assert 0.05 < np.median(square) < 3.0, "as exact as they say"
