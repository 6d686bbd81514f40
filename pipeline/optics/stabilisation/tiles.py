"""Tiles: small squares of a camera's image around the landmarks, side by side in one sheet.

Following landmarks in a sheet costs a tenth of following them in the whole image, whatever its size.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.frame import Plane

TILE_PX = 32
"""The side of a tile, in working pixels."""

COLUMNS = 8

LARGEST_GAIN = 1.5
"""A tile that became brighter or darker by more than this factor is not only lit differently."""


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Tiles of one image: the sheet, and where each tile's first pixel is in the image, (n, 2)."""

    sheet: Plane
    origins_px: Array
    scale: int

    def to_sheet(self, pixels: Array) -> NDArray[np.float32]:
        """Positions in the sheet (n, 2) of pixels of the image, each in its own tile."""
        inside = (pixels - self.origins_px) / self.scale
        return (inside + _corners(len(pixels))).astype(np.float32)

    def to_pixels(self, places: NDArray[np.float32]) -> Array:
        """The inverse of `to_sheet`."""
        return (places.astype(np.float64) - _corners(len(places))) * self.scale + self.origins_px

    def take(self, other: Tiles, chosen: NDArray[np.bool_]) -> None:
        """Replace the `chosen` tiles (n,) by those of another image."""
        for n in np.flatnonzero(chosen).tolist():
            top, left = n // COLUMNS * TILE_PX, n % COLUMNS * TILE_PX
            tile = slice(top, top + TILE_PX), slice(left, left + TILE_PX)
            self.sheet[tile] = other.sheet[tile]
        self.origins_px[chosen] = other.origins_px[chosen]


def cut(luma: Plane, centres_px: Array, scale: int) -> Tiles:
    """The tiles around `centres_px` (n, 2), one after the other, reduced by the factor `scale`.

    A centre too close to the image's edge is moved inward.
    """
    side = TILE_PX * scale
    height, width = luma.shape
    corners = np.round(centres_px).astype(np.int64) - side // 2
    corners = np.clip(corners, 0, (width - side, height - side))
    rows = -(-len(corners) // COLUMNS)
    large = np.zeros((rows * side, COLUMNS * side), np.uint8)
    for n, (x, y) in enumerate(corners.tolist()):
        top, left = n // COLUMNS * side, n % COLUMNS * side
        large[top : top + side, left : left + side] = luma[y : y + side, x : x + side]
    size = COLUMNS * TILE_PX, rows * TILE_PX
    sheet = large if scale == 1 else cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    origins_px = np.asarray(corners + (scale - 1) / 2, np.float64)
    return Tiles(np.asarray(sheet, np.uint8), origins_px, scale)


def equally_lit(sheet: Plane, reference: Plane) -> Plane:
    """`sheet` with each tile's brightness and contrast brought to the reference's: a cloud is no movement."""
    now = sheet.astype(np.float32)
    (mean, spread), (wanted, wanted_spread) = _light(now), _light(reference.astype(np.float32))
    gain = np.clip(wanted_spread / np.maximum(spread, 1), 1 / LARGEST_GAIN, LARGEST_GAIN)
    size = sheet.shape[1], sheet.shape[0]
    gains, offsets = (
        cv2.resize(each, size, interpolation=cv2.INTER_NEAREST) for each in (gain, wanted - mean * gain)
    )
    return np.asarray(np.clip(now * gains + offsets, 0, 255) + 0.5, np.uint8)


def _light(sheet: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean and the standard deviation of each tile of a sheet, (rows, columns)."""
    size = sheet.shape[1] // TILE_PX, sheet.shape[0] // TILE_PX
    mean, square = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (sheet, sheet * sheet))
    return np.asarray(mean), np.sqrt(np.maximum(np.asarray(square) - np.asarray(mean) ** 2, 0))


def _corners(count: int) -> Array:
    n = np.arange(count)
    return np.stack([n % COLUMNS, n // COLUMNS], axis=-1).astype(np.float64) * TILE_PX
