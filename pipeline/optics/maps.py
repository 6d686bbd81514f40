"""Pixel maps: where in which camera's picture each pixel of a view comes from.

The map is evaluated exactly on every 16th pixel and enlarged linearly. The few cells in which it is far from
linear (the edge of what a lens can see, the back of a full turn, a pole) are evaluated pixel by pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
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

MARGIN_PX = 4
"""By how much a camera's `box` exceeds its nodes: bilinear taps and the coarse map's error."""

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]
PlaneName = Literal["luma", "chroma"]


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of cells; ends excluded. Cell n of a row or column holds the pixels 16 n - 8 to 16 n + 7."""

    row: int
    end_row: int
    column: int
    end_column: int

    @property
    def cells(self) -> tuple[slice, slice]:
        """Index of its cells in an array of cells."""
        return slice(self.row, self.end_row), slice(self.column, self.end_column)

    @property
    def nodes(self) -> tuple[slice, slice]:
        """Index of its nodes, the cells' corners, in an array of nodes."""
        return slice(self.row, self.end_row + 1), slice(self.column, self.end_column + 1)


@dataclass(frozen=True, slots=True)
class Part:
    """One camera's share of a view: all that is known of it at the nodes and in the cells between them."""

    camera: int
    pixels: Array
    """(rows + 1, columns + 1, 2): the camera's pixels at the nodes, nowhere where its lens cannot see."""
    weight: Array
    """(rows + 1, columns + 1): the share due by the seams, 0 to 1 across the feather, beyond that outside."""
    full: Mask
    """(rows, columns): cells that the camera's picture fills."""
    bent: Mask
    """(rows, columns): cells that the map enlarged linearly would take across the picture, unlike the exact one."""
    needed: Mask
    """(rows, columns): cells in which this camera is needed."""
    box: tuple[int, int, int, int]
    """Left, top, right and bottom (excluded) of what the needed cells show of its picture; even."""
    spacing: float
    """Pixels of its picture per pixel of the view, in the middle cell."""


