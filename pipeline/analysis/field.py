"""Field: the area on the ground in which detections count as ball or players, usually the pitch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import ConfigError
from pipeline.media import png
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig

MOST_BYTES = 1 << 28
"""The longest mask image that is read; one of the largest rig frame is shorter as a PNG."""

CELL_M = 0.5
"""The size of a raster cell; the outline is accurate to about half of it."""

MAX_RANGE_M = 150.0
"""The extent of the raster from the rig in each direction."""

DEFAULT_MARGIN_M = 2.0
"""The margin around the field: a throw-in is taken behind the line, and a linesman runs outside it."""

TURF_LEVELS = 8
"""Turf differs from its typical colour by at most this many levels in each colour difference."""

GREEN_LEVELS, LEAST_GREEN = 6, 0.15
"""Green: both colour differences together are this far below grey; and the fraction of green that makes a field."""

HOLE_M, STRIP_M = 2.0, 3.0
"""Radii in metres: holes up to twice the first (players, lines) are filled, narrower strips outside are removed."""

LEAST_TURF_M2 = 400.0
"""The smallest plausible area of turf, a five-a-side pitch."""

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Field:
    """The distance of each ground point from the field, as a raster in metres around the rig.

    Immutable; any thread. Queries are in rig angles in degrees: the point is where the direction meets the
    ground; a direction at or above the horizon is outside.
    """

    def __init__(self, rig: Rig, inside: NDArray[np.uint8]) -> None:
        """``inside``: the raster, not 0 on the field; rows along z, columns along x, as `cells` gives them."""
        self._rig = rig
        self._outside_m = CELL_M * cv2.distanceTransform((inside == 0).astype(np.uint8), cv2.DIST_L2, 5)
        if not inside.any():
            self._outside_m = np.full(inside.shape, np.inf, np.float32)

    @classmethod
    def of_pitch(cls, rig: Rig) -> Field:
        """The field from the rig's [pitch] table. Raises RigError if the rig has none."""
        return cls.of_polygon(rig, rig.outline_angles())

    @classmethod
    def of_polygon(cls, rig: Rig, corners_deg: Sequence[Sequence[float]] | Array) -> Field:
        """The field inside a polygon of (yaw, tilt) corners in degrees, (N, 2).

        Raises ConfigError for fewer than three corners and for corners at or above the horizon.
        """
        corners = np.asarray(corners_deg, np.float64)
        if corners.ndim != 2 or corners.shape[0] < 3 or corners.shape[1] != 2:
            raise ConfigError("the field's polygon needs three or more [yaw_deg, pitch_deg] corners")
        x_m, z_m = rig.angles_to_metres(corners[:, 0], corners[:, 1])
        if not np.isfinite(x_m).all():
            raise ConfigError("a corner of the field's polygon is at or above the horizon; lower it")
        reach = 4 * MAX_RANGE_M
        line = np.stack([_cell(np.clip(axis, -reach, reach)) for axis in (x_m, z_m)], axis=-1)
        inside = np.zeros(_shape(), np.uint8)
        cv2.fillPoly(inside, [np.round(line).astype(np.int32)], 1)
        return cls(rig, inside)

    @classmethod
    def of_mask(cls, rig: Rig, path: Path) -> Field:
        """The field from a mask image of the rig frame (at any scale), bright on the field.

        Paint it over a still frame of the footage, the cameras' frames stacked from top to bottom. Where two
        cameras see a point, either may show it bright. Blocks on the disk. Raises ConfigError for an unreadable or
        unsuitable image.
        """
        mask = _read_grey(path)
        if mask is None:
            raise ConfigError(f"cannot read the field's mask {path}; give a PNG of the rig frame")
        width, height = rig.frame_size
        scale = mask.shape[1] / width
        if abs(mask.shape[0] - height * scale) > 1:
            raise ConfigError(
                f"the field's mask {path} is {mask.shape[1]}x{mask.shape[0]}, which does not have the aspect "
                f"ratio of the rig frame ({width}x{height})"
            )
        yaw_deg, tilt_deg = rig.metres_to_angles(*cells())
        inside = np.zeros(_shape(), np.uint8)
        for camera in range(len(rig.cameras)):
            region = rig.region(camera)
            pixels = rig.angles_to_pixels(camera, yaw_deg, tilt_deg)
            seen = rig.cameras[camera].shows(pixels)
            x, y = (np.where(seen, pixels[..., axis], 0.0) for axis in (0, 1))
            column = np.minimum((x + 0.5 + region.x) * scale, mask.shape[1] - 1).astype(np.intp)
            row = np.minimum((y + 0.5 + region.y) * scale, mask.shape[0] - 1).astype(np.intp)
            inside |= (seen & (mask[row, column] > 127)).astype(np.uint8)
        return cls(rig, inside)

    @classmethod
    def of_turf(cls, rig: Rig, frame: Frame) -> Field:
        """A guess at an unknown field: the largest area of one colour in `frame`, preferably green, without holes.

        Its edge counts as the edge of the margin, because turf continues behind the lines. If no colour prevails,
        the field is all ground up to the rig's range.
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
            fresh = near & rig.cameras[camera].shows(pixels) & ~seen
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
        """A field of all ground up to `range_m` from the rig, if nothing better is known."""
        x_m, z_m = cells()
        return cls(rig, (np.hypot(x_m, z_m) <= range_m).astype(np.uint8))

    def outside_m(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> Array:
        """The distances from the field of the ground points in these directions, in metres; 0 inside."""
        return self.outside_at(*self._rig.angles_to_metres(yaw_deg, tilt_deg))

    def outside_at(self, x_m: ArrayLike, z_m: ArrayLike) -> Array:
        """The distances from the field of ground points, in metres; infinite beyond the raster and for nan."""
        columns, rows = np.broadcast_arrays(np.round(_cell(x_m)), np.round(_cell(z_m)))
        height, width = self._outside_m.shape
        known = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        distances = np.full(known.shape, np.inf)
        distances[known] = self._outside_m[rows[known].astype(np.intp), columns[known].astype(np.intp)]
        return distances

    def contains(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike, margin_m: float = DEFAULT_MARGIN_M) -> Mask:
        """Whether the ground points in these directions are on the field or at most `margin_m` outside it."""
        return np.asarray(self.outside_m(yaw_deg, tilt_deg) <= margin_m)


def cells() -> tuple[Array, Array]:
    """x and z in metres of the raster's cells."""
    axis = np.arange(round(2 * MAX_RANGE_M / CELL_M) + 1) * CELL_M - MAX_RANGE_M
    x_m, z_m = np.meshgrid(axis, axis)
    return x_m, z_m


