"""Pixel maps: the camera and the pixel from which each pixel of a view comes.

The map is exact on every 16th pixel and interpolated linearly between these nodes. The few cells in which it is
far from linear (the edge of a lens's field of view, the seam of a 360 degree panorama, a pole) are evaluated pixel
by pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array, rays_to_angles, wrap_deg
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Pose, Poses
from pipeline.optics.view import View

STEP_PX = 16
"""Distance between the nodes, at which the map is exact, in pixels."""

UNSEEN_PX = -1e4
"""The coordinate of a pixel that a camera cannot see."""

NONLINEAR_SHARE = 0.1
"""A cell that covers more than this share of the camera's image counts as nonlinear."""

MARGIN_PX = 4
"""Margin of a camera's `box` around its nodes, for bilinear taps and the error of the coarse map."""

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]
PlaneName = Literal["luma", "chroma"]


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of cells; ends excluded. Cell n of a row or column covers the pixels 16 n - 8 to 16 n + 7."""

    row: int
    end_row: int
    column: int
    end_column: int

    @property
    def cells(self) -> tuple[slice, slice]:
        """The index of the block in an array of cells."""
        return slice(self.row, self.end_row), slice(self.column, self.end_column)

    @property
    def nodes(self) -> tuple[slice, slice]:
        """The index of the block in an array of nodes, the corners of the cells."""
        return slice(self.row, self.end_row + 1), slice(self.column, self.end_column + 1)


@dataclass(frozen=True, slots=True)
class Part:
    """One camera's part of a view, known at the nodes and in the cells between them."""

    camera: int
    pixels: Array
    """(rows + 1, columns + 1, 2): the camera's pixels at the nodes; UNSEEN_PX where its lens cannot see."""
    weight: Array
    """(rows + 1, columns + 1): the blend weight by the seams: 0 to 1 across the feather, beyond that range
    outside."""
    full: Mask
    """(rows, columns): cells that the camera's image fills."""
    nonlinear: Mask
    """(rows, columns): cells in which linear interpolation would be wrong."""
    needed: Mask
    """(rows, columns): cells in which this camera is needed."""
    box: tuple[int, int, int, int]
    """Left, top, right and bottom (excluded) of the part of its image that the needed cells show; even numbers."""
    spacing: float
    """Pixels of the camera's image per pixel of the view: the median over the cells."""
    pose: Pose | None = None
    """How the camera stands compared with its place."""
    overhang_px: float = 0.0
    """A camera off its place misses a strip up to this wide at its edge, in pixels; the edge is repeated there."""


