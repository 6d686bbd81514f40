"""Smoother: one smooth movement through the sightings of the ball and, where it is not seen, past the players."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from pipeline.tracking.ground import Array

GRID_S = 0.1
"""The spacing of a track's targets."""


@dataclass(frozen=True, slots=True)
class Smoothness:
    """How exact the sightings are, and how the ball usually moves."""

    noise_m: float = 0.3
    """The standard deviation of a sighting on the ground."""
    acceleration_m_s2: float = 25.0
    """The typical change of the ball's speed at a touch."""
    speed_m_s: float = 8.0
    """The typical speed while the ball is not seen."""
    crowd_m: float = 4.0
    """The standard deviation of the ball from the centre of play, for a tenth of a second."""


SMOOTHNESS = Smoothness()


def smooth(
    size: int,
    places: Array,
    sights_m: Array,
    crowd_cells: NDArray[np.intp],
    crowd_m: Array,
    settings: Smoothness,
) -> Array:
    """x, z and height (3, size) on a grid of cells of `GRID_S`, by least squares of all terms of `settings`.

    ``sights_m`` (3, N): x, z and height of the sightings at ``places`` (N,), in cells; those beyond the grid do not
    count. ``crowd_m`` (2, C): the centre of play in the cells ``crowd_cells`` (C,). Whittaker 1923, with an
    additional term of first differences, which keeps gaps straight and the ends at rest.
    """
    inside = (places >= -1) & (places <= size)
    if not inside.any() and len(crowd_cells) == 0:
        nearest = sights_m[:, [0 if places[0] > size else -1]] if len(places) else [[0.0], [40.0], [0.0]]
        return np.tile(np.array(nearest) * [[1.0], [1.0], [0.0]], size)
    place = np.clip(places[inside], 0.0, size - 1.000001)
    cell = place.astype(np.intp)
    part = place - cell
    weight = 1.0 / settings.noise_m**2
    bands = np.zeros((3, size))  # upper banded form: [2] is the diagonal
    bands[2] += weight * np.bincount(cell, (1 - part) ** 2, size)
    bands[2] += weight * np.bincount(cell + 1, part**2, size)
    bands[1, 1:] += weight * np.bincount(cell, part * (1 - part), size)[:-1]
    right = np.stack(
        [
            weight * (np.bincount(cell, (1 - part) * axis, size) + np.bincount(cell + 1, part * axis, size))
            for axis in sights_m[:, inside]
        ],
        axis=1,
    )
    if len(crowd_cells):
        weak = 1.0 / settings.crowd_m**2
        bands[2, crowd_cells] += weak
        right[crowd_cells, :2] += weak * crowd_m.T
    stiff = 1.0 / (settings.acceleration_m_s2 * GRID_S**2) ** 2
    slow = 1.0 / (settings.speed_m_s * GRID_S) ** 2
    bands[2, :-2] += stiff
    bands[2, 1:-1] += 4 * stiff
    bands[2, 2:] += stiff
    bands[1, 1:-1] -= 2 * stiff
    bands[1, 2:] -= 2 * stiff
    bands[0, 2:] += stiff
    bands[2, :-1] += slow
    bands[2, 1:] += slow
    bands[1, 1:] -= slow
    found = solveh_banded(bands, right, check_finite=False)
    found[:, 2] = np.maximum(found[:, 2], 0.0)
    return np.asarray(found.T, np.float64)
