"""Surface: the model of the scene on which the rays of cameras at different positions meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from pipeline.errors import RigError
from pipeline.optics.angles import Array, angles_to_rays

LENGTH_RANGE_M = (1e-3, 1e5)
"""Of a camera's height and of the range cap."""

SurfaceKind = Literal["ground-capped", "infinity"]


@dataclass(frozen=True, slots=True)
class Surface:
    """Level ground ``height_m`` below the origin out to ``range_cap_m``, and a cylindrical wall at that range.

    With kind "infinity" everything is infinitely far away, so cameras have no parallax, and the height only
    converts angles to metres. Raises RigError for sizes that no venue has. Pure; any thread.
    """

    kind: SurfaceKind = "infinity"
    height_m: float = 8.0
    range_cap_m: float = 100.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(SurfaceKind):
            raise RigError(f"kind is {self.kind!r}; allowed: {', '.join(get_args(SurfaceKind))}")
        for key in ("height_m", "range_cap_m"):
            value = getattr(self, key)
            least, largest = LENGTH_RANGE_M
            if not least <= value <= largest:
                raise RigError(
                    f"{key} is {value}; allowed: a positive number of metres, {least:g} to {largest:g}"
                )

    def inverse_distance(self, origin_m: ArrayLike, rays: Array) -> Array:
        """Ray length / distance in 1/m, shape (...), at which rays (..., 3) from `origin_m` meet the surface.

        0 for rays that never meet it. The reciprocal is continuous across the horizon and the zenith.
        """
        if self.kind == "infinity":
            return np.zeros(rays.shape[:-1])
        x, y, z = np.asarray(origin_m, np.float64)
        along = x * rays[..., 0] + z * rays[..., 2]
        square = rays[..., 0] ** 2 + rays[..., 2] ** 2
        inside = self.range_cap_m**2 - x * x - z * z
        wall = (along + np.sqrt(along * along + square * inside)) / inside
        inverse_distance: Array = np.maximum(rays[..., 1] / (self.height_m - y), wall)
        return inverse_distance

    def seen_from(self, target_m: ArrayLike, origin_m: ArrayLike, rays: Array) -> Array:
        """Directions (..., 3) in which `target_m` sees the points that `origin_m` sees along rays (..., 3)."""
        baseline = np.asarray(origin_m, np.float64) - np.asarray(target_m, np.float64)
        directions: Array = rays + self.inverse_distance(origin_m, rays)[..., None] * baseline
        return directions

    def angles_to_metres(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> tuple[Array, Array]:
        """Ground points of directions: x to the right and z forward in metres, beyond the range cap too.

        nan at and above the horizon.
        """
        rays = angles_to_rays(yaw_deg, tilt_deg)
        down = np.where(rays[..., 1] > 1e-9, rays[..., 1], np.nan)
        return self.height_m * rays[..., 0] / down, self.height_m * rays[..., 2] / down
