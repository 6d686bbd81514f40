"""Tiles: overlapping views of the rig in a model's input size, and the conversion of their boxes to angles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.field import Field
from pipeline.optics.frame import Frame
from pipeline.optics.render import Renderer
from pipeline.optics.rig import Rig
from pipeline.optics.view import View

TILE_HFOV_DEG = 40.0
"""With an input 640 pixels wide a ball at 60 m is three pixels wide; fewer are not found, more need more tiles."""

OVERLAP_DEG = 4.0
"""More than the height of a player 25 m away, so that a player cut by one tile is complete in the next."""

HEADROOM_DEG = 3.0
"""How far the tiles extend above the far edge of the field, for players' heads and high balls."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tile:
    """One view, and the size of its image in pixels."""

    view: View
    width: int
    height: int

    def to_angles(self, corners_px: Array) -> Array:
        """Boxes (N, 4) left, top, right, bottom in pixels as (N, 4) yaw and tilt of the centre, width and height in
        degrees."""
        left, top, right, bottom = corners_px.T - 0.5
        x, y = (left + right) / 2, (top + bottom) / 2
        pixels = np.stack([np.stack([x, left, right, x, x]), np.stack([y, y, y, top, bottom])], axis=-1)
        yaw_deg, tilt_deg = self.view.pixels_to_angles(pixels, self.width, self.height)
        width_deg = np.abs((yaw_deg[2] - yaw_deg[1] + 180) % 360 - 180)
        return np.stack([yaw_deg[0], tilt_deg[0], width_deg, np.abs(tilt_deg[3] - tilt_deg[4])], axis=-1)


def plan_tiles(
    rig: Rig, width: int, height: int, field: Field | None = None, hfov_deg: float = TILE_HFOV_DEG
) -> list[Tile]:
    """Tiles of one size that together show all of the field that the rig sees; without a field, all ground."""
    cover = rig.coverage()
    field = field or Field.within(rig, rig.surface.range_cap_m)
    yaw_deg, tilt_deg = np.meshgrid(
        np.linspace(cover.yaw_min_deg, cover.yaw_max_deg, 121),
        np.linspace(cover.tilt_min_deg, cover.tilt_max_deg, 121),
    )
    wanted = field.contains(yaw_deg, tilt_deg) & rig.seen_by(yaw_deg, tilt_deg).any(axis=-1)
    if not wanted.any():
        wanted = np.ones_like(wanted)
    yaws, tilts = yaw_deg[wanted], tilt_deg[wanted]
    vfov_deg = math.degrees(2 * math.atan(math.tan(math.radians(hfov_deg) / 2) * height / width))
    top_deg = min(float(tilts.max()) + HEADROOM_DEG, 89.0)
    tiles = []
    for tilt in _middles(float(tilts.min()), top_deg, vfov_deg):
        for yaw in _middles(float(yaws.min()), float(yaws.max()), hfov_deg):
            tile = Tile(View(yaw, tilt, hfov_deg), width, height)
            if _shows(tile, yaws, tilts):
                tiles.append(tile)
    return tiles


def _shows(tile: Tile, yaw_deg: Array, tilt_deg: Array) -> bool:
    """Whether any of the directions is in the tile."""
    pixels = tile.view.angles_to_pixels(yaw_deg, tilt_deg, tile.width, tile.height)
    with np.errstate(invalid="ignore"):
        inside = (pixels >= 0) & (pixels < (tile.width, tile.height))
    return bool(inside.all(axis=-1).any())


class TileRenderer:
    """Renders tiles of one size in RGB. Keeps scratch memory: one thread at a time."""

    def __init__(self, rig: Rig, width: int, height: int) -> None:
        self._renderer = Renderer(rig, width, height, "NV12")
        self._frame = Frame.empty("NV12", width, height)

    def render(self, tile: Tile, frame: Frame) -> NDArray[np.uint8]:
        """The tile's RGB image, (height, width, 3), uint8; new memory."""
        luma, chroma = self._renderer.render(tile.view, frame, self._frame).planes
        return cv2.cvtColorTwoPlane(luma, chroma, cv2.COLOR_YUV2RGB_NV12).astype(np.uint8, copy=False)


def _middles(low_deg: float, high_deg: float, extent_deg: float) -> list[float]:
    """The evenly spaced centres of tiles that cover a range with at least the overlap between them."""
    span = high_deg - low_deg
    if span <= extent_deg:
        return [(low_deg + high_deg) / 2]
    count = math.ceil((span - OVERLAP_DEG) / (extent_deg - OVERLAP_DEG))
    return [float(at) for at in np.linspace(low_deg + extent_deg / 2, high_deg - extent_deg / 2, count)]