class MapMaker:
    """Makes the maps of a rig's views in one picture size.

    Keeps scratch memory, apart for each first row of blocks: one thread at a time may work on the same.
    """

    def __init__(self, rig: Rig, width: int, height: int) -> None:
        self.size = width, height
        self._rig = rig
        self.rows, self.columns = (-(-(side + STEP_PX // 2) // STEP_PX) for side in (height, width))
        x = (np.arange(self.columns + 1) - 0.5) * STEP_PX - 0.5
        y = (np.arange(self.rows + 1) - 0.5) * STEP_PX - 0.5
        self._nodes = np.stack(np.meshgrid(x, y), axis=-1)
        self._scratch: dict[tuple[str, int], Floats] = {}
        self._order = sorted(range(len(rig.cameras)), key=lambda i: rig.cameras[i].yaw_deg)

    def parts(self, view: View) -> list[Part]:
        """The cameras that the view needs, from left to right.

        A camera is needed where the seams give it a share, and wherever else one that has a share does not see.
        """
        rays = self._rays(view, self._nodes)
        weights = self._weights(rays)
        due = [_any_corner(weight > 0) for weight in weights]
        parts = [self._part(n, rays, weights[n], due[n]) for n in range(len(due))]
        bare = np.zeros_like(due[0])
        for part, wanted in zip(parts, due, strict=True):
            bare |= wanted & ~part.full
        if bare.any() and len(parts) > 1:
            parts = [self._part(n, rays, weights[n], due[n] | bare) for n in range(len(due))]
        return [part for part in parts if part.needed.any()]

    def pixel_slices(self, block: Block, plane: PlaneName = "luma") -> tuple[slice, slice]:
        """Index of the block's pixels in a plane of the picture."""
        scale = 1 if plane == "luma" else 2
        width, height = self.size
        half = STEP_PX // 2
        y0, x0 = (max(0, STEP_PX * start - half) // scale for start in (block.row, block.column))
        y1 = min(height, STEP_PX * block.end_row - half) // scale
        x1 = min(width, STEP_PX * block.end_column - half) // scale
        return slice(y0, y1), slice(x0, x1)

    def enlarge(self, values: Array, block: Block, name: str, plane: PlaneName = "luma") -> Floats:
        """Values at the block's nodes, at its pixels; valid until the next so named from the same first row."""
        step = STEP_PX if plane == "luma" else STEP_PX // 2
        nodes = np.ascontiguousarray(values, np.float32)
        shape = nodes.shape[0] * step, nodes.shape[1] * step
        room = self._scratch.get((name, block.row))
        if room is None or room.size < shape[0] * shape[1]:
            room = self._scratch[name, block.row] = np.empty(shape[0] * shape[1], np.float32)
        large = room[: shape[0] * shape[1]].reshape(shape)
        cv2.resize(nodes, shape[::-1], dst=large, interpolation=cv2.INTER_LINEAR)
        rows, columns = self.pixel_slices(block, plane)
        top, left = step * (1 - block.row), step * (1 - block.column)
        return large[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]

    def maps(
        self,
        view: View,
        part: Part,
        block: Block,
        origin_px: tuple[float, float] = (0.0, 0.0),
        ratio: tuple[float, float] = (1.0, 1.0),
        plane: PlaneName = "luma",
    ) -> tuple[Floats, Floats]:
        """x and y, for cv2.remap, in an image of the camera's picture from `origin_px` on, `ratio` times as large.

        `plane` says for which plane of the view; chroma samples lie midway between their four luma pixels.
        """
        shift, scale = np.subtract(0.5, origin_px), np.asarray(ratio)
        at_nodes = (part.pixels[block.nodes] + shift) * scale - 0.5
        x = self.enlarge(at_nodes[..., 0], block, "x", plane)
        y = self.enlarge(at_nodes[..., 1], block, "y", plane)
        if part.bent[block.cells].any():
            row, column = self._bent_pixels(part, block, plane)
            spacing = 1 if plane == "luma" else 2
            at = spacing * (np.stack([column, row], axis=-1).astype(np.float64) + 0.5) - 0.5
            exact = (self._pixels(part.camera, self._rays(view, at))[0] + shift) * scale - 0.5
            rows, columns = self.pixel_slices(block, plane)
            x[row - rows.start, column - columns.start] = exact[:, 0]
            y[row - rows.start, column - columns.start] = exact[:, 1]
        return x, y

    def _bent_pixels(self, part: Part, block: Block, plane: PlaneName) -> tuple[Indices, Indices]:
        """Rows and columns of the pixels in the block's bent cells."""
        step = STEP_PX if plane == "luma" else STEP_PX // 2
        rows, columns = self.pixel_slices(block, plane)
        row, column = np.mgrid[rows, columns]
        cell = (row + step // 2) // step, (column + step // 2) // step
        bent = part.bent[cell]
        return row[bent], column[bent]

    def _rays(self, view: View, pixels: Array) -> Array:
        rays: Array = view.lens(*self.size).unproject(pixels) @ view.rotation.T
        return rays

    def _weights(self, rays: Array) -> list[Array]:
        """For each camera in order its share by the seams; see Part."""
        if len(self._order) == 1:
            return [np.ones(rays.shape[:-1])]
        feather = self._rig.blend.feather_deg
        seams = self._rig.seams_deg
        middle_deg = (seams[0] + seams[-1]) / 2
        yaw_deg = wrap_deg(rays_to_angles(rays)[0] - middle_deg)
        past = [(yaw_deg + (middle_deg - seam)) / feather + 0.5 for seam in seams]
        between = [np.minimum(a, 1 - b) for a, b in pairwise(past)]
        return [1 - past[0], *between, past[-1]]

    def _part(self, n: int, rays: Array, weight: Array, wanted: Mask) -> Part:
        """The part of the n-th camera in order, worked out in the columns where it is wanted."""
        i = self._order[n]
        width, height = self._rig.cameras[i].size_px
        pixels = np.full((*rays.shape[:-1], 2), NOWHERE_PX)
        full, bent, needed = (np.zeros_like(wanted) for _ in range(3))
        box, spacing = (0, 0, width, height), 1.0
        columns = np.flatnonzero(wanted.any(axis=0))
        if columns.size:
            cells = slice(None), slice(int(columns[0]), int(columns[-1]) + 1)
            nodes = slice(None), slice(int(columns[0]), int(columns[-1]) + 2)
            pixels[nodes], nowhere = self._pixels(i, rays[nodes])
            x_low, x_high = _corner_range(pixels[nodes][..., 0])
            y_low, y_high = _corner_range(pixels[nodes][..., 1])
            touched = (x_high > -1) & (x_low < width) & (y_high > -1) & (y_low < height)
            spread = (x_high - x_low > BENT_SHARE * width) | (y_high - y_low > BENT_SHARE * height)
            bent[cells] = touched & spread
            inside = (x_low >= 0) & (x_high <= width - 1) & (y_low >= 0) & (y_high <= height - 1)
            full[cells] = inside & ~spread
            if nowhere.any():
                # Where the lens ends, only what is near its picture can show any of it.
                off_x, off_y = (np.abs(pixels[nodes][..., k] / (width, height)[k] - 0.5) for k in (0, 1))
                near = ~nowhere & (off_x < 0.5 + BENT_SHARE) & (off_y < 0.5 + BENT_SHARE)
                touched &= _any_corner(near) | ~_any_corner(nowhere)
            touched &= wanted[cells]
            needed[cells] = touched
            if touched.any():
                # The lesser of both ways: the back of a full turn and a pole spread over the whole picture.
                spacing = float(np.median(np.minimum(x_high - x_low, y_high - y_low)[touched])) / STEP_PX
                if not (touched & spread).any():
                    box = self._box(i, touched, x_low, x_high, y_low, y_high)
        return Part(i, pixels, weight, full, bent, needed, box, spacing)

    def _pixels(self, i: int, rays: Array) -> tuple[Array, Mask]:
        """Camera `i`'s pixels (..., 2), and which of them are nowhere."""
        pixels = self._rig.camera_pixels(i, rays)
        nowhere: Mask = np.isnan(pixels[..., 0])
        pixels[nowhere] = NOWHERE_PX
        return pixels, nowhere

    def _box(
        self, i: int, needed: Mask, x_low: Array, x_high: Array, y_low: Array, y_high: Array
    ) -> tuple[int, int, int, int]:
        width, height = self._rig.cameras[i].size_px
        left, top = (max(0, int(low[needed].min()) - MARGIN_PX) & ~1 for low in (x_low, y_low))
        right = min(width, (int(x_high[needed].max()) + MARGIN_PX + 1) & ~1)
        bottom = min(height, (int(y_high[needed].max()) + MARGIN_PX + 1) & ~1)
        return left, top, right, bottom


def _any_corner(values: Mask) -> Mask:
    return values[:-1, :-1] | values[:-1, 1:] | values[1:, :-1] | values[1:, 1:]


def _corner_range(values: Array) -> tuple[Array, Array]:
    """The least and the largest of each cell's corners."""
    a, b, c, d = values[:-1, :-1], values[:-1, 1:], values[1:, :-1], values[1:, 1:]
    return np.minimum(np.minimum(a, b), np.minimum(c, d)), np.maximum(np.maximum(a, b), np.maximum(c, d))
