"""The field: where on the ground there is a match. What lies outside it is no ball and no player."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import ConfigError
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig

CELL_M = 0.5
"""The raster's cell; the outline is known to about half of it."""

MAX_RANGE_M = 150.0
"""How far from the rig the raster reaches in each direction."""

DEFAULT_MARGIN_M = 2.0
"""A throw-in is taken behind the line, and a flag is kept outside it."""

TURF_LEVELS = 8
"""What differs from the turf's usual colour by more levels of a colour difference is no turf."""

GREEN_LEVELS, LEAST_GREEN = 6, 0.15
"""Green is where both colour differences together lie so far below grey; so much of it makes a field."""

HOLE_M, STRIP_M = 2.0, 3.0
"""Players and lines are holes of up to twice this in the turf; a narrower strip outside belongs not to it."""

LEAST_TURF_M2 = 400.0
"""A turf smaller than a five-a-side pitch is a mistake."""

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Field:
    """How far outside the field each spot on the ground lies, as a raster of metres round the rig.

    Immutable; any thread may ask. Everything is asked in rig angles: the spot is where the direction
    meets the ground, and a direction at or above the horizon lies outside.
    """

    def __init__(self, rig: Rig, inside: NDArray[np.uint8]) -> None:
        """``inside``: the raster, not 0 where there is field; rows grow with z, columns with x, from `cells`."""
        self._rig = rig
        self._outside_m = CELL_M * cv2.distanceTransform((inside == 0).astype(np.uint8), cv2.DIST_L2, 5)
        if not inside.any():
            self._outside_m = np.full(inside.shape, np.inf, np.float32)

    @classmethod
    def of_pitch(cls, rig: Rig) -> Field:
        """The outline that the rig's [pitch] table gives. Raises RigError when it has none."""
        return cls.of_polygon(rig, rig.outline_angles())

    @classmethod
    def of_polygon(cls, rig: Rig, corners_deg: Sequence[Sequence[float]] | Array) -> Field:
        """The ground inside a line through (yaw, tilt) corners in degrees, closed by itself.

        Raises ConfigError for fewer than three corners and for corners at or above the horizon.
        """
        corners = np.asarray(corners_deg, np.float64)
        if corners.ndim != 2 or corners.shape[0] < 3 or corners.shape[1] != 2:
            raise ConfigError("the field's polygon needs three or more [yaw_deg, pitch_deg] corners")
        x_m, z_m = rig.angles_to_metres(corners[:, 0], corners[:, 1])
        if not np.isfinite(x_m).all():
            raise ConfigError("a corner of the field's polygon lies at or above the horizon; lower it")
        reach = 4 * MAX_RANGE_M
        line = np.stack([_cell(np.clip(axis, -reach, reach)) for axis in (x_m, z_m)], axis=-1)
        inside = np.zeros(_shape(), np.uint8)
        cv2.fillPoly(inside, [np.round(line).astype(np.int32)], 1)
        return cls(rig, inside)

    @classmethod
    def of_mask(cls, rig: Rig, path: Path) -> Field:
        """The ground that a mask picture shows bright, a picture of the rig frame (of any scale).

        It is painted over a still of the footage, the cameras' pictures one above the other; where two
        cameras see a spot, either may show it bright. Raises ConfigError for an unreadable or unfit one.
        """
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
        if mask is None:
            raise ConfigError(f"cannot read the field's mask {path}; give a PNG of the rig frame")
        width, height = rig.frame_size
        scale = mask.shape[1] / width
        if abs(mask.shape[0] - height * scale) > 1:
            raise ConfigError(
                f"the field's mask {path} is {mask.shape[1]}x{mask.shape[0]}, which has not the rig "
                f"frame's proportions ({width}x{height})"
            )
        yaw_deg, tilt_deg = rig.metres_to_angles(*cells())
        inside = np.zeros(_shape(), np.uint8)
        for camera in range(len(rig.cameras)):
            region = rig.region(camera)
            pixels = rig.angles_to_pixels(camera, yaw_deg, tilt_deg)
            seen = rig.cameras[camera].lens.contains(pixels)
            x, y = (np.where(seen, pixels[..., axis], 0.0) for axis in (0, 1))
            column = np.minimum((x + 0.5 + region.x) * scale, mask.shape[1] - 1).astype(np.intp)
            row = np.minimum((y + 0.5 + region.y) * scale, mask.shape[0] - 1).astype(np.intp)
            inside |= (seen & (mask[row, column] > 127)).astype(np.uint8)
        return cls(rig, inside)

    @classmethod
    def of_turf(cls, rig: Rig, frame: Frame) -> Field:
        """The largest ground of one colour, green if any is, without holes: a guess at an unknown outline.

        Its edge is taken for the margin's, for turf goes on behind the lines. All ground up to the rig's
        range when no colour prevails.
        """
        x_m, z_m = cells()
        yaw_deg, tilt_deg = rig.metres_to_angles(x_m, z_m)
        near = np.hypot(x_m, z_m) <= rig.surface.range_cap_m
        seen = np.zeros(near.shape, np.bool_)
        colour = np.zeros((*near.shape, 2), np.float32)
        u, v = frame.planes[1:] if frame.format == "I420" else np.moveaxis(frame.planes[1], 2, 0)
        for camera in range(len(rig.cameras)):
            region = rig.region(camera)
            pixels = rig.angles_to_pixels(camera, yaw_deg, tilt_deg)
            fresh = near & rig.cameras[camera].lens.contains(pixels) & ~seen
            x, y = (pixels[fresh] / 2).astype(np.intp).T
            at = y + region.y // 2, x + region.x // 2
            if fresh.any():
                shown = np.stack([u[at], v[at]], axis=-1).astype(np.float32)
                colour[fresh] = shown - _turf_colour(shown)
            seen |= fresh
        turf = seen.astype(np.uint8)
        turf[np.abs(colour).max(axis=-1) > TURF_LEVELS] = 0
        whole = cv2.morphologyEx(turf, cv2.MORPH_CLOSE, _disc(HOLE_M))
        whole = cv2.morphologyEx(whole, cv2.MORPH_OPEN, _disc(STRIP_M))
        contours, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        largest = max(contours, key=cv2.contourArea, default=None)
        if largest is None or cv2.contourArea(largest) * CELL_M**2 < LEAST_TURF_M2:
            return cls.within(rig, rig.surface.range_cap_m)
        inside = np.zeros(turf.shape, np.uint8)
        cv2.drawContours(inside, [largest], -1, 1, cv2.FILLED)
        return cls(rig, cv2.erode(inside, _disc(DEFAULT_MARGIN_M)).astype(np.uint8))

    @classmethod
    def within(cls, rig: Rig, range_m: float) -> Field:
        """All ground up to `range_m` from the rig, for when nothing better is known."""
        x_m, z_m = cells()
        return cls(rig, (np.hypot(x_m, z_m) <= range_m).astype(np.uint8))

    def outside_m(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> Array:
        """How far outside the field the spots in these directions lie, in metres; 0 inside."""
        return self.outside_at(*self._rig.angles_to_metres(yaw_deg, tilt_deg))

    def outside_at(self, x_m: ArrayLike, z_m: ArrayLike) -> Array:
        """The same of spots on the ground; infinite beyond the raster and for nan."""
        columns, rows = np.broadcast_arrays(np.round(_cell(x_m)), np.round(_cell(z_m)))
        height, width = self._outside_m.shape
        known = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        distances = np.full(known.shape, np.inf)
        distances[known] = self._outside_m[rows[known].astype(np.intp), columns[known].astype(np.intp)]
        return distances

    def contains(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike, margin_m: float = DEFAULT_MARGIN_M) -> Mask:
        """Whether the spots in these directions lie in the field or less than `margin_m` outside it."""
        return np.asarray(self.outside_m(yaw_deg, tilt_deg) <= margin_m)


def cells() -> tuple[Array, Array]:
    """x and z in metres of each of the raster's cells."""
    axis = np.arange(round(2 * MAX_RANGE_M / CELL_M) + 1) * CELL_M - MAX_RANGE_M
    x_m, z_m = np.meshgrid(axis, axis)
    return x_m, z_m


def make_field(rig: Rig, outline: Path | Sequence[Sequence[float]] | None = None) -> Field | None:
    """The field as configured: a mask picture, a polygon in angles, or the rig's own; None when unknown."""
    if isinstance(outline, Path):
        return Field.of_mask(rig, outline)
    if outline is not None:
        return Field.of_polygon(rig, outline)
    return Field.of_pitch(rig) if rig.pitch is not None else None


def _turf_colour(shown: NDArray[np.float32]) -> NDArray[np.float32]:
    """The usual colour differences (2,) among a ground's (N, 2): of the green ones, if there are enough."""
    green = shown.sum(axis=1) <= 2 * 128 - GREEN_LEVELS
    chosen = shown[green] if green.mean() > LEAST_GREEN else shown
    return np.asarray(np.median(chosen, axis=0), np.float32)


def _disc(radius_m: float) -> NDArray[np.uint8]:
    """A round kernel on the raster."""
    side = 2 * round(radius_m / CELL_M) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)


def _cell(metres: ArrayLike) -> Array:
    """Where on the raster a coordinate lies, in cells."""
    return (np.asarray(metres, np.float64) + MAX_RANGE_M) / CELL_M


def _shape() -> tuple[int, int]:
    side = round(2 * MAX_RANGE_M / CELL_M) + 1
    return side, side