class MapMaker:
    """Makes the pixel maps of a rig's views for one image size.

    Keeps scratch memory for each first row of a block: threads may work in parallel on different rows only.
    """

    def __init__(self, rig: Rig, width: int, height: int) -> None:
        self.size = width, height
        self._rig = rig
        self.rows, self.columns = (-(-(side + STEP_PX // 2) // STEP_PX) for side in (height, width))
        x = (np.arange(self.columns + 1) - 0.5) * STEP_PX - 0.5
        y = (np.arange(self.rows + 1) - 0.5) * STEP_PX - 0.5
        self._nodes = np.stack(np.meshgrid(x, y), axis=-1)
        self._scratch: dict[tuple[str, int], Floats] = {}

    def parts(self, view: View, poses: Poses | None = None) -> list[Part]:
        """The cameras that the view needs, from left to right, each standing as `poses` says.

        A camera is needed where the seams give it a weight, and where the camera that has the weight does not see.
        """
        rays = self._rays(view, self._nodes)
        weights = self._weights(rays)
        due = [_any_corner(weight > 0) for weight in weights]
        parts = [self._part(n, rays, weights[n], due[n], poses) for n in range(len(due))]
        bare = np.zeros_like(due[0])
        for part, wanted in zip(parts, due, strict=True):
            bare |= wanted & ~part.full
        if bare.any() and len(parts) > 1:
            parts = [self._part(n, rays, weights[n], due[n] | bare, poses) for n in range(len(due))]
        return [part for part in parts if part.needed.any()]

    def pixel_slices(self, block: Block, plane: PlaneName = "luma") -> tuple[slice, slice]:
        """The index of the block's pixels in a plane of the image."""
        scale = 1 if plane == "luma" else 2
        width, height = self.size
        half = STEP_PX // 2
        y0, x0 = (max(0, STEP_PX * start - half) // scale for start in (block.row, block.column))
        y1 = min(height, STEP_PX * block.end_row - half) // scale
        x1 = min(width, STEP_PX * block.end_column - half) // scale
        return slice(y0, y1), slice(x0, x1)

    def enlarge(self, values: Array, block: Block, name: str, plane: PlaneName = "luma") -> Floats:
        """Interpolate values (rows + 1, columns + 1) at the block's nodes to its pixels.

        The result is valid until the next call with the same name and first row.
        """
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
        """The x and y maps of a block for cv2.remap, in a plane that shows the camera's image from `origin_px` on,
        enlarged by `ratio`.

        `plane` is the plane of the view; chroma samples lie midway between their four luma pixels.
        """
        shift, scale = np.subtract(0.5, origin_px), np.asarray(ratio)
        at_nodes = (part.pixels[block.nodes] + shift) * scale - 0.5
        x = self.enlarge(at_nodes[..., 0], block, "x", plane)
        y = self.enlarge(at_nodes[..., 1], block, "y", plane)
        if part.nonlinear[block.cells].any():
            row, column = self._nonlinear_pixels(part, block, plane)
            spacing = 1 if plane == "luma" else 2
            at = spacing * (np.stack([column, row], axis=-1).astype(np.float64) + 0.5) - 0.5
            exact = (self._pixels(part.camera, self._rays(view, at), part.pose)[0] + shift) * scale - 0.5
            rows, columns = self.pixel_slices(block, plane)
            x[row - rows.start, column - columns.start] = exact[:, 0]
            y[row - rows.start, column - columns.start] = exact[:, 1]
        if part.overhang_px and not part.full[block.cells].all():
            for k, places in enumerate((x, y)):
                last_px = self._rig.cameras[part.camera].size_px[k] - 1
                first, last = ((edge_px + 0.5 - origin_px[k]) * scale[k] - 0.5 for edge_px in (0, last_px))
                _extend(places, first, last, part.overhang_px * scale[k])
        return x, y

    def _nonlinear_pixels(self, part: Part, block: Block, plane: PlaneName) -> tuple[Indices, Indices]:
        """The rows and columns of the pixels in the block's nonlinear cells."""
        step = STEP_PX if plane == "luma" else STEP_PX // 2
        rows, columns = self.pixel_slices(block, plane)
        row, column = np.mgrid[rows, columns]
        cell = (row + step // 2) // step, (column + step // 2) // step
        nonlinear = part.nonlinear[cell]
        return row[nonlinear], column[nonlinear]

    def _rays(self, view: View, pixels: Array) -> Array:
        rays: Array = view.lens(*self.size).unproject(pixels) @ view.rotation.T
        return rays

    def _weights(self, rays: Array) -> list[Array]:
        """The blend weight of each camera, in order of yaw, by the seams; see Part."""
        if len(self._rig.cameras) == 1:
            return [np.ones(rays.shape[:-1])]
        feather = self._rig.blend.feather_deg
        seams = self._rig.seams_deg
        middle_deg = (seams[0] + seams[-1]) / 2
        yaw_deg = wrap_deg(rays_to_angles(rays)[0] - middle_deg)
        past = [(yaw_deg + (middle_deg - seam)) / feather + 0.5 for seam in seams]
        between = [np.minimum(a, 1 - b) for a, b in pairwise(past)]
        return [1 - past[0], *between, past[-1]]

    def _part(self, n: int, rays: Array, weight: Array, wanted: Mask, poses: Poses | None) -> Part:
        """The part of the n-th camera in order of yaw, computed for the columns in which it is wanted."""
        i = self._rig.left_to_right[n]
        pose = None if poses is None else poses[i]
        width, height = self._rig.cameras[i].size_px
        pixels = np.full((*rays.shape[:-1], 2), UNSEEN_PX)
        full, nonlinear, needed = (np.zeros_like(wanted) for _ in range(3))
        box, spacing = (0, 0, width, height), 1.0
        columns = np.flatnonzero(wanted.any(axis=0))
        if columns.size:
            cells = slice(None), slice(int(columns[0]), int(columns[-1]) + 1)
            nodes = slice(None), slice(int(columns[0]), int(columns[-1]) + 2)
            pixels[nodes], unseen = self._pixels(i, rays[nodes], pose)
            x_low, x_high = _corner_range(pixels[nodes][..., 0])
            y_low, y_high = _corner_range(pixels[nodes][..., 1])
            touched = (x_high > -1) & (x_low < width) & (y_high > -1) & (y_low < height)
            spread = (x_high - x_low > NONLINEAR_SHARE * width) | (y_high - y_low > NONLINEAR_SHARE * height)
            nonlinear[cells] = touched & spread
            inside = (x_low >= 0) & (x_high <= width - 1) & (y_low >= 0) & (y_high <= height - 1)
            if self._rig.cameras[i].outline_px:
                inside &= ~_any_corner(~self._rig.cameras[i].shows(pixels[nodes]))
            full[cells] = inside & ~spread
            if unseen.any():
                # At the edge of the lens's field of view only nodes near the image can show any of it.
                off_x, off_y = (np.abs(pixels[nodes][..., k] / (width, height)[k] - 0.5) for k in (0, 1))
                near = ~unseen & (off_x < 0.5 + NONLINEAR_SHARE) & (off_y < 0.5 + NONLINEAR_SHARE)
                touched &= _any_corner(near) | ~_any_corner(unseen)
            touched &= wanted[cells]
            needed[cells] = touched
            if touched.any():
                # The smaller of the two extents: at a pole and at the seam of a panorama the other spans the image.
                spacing = float(np.median(np.minimum(x_high - x_low, y_high - y_low)[touched])) / STEP_PX
                if not (touched & spread).any():
                    box = self._box(i, touched, x_low, x_high, y_low, y_high)
        overhang_px = 0.0 if pose is None else self._overhang_px(i, pose)
        return Part(i, pixels, weight, full, nonlinear, needed, box, spacing, pose, overhang_px)

    def _overhang_px(self, i: int, pose: Pose) -> float:
        """How wide the strip at the edge of its image is that camera `i` misses in this pose, at most."""
        lens, surface = self._rig.cameras[i].lens, self._rig.surface
        lower_rad = 0.0 if surface.kind == "infinity" else abs(pose.lowered_m) / surface.height_m
        zoomed_px = abs(pose.zoom - 1) * math.hypot(*lens.size_px)
        return lens.focal_px * (pose.angle_rad + lower_rad) + zoomed_px

    def _pixels(self, i: int, rays: Array, pose: Pose | None) -> tuple[Array, Mask]:
        """The pixels (..., 2) of camera `i`, and the mask of those that it cannot see."""
        pixels = self._rig.camera_pixels(i, rays, pose)
        unseen: Mask = np.isnan(pixels[..., 0])
        pixels[unseen] = UNSEEN_PX
        return pixels, unseen

    def _box(
        self, i: int, needed: Mask, x_low: Array, x_high: Array, y_low: Array, y_high: Array
    ) -> tuple[int, int, int, int]:
        width, height = self._rig.cameras[i].size_px
        left, top = (max(0, int(low[needed].min()) - MARGIN_PX) & ~1 for low in (x_low, y_low))
        right = min(width, (int(x_high[needed].max()) + MARGIN_PX + 1) & ~1)
        bottom = min(height, (int(y_high[needed].max()) + MARGIN_PX + 1) & ~1)
        return left, top, right, bottom


def _extend(places: Floats, first: float, last: float, by: float) -> None:
    """Move coordinates that lie up to `by` outside `first`..`last` to its end, in place."""
    places[(places < first) & (places > first - by)] = first
    places[(places > last) & (places < last + by)] = last


def _any_corner(values: Mask) -> Mask:
    return values[:-1, :-1] | values[:-1, 1:] | values[1:, :-1] | values[1:, 1:]


def _corner_range(values: Array) -> tuple[Array, Array]:
    """The smallest and the largest value at the corners of each cell."""
    a, b, c, d = values[:-1, :-1], values[:-1, 1:], values[1:, :-1], values[1:, 1:]
    return np.minimum(np.minimum(a, b), np.minimum(c, d)), np.maximum(np.maximum(a, b), np.maximum(c, d))
