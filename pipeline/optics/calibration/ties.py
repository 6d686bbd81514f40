"""Tie points: patches that two cameras see, matched to a fraction of a pixel with the help of a nearly correct rig.

The rig warps one camera's image into the other's geometry; there a patch looks the same, even turf seen from two
positions, and normalised correlation finds it close to where the rig predicts it.
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
_LEAST_CORRELATION = 0.7
_LEAST_SHARPNESS = 0.004
"""Least curvature of the correlation at its peak, in both directions: an edge gives no position along itself."""
_LEAST_CONTRAST = 3.0
"""Least standard deviation of a patch's brightness, in levels."""


@dataclass(frozen=True, slots=True)
class WarpedPair:
    """The grey images of camera a and, warped into a's geometry, of camera b, and the mask of what b sees."""

    a: int
    b: int
    grey_a: Floats
    grey_b: Floats
    seen: NDArray[np.bool_]


def warp(rig: Rig, a: int, b: int, footage: tuple[Footage, ...]) -> WarpedPair:
    """Warp the background of camera b into the image geometry of camera a."""
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
    return WarpedPair(a, b, grey(footage[a].background), grey_b, seen)


def find_ties(rig: Rig, warped: WarpedPair, pixels: Array, half_px: int, reach_px: int) -> Matches:
    """Tie points at those of a's pixels (n, 2) whose patch has one clear match; at most n."""
    found_a, found_warped = [], []
    margin = half_px + reach_px
    height, width = warped.grey_a.shape
    for x, y in np.round(pixels).astype(int):
        if not (margin <= x < width - margin and margin <= y < height - margin):
            continue
        near = np.s_[y - margin : y + margin + 1, x - margin : x + margin + 1]
        if not warped.seen[near][::margin, ::margin].all():
            continue
        patch = warped.grey_a[y - half_px : y + half_px + 1, x - half_px : x + half_px + 1]
        if patch.std() < _LEAST_CONTRAST:
            continue
        shift = _peak(
            cv2.matchTemplate(warped.grey_b[near], patch, cv2.TM_CCOEFF_NORMED).astype(np.float32, copy=False)
        )
        if shift is not None:
            found_a.append((x, y))
            found_warped.append((x + shift[0] - reach_px, y + shift[1] - reach_px))
    pixels_a = np.array(found_a, np.float64).reshape(-1, 2)
    pixels_warped = np.array(found_warped, np.float64).reshape(-1, 2)
    pixels_b = rig.camera_pixels(warped.b, rig.pixel_rays(warped.a, pixels_warped))
    known = np.isfinite(pixels_b).all(axis=1)
    return Matches(warped.a, warped.b, pixels_a[known], pixels_b[known])


def _peak(correlation: Floats) -> tuple[float, float] | None:
    """The position of the clear peak to a fraction of a pixel, by a parabola in each direction; None without
    one."""
    row, column = np.unravel_index(int(np.argmax(correlation)), correlation.shape)
    top = float(correlation[row, column])
    if top < _LEAST_CORRELATION or not (
        0 < row < correlation.shape[0] - 1 and 0 < column < correlation.shape[1] - 1
    ):
        return None
    left, right = correlation[row, column - 1], correlation[row, column + 1]
    above, below = correlation[row - 1, column], correlation[row + 1, column]
    bend_x, bend_y = float(left + right - 2 * top), float(above + below - 2 * top)
    if min(-bend_x, -bend_y) < _LEAST_SHARPNESS:
        return None
    return column + float(left - right) / (2 * bend_x), row + float(above - below) / (2 * bend_y)
