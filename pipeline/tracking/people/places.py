"""Places: the people of a detection set in metres of the field, and how exact each place is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.analysis.detector import DetectionSet
from pipeline.errors import RigError
from pipeline.optics.rig import Rig
from pipeline.optics.rig_parts import Pitch
from pipeline.tracking.ground import Array

FOOT_DEG = 0.05
"""The standard deviation of a foot in the picture: about a pixel of the motion detector."""

STRIDE_M = 0.15
"""The standard deviation of the place of a box's lower edge around the person: legs swing, boxes are cut."""

USUAL_M, LEARNS = 1.75, 0.02
"""How high a person's box is at first, and how much of each frame's median is learned."""

LEAST_OFF_M, MOST_OFF_M = 0.15, 0.45
"""A box that is higher or lower than usual by less than the first is one whole person; by more than the second, one
of its edges is somebody else's, or cut."""

FARTHEST_OFF_M = 6.0
"""An edge of a box is not used if it would put the person this much elsewhere."""

LEAST_ABOVE_M = 1.0
"""Cameras that are less above the heads are taken for this much above them."""

LEAST_SCORE = 0.05
"""People with a lower score are not used."""

MOST_OUTSIDE_M = 4.0
"""People farther outside the field are not part of the match."""


@dataclass(frozen=True, slots=True)
class Places:
    """The people of one analysed frame: places (n, 2) in metres of the field, covariances (n, 2, 2), scores (n,).

    ``shirts`` (n, 3): the colours Y, U, V; nan where they were not read. ``officials`` (n,): 1 where the detector
    itself says that it is an official, otherwise 0. ``bare`` (n,): whether shirts were read, but none here: a
    shadow, or somebody who is not seen well. ``sight`` (n, 2): the direction on the field in which each is
    seen from ``camera`` (2,); ``reach_m`` (n, 2): how near and how far away somebody in the box may stand, if its
    lower or its upper edge is somebody else's; ``half_m`` (n,): half of the box's width.
    """

    time_ns: int
    xy_m: Array
    covariance: Array
    score: Array
    shirts: Array
    officials: Array
    bare: NDArray[np.bool_]
    camera: Array
    sight: Array
    reach_m: Array
    half_m: Array

    def __len__(self) -> int:
        return len(self.score)


class FieldAxes:
    """Metres of the field: x from the left goal line as the cameras see it, y from the near touchline."""

    def __init__(self, pitch: Pitch) -> None:
        self._pitch = pitch
        self.length_m, self.width_m = pitch.length_m, pitch.width_m
        # A pitch that is described from its far side, with v towards the cameras, is turned around.
        _, behind = pitch.from_world(0.0, 0.0)
        self._turn = 1.0 if float(behind) <= 0.0 else -1.0

    def from_world(self, x_m: ArrayLike, z_m: ArrayLike) -> Array:
        """Places (..., 2) on the field of metres on the ground around the rig."""
        u, v = self._pitch.from_world(x_m, z_m)
        return np.stack([self._turn * u + self.length_m / 2, self._turn * v + self.width_m / 2], axis=-1)

    def to_world(self, xy_m: Array) -> tuple[Array, Array]:
        """Metres on the ground around the rig, x and z, of places (..., 2) on the field."""
        u, v = (xy_m[..., 0] - self.length_m / 2), (xy_m[..., 1] - self.width_m / 2)
        return self._pitch.to_world(self._turn * u, self._turn * v)

    def outside_m(self, xy_m: Array) -> Array:
        """How far places (..., 2) are outside the field; 0 inside."""
        beyond = np.maximum(np.maximum(-xy_m, xy_m - (self.length_m, self.width_m)), 0.0)
        return np.asarray(np.hypot(beyond[..., 0], beyond[..., 1]))


