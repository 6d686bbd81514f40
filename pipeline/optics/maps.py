"""Pixel maps: where in which camera's picture each pixel of a view comes from.

The map is evaluated exactly on every 16th pixel and enlarged linearly. The few cells in which it is far from
linear (the edge of what a lens can see, the back of a full turn, a pole) are evaluated pixel by pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array, rays_to_angles, wrap_deg
from pipeline.optics.rig import Rig
from pipeline.optics.view import View

STEP_PX = 16
"""Distance in pixels between the nodes, where the map is exact."""

NOWHERE_PX = -1e4
"""The coordinate of a pixel that a camera cannot see."""

BENT_SHARE = 0.1
"""A cell that spreads over more than this share of the camera's picture is not taken to be linear."""

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Columns = tuple[int, int]
"""A range of cells' columns, the second excluded. Cell c holds the pixels 16 c - 8 to 16 c + 7."""


@dataclass(slots=True)
class Part:
    """One camera's share of a view: all that is known of it at the nodes and in the cells between them."""

    camera: int
    pixels: Array
    """(rows + 1, columns + 1, 2): the camera's pixels at the nodes, nan where its lens cannot see."""
    weight: Array
    """(rows + 1, columns + 1): the share due by the seams, 0 to 1 across the feather, beyond that outside."""
    touched: Mask
    """(rows, columns): cells that may show the camera's picture."""
    full: Mask
    """(rows, columns): cells that the camera's picture fills."""
    bent: Mask
    """(rows, columns): touched cells in which the map is not nearly linear."""
    columns: Columns = (0, 0)
    """The columns of cells in which this camera is needed."""


