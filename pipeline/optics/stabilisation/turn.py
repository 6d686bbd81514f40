"""Turn: a camera's rotation from its reference pose, fitted to how landmarks moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array

STEPS = 6
_DONE_RAD = 1e-7

NOISE_PX, ROUGH_PX = 0.15, 0.8
"""The least and the largest spread of the landmarks' errors that is assumed, in working pixels."""

OUTLIER = 4.0
"""A landmark whose error is this many times the spread has no say (Tukey's biweight)."""

NO_TURN: Array = np.zeros(3)

Turns = tuple[Array | None, ...]
"""For each camera of a rig the rotation matrix (3, 3) from its place, None for one that stands still.

It maps a ray in the camera's axes at its place to the same ray in its axes now.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """The camera's rotation since the reference, as a rotation vector in radians, about its x, y and z axes.

    It maps a ray in the camera's axes at the reference to the same ray in its axes now.
    """

    vector_rad: Array
    weights: Array
    """(n,): the say of each landmark, 0 to 1."""

    @property
    def agreement(self) -> float:
        """The share of the landmarks that agree, 0 to 1."""
        return float((self.weights > 0).mean()) if len(self.weights) else 0.0


def matrix_of(vector_rad: Array) -> Array:
    """The rotation matrix (3, 3) of a rotation vector in radians (Rodrigues)."""
    return cast(Array, cv2.Rodrigues(np.asarray(vector_rad, np.float64))[0])


def vector_of(matrix: Array) -> Array:
    """The rotation vector in radians of a rotation matrix (3, 3)."""
    return cast(Array, cv2.Rodrigues(matrix)[0])[:, 0]


def fit_turn(
    rays: Array, seen: Array, usable: NDArray[np.bool_], px_per_rad: float, start: Array = NO_TURN
) -> Turn:
    """The rotation that takes `rays` (n, 3) to `seen` (n, 3), unit rays both; people and leaves have no say.

    Iterated least squares with Tukey's biweight, from `start`, a rotation vector.
    """
    vector = start
    weights = np.zeros(len(rays))
    usable = usable & np.isfinite(seen).all(axis=-1)
    if usable.sum() < 3:
        return Turn(vector, weights)
    for _ in range(STEPS):
        matrix = matrix_of(vector)
        turned = rays @ matrix.T
        missed = np.where(usable[:, None], seen - turned, 0.0)
        error_px = np.sqrt((missed * missed).sum(axis=-1)) * px_per_rad
        # The median of a two-dimensional error is 1.18 times its spread in each direction.
        spread_px = float(np.clip(np.median(error_px[usable]) / 1.18, NOISE_PX, ROUGH_PX))
        share = np.minimum(error_px / (OUTLIER * spread_px), 1.0)
        weights = np.where(usable, (1 - share * share) ** 2, 0.0)
        # |seen - turned - w x turned|^2 is least where (sum of |p|^2 I - p p') w = sum of p x missed.
        weighted = turned * weights[:, None]
        normal = weights.sum() * np.eye(3) - weighted.T @ turned
        across = weighted.T @ missed
        pull = np.array(
            [across[1, 2] - across[2, 1], across[2, 0] - across[0, 2], across[0, 1] - across[1, 0]]
        )
        step = np.linalg.solve(normal + 1e-9 * np.eye(3), pull)
        vector = vector_of(matrix_of(step) @ matrix)
        if float(np.abs(step).max()) < _DONE_RAD:
            break
    return Turn(vector, weights)