class PlaceReader:
    """Reads people's places from detections, and learns how high people's boxes are. One thread at a time."""

    def __init__(self, rig: Rig) -> None:
        """Raises RigError if the rig has no pitch."""
        if rig.pitch is None:
            raise RigError(
                "the rig has no pitch, so nobody's place on the field is known; add a [pitch] table"
            )
        self._rig = rig
        self.axes = FieldAxes(rig.pitch)
        self._camera = self.axes.from_world(0.0, 0.0)
        self._height_m = rig.surface.height_m
        self._usual_m = USUAL_M

    def places(self, seen: DetectionSet) -> Places:
        """The people of a set on or beside the field."""
        shirts = seen.shirts or (None,) * len(seen.detections)
        rows = [
            (
                one.yaw_deg,
                one.tilt_deg,
                one.width_deg,
                one.height_deg,
                one.score,
                one.label in ("side_referee", "main_referee"),
                shirt is None and bool(seen.shirts),
                *(shirt or (math.nan,) * 3),
            )
            for one, shirt in zip(seen.detections, shirts, strict=True)
            if one.label not in ("ball", "staff") and one.score >= LEAST_SCORE
        ]
        found = np.array(rows, np.float64).reshape(-1, 10)
        foot_deg = found[:, 1] - found[:, 3] / 2
        xy_m = self.axes.from_world(*self._rig.angles_to_metres(found[:, 0], foot_deg))
        with np.errstate(invalid="ignore"):
            near = (
                self.axes.outside_m(xy_m) <= MOST_OUTSIDE_M
            )  # false above the horizon, where the place is nan
        found, xy_m = found[near], xy_m[near]
        foot_m = np.linalg.norm(xy_m - self._camera, axis=-1)
        sight = (xy_m - self._camera) / np.maximum(foot_m, 1e-6)[:, None]
        slope = np.tan(np.radians(found[:, 1] + found[:, 3] / 2))
        high_m = self._height_m + foot_m * slope
        head_m = self._head_range(foot_m, slope)
        off_m = np.abs(high_m - self._usual_m) - LEAST_OFF_M
        doubt = np.clip(off_m / (MOST_OFF_M - LEAST_OFF_M), 0.0, 1.0)
        if len(high_m):
            self._usual_m += LEARNS * (float(np.median(high_m)) - self._usual_m)
        away = doubt * (head_m - foot_m) / 2  # in the middle of where he may stand
        reach_m = np.sort(np.stack([foot_m, head_m], axis=-1), axis=-1)
        return Places(
            seen.time_ns,
            xy_m + away[:, None] * sight,
            self._covariance(foot_m, sight, away),
            found[:, 4],
            found[:, 7:],
            found[:, 5],
            found[:, 6] > 0,
            self._camera,
            sight,
            reach_m,
            np.radians(found[:, 2]) / 2 * np.hypot(foot_m, self._height_m),
        )

    def _head_range(self, foot_m: Array, slope: Array) -> Array:
        """How far away people stand whose heads are seen at these slopes, (n,)."""
        below_m = max(self._height_m - self._usual_m, LEAST_ABOVE_M)
        head_m = below_m / np.maximum(-slope, 1e-3)
        return np.asarray(np.clip(head_m, foot_m - FARTHEST_OFF_M, foot_m + FARTHEST_OFF_M))

    def _covariance(self, range_m: Array, sight: Array, away_m: Array) -> Array:
        """The covariances (n, 2, 2) of places at these ranges: a foot's error is long in the line of sight."""
        height_m = self._height_m
        foot = math.radians(FOOT_DEG)
        along = foot * (range_m**2 + height_m**2) / height_m
        across = foot * np.hypot(range_m, height_m)
        return stretched(sight, along**2 + away_m**2, across**2) + STRIDE_M**2 * np.eye(2)


def stretched(sight: Array, along: Array, across: Array) -> Array:
    """Covariances (n, 2, 2) with the variances (n,) along and across the lines of sight (n, 2)."""
    outer = sight[:, :, None] * sight[:, None, :]
    return np.asarray(along[:, None, None] * outer + across[:, None, None] * (np.eye(2) - outer))