def make_field(rig: Rig, outline: Path | Sequence[Sequence[float]] | None = None) -> Field | None:
    """The configured field: a mask image, a polygon in angles, or the rig's own pitch; None if unknown."""
    if isinstance(outline, Path):
        return Field.of_mask(rig, outline)
    if outline is not None:
        return Field.of_polygon(rig, outline)
    return Field.of_pitch(rig) if rig.pitch is not None else None


def _turf_colour(shown: NDArray[np.float32]) -> NDArray[np.float32]:
    """The median colour differences (2,) of ground pixels (N, 2): of the green ones, if there are enough."""
    green = shown.sum(axis=1) <= 2 * 128 - GREEN_LEVELS
    chosen = shown[green] if green.mean() > LEAST_GREEN else shown
    return np.asarray(np.median(chosen, axis=0), np.float32)


def _disc(radius_m: float) -> NDArray[np.uint8]:
    """A round kernel for the raster."""
    side = 2 * round(radius_m / CELL_M) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)


def _cell(metres: ArrayLike) -> Array:
    """A coordinate in metres as a position in raster cells."""
    return (np.asarray(metres, np.float64) + MAX_RANGE_M) / CELL_M


def _shape() -> tuple[int, int]:
    side = round(2 * MAX_RANGE_M / CELL_M) + 1
    return side, side


def _read_grey(path: Path) -> NDArray[np.uint8] | None:
    """The image in grey, (rows, columns); None if it cannot be read, or announces more than its file holds."""
    with suppress(OSError, cv2.error):
        if not path.is_file():  # a device or a pipe, say
            return None
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if data and len(data) <= MOST_BYTES and (png.is_whole(data) or not data.startswith(png.SIGNATURE)):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
            return None if image is None else np.asarray(image, np.uint8)
    return None
