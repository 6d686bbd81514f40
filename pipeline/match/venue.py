"""Venue: position and projection of the match's camera, an upright cylindrical panorama at the halfway line.

Drawing projects points itself, in float32 and in bulk; the tests check that it agrees with the Rig.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.match.field import HALF_WIDTH_M, LENGTH_M, WIDTH_M
from pipeline.match.settings import MatchSettings
from pipeline.optics.lens import CylindricalLens
from pipeline.optics.rig import Camera, Pitch, Rig
from pipeline.optics.surface import Surface

Array = NDArray[np.float64]

SETBACK_M: Final = 14.0
"""The distance from the camera to the near touchline."""
HFOV_DEG: Final = 160.0
_NEAREST_GROUND_M = 12.4
"""The distance from the camera to the ground at the image's lower edge."""


@dataclass(frozen=True, slots=True)
class Venue:
    """The projection: ``x = centre_x + focal yaw``, ``y = horizon_y - focal tan(tilt)``, in pixels."""

    width: int
    height: int
    height_m: float
    focal_px: float
    centre_x: float
    horizon_y: float

    @classmethod
    def of(cls, settings: MatchSettings) -> Venue:
        """The venue of a match. It shows the whole length; from an aspect ratio of 3 on, the near touchline as
        well."""
        focal_px = settings.width / math.radians(HFOV_DEG)
        below_px = focal_px * settings.height_m / _NEAREST_GROUND_M
        horizon_y = max(0.1 * settings.height, settings.height - 0.5 - below_px)
        return cls(
            settings.width,
            settings.height,
            settings.height_m,
            focal_px,
            (settings.width - 1) / 2,
            horizon_y,
        )

    def rig(self) -> Rig:
        """The venue as a Rig of one cylindrical camera, with the pitch."""
        lens = CylindricalLens((self.width, self.height), self.focal_px, (self.centre_x, self.horizon_y))
        return Rig(
            (Camera("match", lens),),
            Surface("infinity", self.height_m),
            pitch=Pitch(LENGTH_M, WIDTH_M, (0.0, SETBACK_M + HALF_WIDTH_M)),
        )

    def pixels(self, u_m: ArrayLike, v_m: ArrayLike, z_m: ArrayLike = 0.0) -> Array:
        """Pixels (..., 2) of pitch coordinates and heights, metres."""
        x, z = np.asarray(u_m, np.float64), np.asarray(v_m, np.float64) + SETBACK_M + HALF_WIDTH_M
        down = self.height_m - np.asarray(z_m, np.float64)
        yaw = np.arctan2(x, z)
        return np.stack(
            np.broadcast_arrays(
                self.centre_x + self.focal_px * yaw, self.horizon_y + self.focal_px * down / np.hypot(x, z)
            ),
            axis=-1,
        )

    def angles(self, u_m: ArrayLike, v_m: ArrayLike, z_m: ArrayLike = 0.0) -> tuple[Array, Array]:
        """Yaw and tilt in degrees of pitch coordinates and heights, metres."""
        x, z = np.asarray(u_m, np.float64), np.asarray(v_m, np.float64) + SETBACK_M + HALF_WIDTH_M
        up = np.asarray(z_m, np.float64) - self.height_m
        return np.degrees(np.arctan2(x, z)), np.degrees(np.arctan2(up, np.hypot(x, z)))

    def span(
        self, yaw_deg: tuple[float, float], tilt_deg: tuple[float, float]
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        """Columns and rows, even and inside the image, between two yaws and two tilts (upper first)."""
        x = [self.centre_x + self.focal_px * math.radians(yaw) for yaw in yaw_deg]
        y = [self.horizon_y - self.focal_px * math.tan(math.radians(tilt)) for tilt in tilt_deg]

        def even(value: float, limit: int) -> int:
            return 2 * round(min(max(value, 0.0), float(limit)) / 2)

        return (
            (even(x[0], self.width), even(x[1], self.width)),
            (even(y[0], self.height), even(y[1], self.height)),
        )
