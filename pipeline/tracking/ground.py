"""Ground geometry: converts angles to metres on the ground and back; level ground below a camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import ConfigError

Array = NDArray[np.float64]


class Geometry(Protocol):
    """Converts angles to metres on the ground and back; a Rig is a Geometry. Pure; any thread.

    Metres: x to the right, z forward, from the point on the ground below the cameras.
    """

    def angles_to_metres(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> tuple[Array, Array]:
        """x and z in metres of the ground seen in these directions in degrees; nan at and above the horizon."""

    def metres_to_angles(
        self, x_m: ArrayLike, z_m: ArrayLike, above_ground_m: ArrayLike = 0.0
    ) -> tuple[Array, Array]:
        """Yaw and tilt in degrees of points on the ground, or `above_ground_m` above it."""


@dataclass(frozen=True, slots=True)
class LevelGround:
    """Level ground ``height_m`` below the camera. Raises ConfigError unless the height is positive."""

    height_m: float = 8.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.height_m) and self.height_m > 0):
            raise ConfigError(f"the cameras' height must be a positive number of metres, not {self.height_m}")

    def angles_to_metres(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> tuple[Array, Array]:
        """x and z in metres of the ground seen in these directions in degrees; nan at and above the horizon."""
        yaw, down = (
            np.radians(np.asarray(yaw_deg, np.float64)),
            -np.radians(np.asarray(tilt_deg, np.float64)),
        )
        distance = self.height_m / np.where(down > 1e-9, np.tan(down), np.nan)
        return distance * np.sin(yaw), distance * np.cos(yaw)

    def metres_to_angles(
        self, x_m: ArrayLike, z_m: ArrayLike, above_ground_m: ArrayLike = 0.0
    ) -> tuple[Array, Array]:
        """Yaw and tilt in degrees of points on the ground, or `above_ground_m` above it."""
        x, z = np.asarray(x_m, np.float64), np.asarray(z_m, np.float64)
        down = self.height_m - np.asarray(above_ground_m, np.float64)
        return np.degrees(np.arctan2(x, z)), -np.degrees(np.arctan2(down, np.hypot(x, z)))


def camera_height_m(geometry: Geometry) -> float:
    """The camera height of a geometry: a ray 45 degrees down meets the ground that far ahead."""
    return float(geometry.angles_to_metres(0.0, -45.0)[1])
