"""Places: the people of a detection set in metres of the field, and how exact each place is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipeline.analysis.detector import DetectionSet
from pipeline.errors import RigError
from pipeline.optics.rig import Rig
from pipeline.optics.rig_parts import Pitch
from pipeline.tracking.ground import Array

FOOT_DEG = 0.05
"""The standard deviation of a foot in the picture: about a pixel of the motion detector."""

STRIDE_M = 0.15
"""The standard deviation of the place of a box's lower edge around the person: legs swing, boxes are cut."""

LEAST_SCORE = 0.05
"""People with a lower score are not used."""

MOST_OUTSIDE_M = 4.0
"""People farther outside the field are not part of the match."""


@dataclass(frozen=True, slots=True)
class Places:
    """The people of one analysed frame: places (n, 2) in metres of the field, covariances (n, 2, 2), scores (n,).

    ``shirts`` (n, 3): the colours Y, U, V; nan where they were not read. ``officials`` (n,): 1 where the detector
    itself says that it is an official, otherwise 0.
    """

    time_ns: int
    xy_m: Array
    covariance: Array
    score: Array
    shirts: Array
    officials: Array

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
    """Reads people's places from detections. Immutable; any thread."""

    def __init__(self, rig: Rig) -> None:
        """Raises RigError if the rig has no pitch."""
        if rig.pitch is None:
            raise RigError(
                "the rig has no pitch, so nobody's place on the field is known; add a [pitch] table"
            )
        self._rig = rig
        self.axes = FieldAxes(rig.pitch)

    def places(self, seen: DetectionSet) -> Places:
        """The people of a set on or beside the field; who has no shirt, where shirts were read, is nobody."""
        shirts = seen.shirts or (None,) * len(seen.detections)
        rows = [
            (
                one.yaw_deg,
                one.tilt_deg - one.height_deg / 2,
                one.score,
                one.label in ("side_referee", "main_referee"),
                *(shirt or (math.nan,) * 3),
            )
            for one, shirt in zip(seen.detections, shirts, strict=True)
            if one.label not in ("ball", "staff")
            and one.score >= LEAST_SCORE
            and (shirt is not None or not seen.shirts)
        ]
        found = np.array(rows, np.float64).reshape(-1, 7)
        x, z = self._rig.angles_to_metres(found[:, 0], found[:, 1])
        xy_m = self.axes.from_world(x, z)
        with np.errstate(invalid="ignore"):
            near = (
                self.axes.outside_m(xy_m) <= MOST_OUTSIDE_M
            )  # false above the horizon, where the place is nan
        found, xy_m, x, z = found[near], xy_m[near], x[near], z[near]
        return Places(
            seen.time_ns,
            xy_m,
            self._covariance(xy_m, np.hypot(x, z)),
            found[:, 2],
            found[:, 4:],
            found[:, 3],
        )

    def _covariance(self, xy_m: Array, range_m: Array) -> Array:
        """The covariances (n, 2, 2) of places at these ranges: a foot's error is long in the line of sight."""
        camera = self.axes.from_world(0.0, 0.0)
        height_m = self._rig.surface.height_m
        foot = math.radians(FOOT_DEG)
        along = foot * (range_m**2 + height_m**2) / height_m
        across = foot * np.hypot(range_m, height_m)
        sight = (xy_m - camera) / np.maximum(np.linalg.norm(xy_m - camera, axis=-1, keepdims=True), 1e-6)
        outer = sight[:, :, None] * sight[:, None, :]
        eye = np.eye(2)
        stretched = (along**2)[:, None, None] * outer + (across**2)[:, None, None] * (eye - outer)
        return np.asarray(stretched + STRIDE_M**2 * eye)