class MapMaker:
    """Makes the maps of a rig's views in one picture size. Keeps scratch memory: one thread at a time."""

    def __init__(self, rig: Rig, width: int, height: int) -> None:
        self.size = width, height
        self._rig = rig
        rows, columns = -(-(height + STEP_PX // 2) // STEP_PX), -(-(width + STEP_PX // 2) // STEP_PX)
        self.columns = columns
        x = (np.arange(columns + 1) - 0.5) * STEP_PX - 0.5
        y = (np.arange(rows + 1) - 0.5) * STEP_PX - 0.5
        self._nodes = np.stack(np.meshgrid(x, y), axis=-1)
        self._scratch: dict[str, Floats] = {}
        order = sorted(range(len(rig.cameras)), key=lambda i: rig.cameras[i].yaw_deg)
        seams = (None, *rig.seams_deg, None)
        self._order = [(i, seams[rank], seams[rank + 1]) for rank, i in enumerate(order)]

    def parts(self, view: View) -> list[Part]:
        """The cameras that the view needs, from left to right, each with the columns in which it does."""
        rays = self._rays(view, self._nodes)
        yaw_deg = rays_to_angles(rays)[0] if len(self._order) > 1 else None
        parts = [self._part(i, left, right, rays, yaw_deg) for i, left, right in self._order]
        covered = np.ones_like(parts[0].touched)
        due = [_any_corner(part.weight > 0) for part in parts]
        for part, wanted in zip(parts, due, strict=True):
            covered &= part.full | ~wanted
        needed = []
        for part, wanted in zip(parts, due, strict=True):
            columns = np.flatnonzero((part.touched & (wanted | ~covered)).any(axis=0))
            if columns.size:
                part.columns = int(columns[0]), int(columns[-1]) + 1
                needed.append(part)
        return needed

    def pixel_range(self, columns: Columns) -> tuple[int, int]:
        """The first pixel of the columns and the one behind their last."""
        half = STEP_PX // 2
        return max(0, STEP_PX * columns[0] - half), min(self.size[0], STEP_PX * columns[1] - half)

    def enlarge(
        self, values: Array, columns: Columns, name: str, plane: Literal["luma", "chroma"] = "luma"
    ) -> Floats:
        """Node values (rows + 1, columns + 1) at each pixel of the columns; valid until the next so named."""
        step = STEP_PX if plane == "luma" else STEP_PX // 2
        scale = STEP_PX // step
        nodes = np.ascontiguousarray(values[:, columns[0] : columns[1] + 1], np.float32)
        shape = nodes.shape[0] * step, nodes.shape[1] * step
        room = self._scratch.get(name)
        if room is None or room.size < shape[0] * shape[1]:
            room = self._scratch[name] = np.empty(shape[0] * shape[1], np.float32)
        large = room[: shape[0] * shape[1]].reshape(shape)
        cv2.resize(nodes, shape[::-1], dst=large, interpolation=cv2.INTER_LINEAR)
        x0, x1 = (x // scale for x in self.pixel_range(columns))
        first = x0 - step * columns[0] + step
        return large[step : step + self.size[1] // scale, first : first + x1 - x0]

    def maps(
        self,
        view: View,
        part: Part,
        columns: Columns,
        origin_px: tuple[int, int] = (0, 0),
        plane: Literal["luma", "chroma"] = "luma",
    ) -> tuple[Floats, Floats]:
        """x and y in a plane of the camera's picture, cut at `origin_px` (luma pixels), for cv2.remap.

        Chroma samples lie midway between the four luma pixels that they colour.
        """
        shift, scale = (0.0, 1) if plane == "luma" else (0.5, 2)
        known = np.where(np.isnan(part.pixels), NOWHERE_PX, part.pixels)
        x, y = (
            self.enlarge(
                (known[..., axis] - shift - origin_px[axis]) / scale, columns, f"{plane} {axis}", plane
            )
            for axis in (0, 1)
        )
        bent = np.argwhere(part.bent[:, columns[0] : columns[1]])
        if bent.size:
            step = STEP_PX // scale
            offsets = np.arange(step) - step // 2
            first_column = self.pixel_range(columns)[0] // scale
            row = np.add.outer(bent[:, 0] * step, offsets)[:, :, None].repeat(step, axis=2)
            column = np.add.outer((bent[:, 1] + columns[0]) * step, offsets)[:, None, :].repeat(step, axis=1)
            inside = (row >= 0) & (row < y.shape[0])
            inside &= (column >= first_column) & (column < first_column + x.shape[1])
            row, column = row[inside], column[inside]
            at = np.stack([column, row], axis=-1) * scale + shift
            pixels = self._rig.camera_pixels(part.camera, self._rays(view, at))
            exact = (np.where(np.isnan(pixels), NOWHERE_PX, pixels) - shift - origin_px) / scale
            x[row, column - first_column], y[row, column - first_column] = exact[:, 0], exact[:, 1]
        return x, y

    def _rays(self, view: View, pixels: Array) -> Array:
        rays: Array = view.lens(*self.size).unproject(pixels) @ view.rotation.T
        return rays

    def _part(
        self, i: int, left_deg: float | None, right_deg: float | None, rays: Array, yaw_deg: Array | None
    ) -> Part:
        camera = self._rig.cameras[i]
        pixels = self._rig.camera_pixels(i, rays)
        x_low, x_high = _corner_range(pixels[..., 0])
        y_low, y_high = _corner_range(pixels[..., 1])
        width, height = camera.size_px
        known = ~np.isnan(pixels[..., 0])
        mixed = _any_corner(known) & ~_all_corners(known)
        spread = (x_high - x_low > BENT_SHARE * width) | (y_high - y_low > BENT_SHARE * height)
        touched = (x_high > -1) & (x_low < width) & (y_high > -1) & (y_low < height)
        touched |= mixed
        bent = touched & (mixed | spread)
        full = (x_low >= 0) & (x_high <= width - 1) & (y_low >= 0) & (y_high <= height - 1) & ~bent
        return Part(i, pixels, self._weight(left_deg, right_deg, yaw_deg, known.shape), touched, full, bent)

    def _weight(
        self, left_deg: float | None, right_deg: float | None, yaw_deg: Array | None, shape: tuple[int, ...]
    ) -> Array:
        weight = np.ones(shape) if yaw_deg is None else np.full(shape, np.inf)
        feather = self._rig.blend.feather_deg
        if yaw_deg is not None and left_deg is not None:
            weight = np.minimum(weight, wrap_deg(yaw_deg - left_deg) / feather + 0.5)
        if yaw_deg is not None and right_deg is not None:
            weight = np.minimum(weight, wrap_deg(right_deg - yaw_deg) / feather + 0.5)
        return weight


def _any_corner(values: Mask) -> Mask:
    a, b, c, d = values[:-1, :-1], values[:-1, 1:], values[1:, :-1], values[1:, 1:]
    return a | b | c | d


def _all_corners(values: Mask) -> Mask:
    return ~_any_corner(~values)


def _corner_range(values: Array) -> tuple[Array, Array]:
    """The least and the largest of each cell's corners; nan as NOWHERE."""
    known = np.where(np.isnan(values), NOWHERE_PX, values)
    a, b, c, d = known[:-1, :-1], known[:-1, 1:], known[1:, :-1], known[1:, 1:]
    return np.minimum(np.minimum(a, b), np.minimum(c, d)), np.maximum(np.maximum(a, b), np.maximum(c, d))
