"""Small patches that two cameras both see, placed to a fraction of a pixel with a rig that is nearly right.

One camera's picture is bent into the other's geometry by the rig; there the same patch looks the same, even
turf seen from two places, and is found by normalised correlation close to where the rig says.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.pictures import Floats, grey, sample
from pipeline.optics.rig import Rig

_NODE_PX = 16
_LEAST_LIKENESS = 0.7
_LEAST_SHARPNESS = 0.004
"""Second difference of the likeness at its peak, either way: an edge does not fix a place along itself."""
_LEAST_CONTRAST = 3.0
"""Standard deviation of a patch's brightness, levels."""


@dataclass(frozen=True, slots=True)
class Bent:
    """Camera b's picture in camera a's geometry (grey, as a's), and where b truly shows it."""

    a: int
    b: int
    grey_a: Floats
    grey_b: Floats
    seen: NDArray[np.bool_]


def bend(rig: Rig, a: int, b: int, footage: tuple[Footage, ...]) -> Bent:
    """Bend b's background into a's picture."""
    width, height = rig.cameras[a].size_px
    columns, rows = np.meshgrid(
        np.arange(0.0, width + _NODE_PX, _NODE_PX), np.arange(0.0, height + _NODE_PX, _NODE_PX)
    )
    nodes = rig.camera_pixels(b, rig.pixel_rays(a, np.stack([columns, rows], axis=-1)))
    known = np.nan_to_num(nodes, nan=-1e4).astype(np.float32)
    at = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) / _NODE_PX
    map_xy = sample(known, at.astype(np.float32))
    wide, high = rig.cameras[b].size_px
    seen = (map_xy > 0).all(axis=2) & (map_xy[..., 0] < wide - 1) & (map_xy[..., 1] < high - 1)
    grey_b = sample(grey(footage[b].background), map_xy, cubic=True)
    return Bent(a, b, grey(footage[a].background), grey_b, seen)


def refine(rig: Rig, bent: Bent, pixels: Array, half_px: int, reach_px: int) -> Matches:
    """Matches at those of a's pixels (n, 2) whose patch is found again clearly; fewer than n."""
    found_a, found_bent = [], []
    margin = half_px + reach_px
    height, width = bent.grey_a.shape
    for x, y in np.round(pixels).astype(int):
        if not (margin <= x < width - margin and margin <= y < height - margin):
            continue
        near = np.s_[y - margin : y + margin + 1, x - margin : x + margin + 1]
        if not bent.seen[near][::margin, ::margin].all():
            continue
        patch = bent.grey_a[y - half_px : y + half_px + 1, x - half_px : x + half_px + 1]
        if patch.std() < _LEAST_CONTRAST:
            continue
        shift = _peak(
            cv2.matchTemplate(bent.grey_b[near], patch, cv2.TM_CCOEFF_NORMED).astype(np.float32, copy=False)
        )
        if shift is not None:
            found_a.append((x, y))
            found_bent.append((x + shift[0] - reach_px, y + shift[1] - reach_px))
    pixels_a = np.array(found_a, np.float64).reshape(-1, 2)
    pixels_bent = np.array(found_bent, np.float64).reshape(-1, 2)
    pixels_b = rig.camera_pixels(bent.b, rig.pixel_rays(bent.a, pixels_bent))
    known = np.isfinite(pixels_b).all(axis=1)
    return Matches(bent.a, bent.b, pixels_a[known], pixels_b[known])


def _peak(likeness: Floats) -> tuple[float, float] | None:
    """The place of the one clear peak to a fraction of a pixel (a parabola each way); None without one."""
    row, column = np.unravel_index(int(np.argmax(likeness)), likeness.shape)
    top = float(likeness[row, column])
    if top < _LEAST_LIKENESS or not (0 < row < likeness.shape[0] - 1 and 0 < column < likeness.shape[1] - 1):
        return None
    left, right = likeness[row, column - 1], likeness[row, column + 1]
    above, below = likeness[row - 1, column], likeness[row + 1, column]
    bend_x, bend_y = float(left + right - 2 * top), float(above + below - 2 * top)
    if min(-bend_x, -bend_y) < _LEAST_SHARPNESS:
        return None
    return column + float(left - right) / (2 * bend_x), row + float(above - below) / (2 * bend_y)
