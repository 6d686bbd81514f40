"""Uniform cubic B-splines: a path is given by its control points and is twice continuously differentiable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STRIDE_S = 0.4
"""The spacing of the knots, and the interval between plans."""
STRIDE_NS = 400_000_000

COMMITTED = 3
"""The number of control points that the views already shown determine; the next one is free."""


def weights(u: Array) -> Array:
    """The four weights, shape (..., 4), at the fraction u of a span (de Boor, A Practical Guide to Splines)."""
    v = 1.0 - u
    return (
        np.stack(
            [v**3, 3 * u**3 - 6 * u**2 + 4, 3 * v**3 - 6 * v**2 + 4, u**3],
            axis=-1,
        )
        / 6.0
    )


def matrix(times_s: Array, points: int) -> Array:
    """The map (len(times_s), points) from control points to values; times count from the first full span."""
    place = times_s / STRIDE_S
    span = np.clip(np.floor(place).astype(np.intp), 0, points - 4)
    rows = np.zeros((len(times_s), points))
    four = weights(place - span)
    for k in range(4):
        rows[np.arange(len(times_s)), span + k] = four[:, k]
    return rows


def value(points: Array, time_s: float) -> Array:
    """The value at `time_s` of a spline with control points (points, ...); constant beyond its end."""
    place = min(max(time_s / STRIDE_S, 0.0), len(points) - 3.0)
    span = min(int(place), len(points) - 4)
    u = place - span
    v = 1.0 - u
    four = (v**3, 3 * u**3 - 6 * u**2 + 4, 3 * v**3 - 6 * v**2 + 4, u**3)
    result: Array = sum(w * point for w, point in zip(four, points[span : span + 4], strict=True)) / 6.0
    return result


def continued(points: Array, time_s: float) -> Array:
    """The first COMMITTED control points of a spline that continues at `time_s` with the same value, speed and
    acceleration: the four weights and their derivatives at the start of a span, solved for the points."""
    place = min(max(time_s / STRIDE_S, 0.0), len(points) - 3.0)
    span = min(int(place), len(points) - 4)
    u = place - span
    before, first, second, third = points[span : span + 4]
    bend = (1 - u) * (before - 2 * first + second) + u * (first - 2 * second + third)
    step = (
        (1 - u) ** 2 * (first - before) / 2
        + (1 / 2 + u - u**2) * (second - first)
        + u**2 * (third - second) / 2
    )
    middle = value(points, time_s) - bend / 6
    result: Array = np.stack([middle + bend / 2 - step, middle, middle + bend / 2 + step])
    return result


def differences(points: int, order: int) -> Array:
    """The matrix (points - order, points) of differences of that order, not divided by the stride."""
    return np.diff(np.eye(points), n=order, axis=0)
