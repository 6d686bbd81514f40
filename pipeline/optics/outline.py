"""The outline of a camera's picture within its frames: what lies outside is black that is part of the source."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import RigError
from pipeline.optics.angles import Array

Outline = tuple[tuple[float, float], ...]
"""The corners of a polygon in pixels (x, y), in order; none if all of the frame is picture."""

MOST_CORNERS = 1000
_LEAST_AREA = 0.01
"""The smallest picture, as a fraction of the frame."""


def check_outline(outline: Outline, size_px: tuple[int, int]) -> None:
    """Raise RigError unless the outline is empty, or a polygon in a frame of this size."""
    if not outline:
        return
    width, height = size_px
    possible = all(
        len(corner) == 2
        and all(map(math.isfinite, corner))
        and -1 <= corner[0] <= width
        and -1 <= corner[1] <= height
        for corner in outline
    )
    if not possible or not 3 <= len(outline) <= MOST_CORNERS:
        raise RigError(
            f"outline_px has {len(outline)} corners; allowed: 3 to {MOST_CORNERS} corners [x, y] within the "
            f"{width}x{height} pixels of the frame"
        )
    if inside(outline, size_px).mean() < _LEAST_AREA:
        raise RigError("outline_px encloses nothing; allowed: the corners of the picture, in order around it")


def within(outline: Outline, size_px: tuple[int, int], pixels: Array) -> NDArray[np.bool_]:
    """Which of the pixels (..., 2) of a frame lie inside the outline; pixels outside the frame are moved to its
    edge."""
    width, height = size_px
    known = np.nan_to_num(pixels, nan=-1.0, posinf=-1.0, neginf=-1.0)
    columns = np.clip(np.rint(known[..., 0]), 0, width - 1).astype(np.intp)
    rows = np.clip(np.rint(known[..., 1]), 0, height - 1).astype(np.intp)
    chosen: NDArray[np.bool_] = inside(outline, size_px)[rows, columns]
    return chosen


@lru_cache(maxsize=16)
def inside(outline: Outline, size_px: tuple[int, int]) -> NDArray[np.bool_]:
    """The mask (height, width) of the pixels inside an outline; all of them if there is none."""
    if not outline:
        return np.ones(size_px[::-1], np.bool_)
    drawn = np.zeros(size_px[::-1], np.uint8)
    cv2.fillPoly(drawn, [np.rint(np.array(outline)).astype(np.int32)], (1,))
    return drawn.astype(np.bool_)
