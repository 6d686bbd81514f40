"""Flights of the ball: sightings too far away to be on the ground are moved onto a parabola or straight up.

To a single camera a ball in the air seems to roll far away over the ground and come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from pipeline.tracking.ground import Array

GRAVITY_M_S2 = 9.81
LONGEST_S = 4.0
"""The longest flight."""
SEEMS_SHARE, SEEMS_M = 1.15, 2.0
"""A sighting this much farther away than before and after it is in the air."""
LARGEST_RESIDUAL_M = 0.8
HIGHEST_M = 30.0
FASTEST_M_S = 40.0


@dataclass(frozen=True, slots=True)
class Sightings:
    """Sightings of one ball in time order, arrays of equal length: seconds, metres on the ground, metres above it.

    ``slope`` is the tangent of the elevation angle, upward positive.
    """

    time_s: Array
    x_m: Array
    z_m: Array
    slope: Array
    above_m: Array


def lift_flights(time_s: Array, x_m: Array, z_m: Array, slope: Array, height_m: float) -> Sightings:
    """The sightings, those in the air lifted off the ground; `height_m` is the camera's height.

    The direction of a sighting never changes, only its distance and so its height.
    """
    seems_m = np.hypot(x_m, z_m)
    if len(time_s) < 5:
        return Sightings(time_s, x_m, z_m, slope, np.zeros(len(time_s)))
    step_s = max(float(np.median(np.diff(time_s))), 1e-3)
    # A morphological opening cuts off what rises and falls again within that time.
    flight = np.ones((1, 2 * round(LONGEST_S / step_s / 2) + 1), np.uint8)
    opened = cv2.morphologyEx(seems_m[None], cv2.MORPH_OPEN, flight, borderType=cv2.BORDER_REPLICATE)
    base_m = cast(Array, opened)[0]
    flying = seems_m > SEEMS_SHARE * base_m + SEEMS_M
    range_m = np.where(flying, base_m, seems_m)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flying.astype(np.int8), [0]])))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        part = slice(max(0, begin - 2), min(len(time_s), end + 2))
        bearing = np.arctan2(x_m[part], z_m[part])
        found = _parabola(time_s[part], bearing, slope[part], height_m)
        if found is not None:
            range_m[part] = found
    shrink = range_m / np.maximum(seems_m, 1e-6)
    above_m = np.where(range_m < seems_m, np.maximum(height_m + range_m * slope, 0.0), 0.0)
    return Sightings(time_s, x_m * shrink, z_m * shrink, slope, above_m)


def _parabola(time_s: Array, bearing: Array, slope: Array, height_m: float) -> Array | None:
    """The ground distance of a ball on a parabola seen in these directions, (N,); None if no parabola fits.

    Gravity is known, so this is linear least squares in position and velocity at the first sighting: a sighting
    with bearing b and slope t requires x cos b = z sin b and y = height + t (x sin b + z cos b). The ends are
    pulled to the ground, which determines the distance of flights too short to show their curve.
    """
    t = time_s - time_s[0]
    size = len(t)
    if size < 5 or t[-1] < 0.3:
        return None
    sin, cos, zero, one = np.sin(bearing), np.cos(bearing), np.zeros(size), np.ones(size)
    sideways = np.stack([cos, cos * t, -sin, -sin * t, zero, zero], axis=1)
    upward = np.stack([-slope * sin, -slope * sin * t, -slope * cos, -slope * cos * t, one, t], axis=1)
    fall = 0.5 * GRAVITY_M_S2 * t * t
    low = 0.3 * np.array([[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, t[-1]]])
    left = np.concatenate([sideways, upward, low])
    right = np.concatenate([zero, height_m + fall, [0.0, 0.3 * fall[-1]]])
    solution, _, rank, _ = np.linalg.lstsq(left, right)
    if rank < 6:
        return None
    residual = float(np.sqrt(np.mean((left @ solution - right)[: 2 * size] ** 2)))
    x, z, y = (
        solution[0] + solution[1] * t,
        solution[2] + solution[3] * t,
        solution[4] + solution[5] * t - fall,
    )
    ahead = x * sin + z * cos
    speed = float(np.linalg.norm(solution[1::2]))
    plausible = y.min() > -1.0 and y.max() < HIGHEST_M and speed < FASTEST_M_S and ahead.min() > 1.0
    return ahead if plausible and residual < LARGEST_RESIDUAL_M else None
