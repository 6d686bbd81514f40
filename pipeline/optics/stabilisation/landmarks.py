"""Landmarks: corners of the backdrop, spread over the image, by which a camera's turn is measured."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.frame import Plane
from pipeline.optics.stabilisation.tiles import TILE_PX

GRID = (8, 6)
"""At most one landmark in each cell of this many columns and rows, so that no tree or board takes them all."""

WORKING_WIDTH_PX = 1600
"""Landmarks are found and followed at about this width; more is not more exact."""

LEAST_CORNER = 0.03
"""A corner counts if it is at least this fraction of the usual cell's best (Shi and Tomasi 1994)."""

MARGIN_PX = TILE_PX // 2 + 8
"""Landmarks stay this far from the image's edge, in working pixels, so that they stay in the image."""

AVOIDED_PX = 12
"""A new landmark is at least this far from those that there are, in working pixels."""

_BLOCK_PX = 5


def working_scale(width: int) -> int:
    """The whole factor by which an image of this width is reduced."""
    return max(1, round(width / WORKING_WIDTH_PX))


def reduced(luma: Plane, scale: int) -> Plane:
    """The image, reduced by a whole factor."""
    if scale == 1:
        return luma
    height, width = luma.shape
    size = width // scale, height // scale
    whole = np.ascontiguousarray(luma[: size[1] * scale, : size[0] * scale])
    return cast(Plane, cv2.resize(whole, size, interpolation=cv2.INTER_AREA))


def find_landmarks(luma: Plane, scale: int, avoid_px: Array) -> Array:
    """Pixels of the best corner in each cell of `GRID`, (cells, 2), away from `avoid_px` (n, 2); nan where there is
    none."""
    strength = cv2.cornerMinEigenVal(cv2.GaussianBlur(reduced(luma, scale), (3, 3), 0), _BLOCK_PX)
    height, width = strength.shape
    found = np.full((GRID[0] * GRID[1], 2), np.nan)
    if width <= 2 * MARGIN_PX + GRID[0] or height <= 2 * MARGIN_PX + GRID[1]:
        return found
    for x, y in np.round((avoid_px + 0.5) / scale - 0.5).astype(int).tolist():
        cv2.circle(strength, (x, y), AVOIDED_PX, (0.0,), cv2.FILLED)
    xs = np.linspace(MARGIN_PX, width - MARGIN_PX, GRID[0] + 1).astype(int)
    ys = np.linspace(MARGIN_PX, height - MARGIN_PX, GRID[1] + 1).astype(int)
    best = np.zeros(len(found))
    for n in range(len(found)):
        row, column = divmod(n, GRID[0])
        cell = strength[ys[row] : ys[row + 1], xs[column] : xs[column + 1]]
        y, x = np.unravel_index(int(cell.argmax()), cell.shape)
        found[n] = xs[column] + x, ys[row] + y
        best[n] = cell[y, x]
    weak: NDArray[np.bool_] = best <= LEAST_CORNER * np.median(best)
    found[weak] = np.nan
    return (found + 0.5) * scale - 0.5
