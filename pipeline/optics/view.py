"""View: a virtual lens that looks at a rig. Panorama, virtual camera and detector tile are views."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pipeline.errors import RigError
from pipeline.optics.angles import Array, angles_to_rays, rays_to_angles, rotation
from pipeline.optics.lens import CylindricalLens, EquirectangularLens, Lens, RectilinearLens

Projection = Literal["rectilinear", "cylindrical", "equirectangular"]

OUTLINE_POINTS = 17
"""Of each edge of a view's outline: edges that are straight in one projection are bent in another."""


@dataclass(frozen=True, slots=True)
class View:
    """Where a virtual lens looks and how wide. The renderer, not the view, has the size of the image.

    Angles in degrees: yaw to the right, tilt upward, roll clockwise as seen from behind the camera; ``hfov_deg``
    is the horizontal field of view, between the middles of the left and right edges, at most 179 for a
    rectilinear view and 360 for the others. A rectilinear view rotates with its tilt; the others stay upright,
    with a level horizon, and ``tilt_deg`` is the tilt of the image centre. Pure; any thread.
    """

    yaw_deg: float
    tilt_deg: float
    hfov_deg: float
    roll_deg: float = 0.0
    projection: Projection = "rectilinear"

    def lens(self, width: int, height: int) -> Lens:
        """The virtual lens of an image of this size in pixels. Raises RigError for odd sizes and impossible
        angles."""
        widest_deg = 179 if self.projection == "rectilinear" else 360
        if not 0 < self.hfov_deg <= widest_deg:
            raise RigError(f"hfov_deg is {self.hfov_deg}; allowed for {self.projection}: 0 to {widest_deg}")
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        if self.projection == "rectilinear":
            focal_px = width / 2 / math.tan(math.radians(self.hfov_deg) / 2)
            return RectilinearLens((width, height), focal_px, (middle_x, middle_y))
        focal_px = width / math.radians(self.hfov_deg)
        tilt = math.radians(self.tilt_deg)
        if self.projection == "cylindrical":
            horizon_px = middle_y + focal_px * math.tan(tilt)
            return CylindricalLens((width, height), focal_px, (middle_x, horizon_px))
        return EquirectangularLens((width, height), focal_px, (middle_x, middle_y + focal_px * tilt))

    @property
    def rotation(self) -> Array:
        """The 3x3 rotation virtual lens -> world."""
        tilt_deg = self.tilt_deg if self.projection == "rectilinear" else 0.0
        return rotation(self.yaw_deg, tilt_deg, self.roll_deg)

    def angles_to_pixels(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike, width: int, height: int) -> Array:
        """Pixels (..., 2) of directions in an image of this size; nan for directions that the view cannot show."""
        return self.lens(width, height).project(angles_to_rays(yaw_deg, tilt_deg) @ self.rotation)

    def pixels_to_angles(self, pixels: Array, width: int, height: int) -> tuple[Array, Array]:
        """Yaw and tilt in degrees, (...) each, of pixels (..., 2) of an image of this size."""
        return rays_to_angles(self.lens(width, height).unproject(pixels) @ self.rotation.T)

    def outline(self, aspect: float) -> Array:
        """Yaw and tilt (N, 2) in degrees along the edge of a picture `aspect` times as wide as high, closed."""
        height = 1000
        width = 2 * round(aspect * height / 2)
        left, top, right, bottom = -0.5, -0.5, width - 0.5, height - 0.5
        along, down = np.linspace(left, right, OUTLINE_POINTS), np.linspace(top, bottom, OUTLINE_POINTS)
        x = np.concatenate([along, np.full_like(down, right), along[::-1], np.full_like(down, left)])
        y = np.concatenate([np.full_like(along, top), down, np.full_like(along, bottom), down[::-1]])
        return np.stack(self.pixels_to_angles(np.stack([x, y], axis=-1), width, height), axis=-1)
