"""Lens models: the maps between the rays of one camera and the pixels of its image.

Camera axes: x right, y down, z forward. Pixel centres have whole coordinates, so an image of width w extends
from -0.5 to w - 0.5, as in OpenCV. All methods are pure, vectorised in float64, and may be called
from any thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import RigError
from pipeline.optics.angles import Array

_CONVERGED = 1e-9
"""A Newton step this small is the last one: each step squares the error."""

_NEWTON_STEPS = 6
LARGEST_SIDE_PX = 65_536
FOCAL_RANGE_PX = (0.01, 1e7)
LARGEST_CENTRE_PX = 1e6
LARGEST_K = 1e6
"""Beyond these sizes no camera exists, and the arithmetic overflows."""
_START_SAMPLES = 256


@dataclass(frozen=True, slots=True)
class Lens:
    """The base of all lenses. Raises RigError for an impossible size, focal length, centre or k.

    ``focal_px`` is the focal length in pixels (pixels per radian on the axis), ``centre_px`` the principal point;
    ``k`` are the model's distortion coefficients, missing ones being 0.
    """

    model: ClassVar[str]
    max_k: ClassVar[int] = 0

    size_px: tuple[int, int]
    focal_px: float
    centre_px: tuple[float, float]
    k: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not all(0 < side <= LARGEST_SIDE_PX and side % 2 == 0 for side in self.size_px):
            raise RigError(
                f"size_px is {list(self.size_px)}; allowed: two even, positive numbers up to {LARGEST_SIDE_PX}"
            )
        least, largest = FOCAL_RANGE_PX
        if not least <= self.focal_px <= largest:
            raise RigError(
                f"focal_px is {self.focal_px}; allowed: a positive number of pixels, {least:g} to {largest:g}"
            )
        if not all(abs(x) <= LARGEST_CENTRE_PX for x in self.centre_px):
            raise RigError(
                f"centre_px is {list(self.centre_px)}; allowed: two numbers of pixels within "
                f"+-{LARGEST_CENTRE_PX:g}"
            )
        if len(self.k) > self.max_k or not all(abs(k) <= LARGEST_K for k in self.k):
            raise RigError(
                f"k is {list(self.k)}; allowed for {self.model}: at most {self.max_k} numbers within "
                f"+-{LARGEST_K:g}"
            )

    def project(self, rays: Array) -> Array:
        """Pixels (..., 2) of rays (..., 3) of any length; nan for rays that the lens cannot see.

        A pixel may lie outside the image; ``contains`` tells.
        """
        raise NotImplementedError

    def unproject(self, pixels: Array) -> Array:
        """Unit rays (..., 3) of pixels (..., 2), the inverse of ``project``; nan for pixels without a ray."""
        raise NotImplementedError

    def contains(self, pixels: Array) -> NDArray[np.bool_]:
        """Which of the pixels (..., 2) lie in the image, between the centres of its first and last pixels."""
        width, height = self.size_px
        x, y = pixels[..., 0], pixels[..., 1]
        inside: NDArray[np.bool_] = (y >= 0) & (y <= height - 1)
        return inside if self.full_turn else inside & (x >= 0) & (x <= width - 1)

    @property
    def full_turn(self) -> bool:
        """Whether the image covers 360 degrees, so that its left and right edges meet."""
        return self.max_k == 0 and self.size_px[0] > math.tau * self.focal_px - 1

    def _offsets(self, pixels: Array) -> tuple[Array, Array]:
        """Pixels as offsets from the centre in units of the focal length."""
        pixels = np.asarray(pixels, np.float64)
        return (
            (pixels[..., 0] - self.centre_px[0]) / self.focal_px,
            (pixels[..., 1] - self.centre_px[1]) / self.focal_px,
        )

    def _pixels(self, x: Array, y: Array) -> Array:
        return np.stack(
            [self.focal_px * x + self.centre_px[0], self.focal_px * y + self.centre_px[1]], axis=-1
        )


@dataclass(frozen=True, slots=True)
class _RadialLens(Lens):
    """A radially symmetric lens: radius = f t (1 + k1 t^2 + k2 t^4 + ...), t a function of the angle off axis.

    The lens ends where the polynomial stops growing (``_t_max``); beyond that the image would fold over.
    """

    _t_max: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        Lens.__post_init__(self)
        # The roots of the slope in 1 / t^2, so that the leading coefficient is 1 for every k.
        roots = np.roots([(2 * i + 1) * k for i, k in enumerate((1.0, *self.k))])
        turns = [root.real for root in roots if abs(root.imag) < 1e-9 and root.real > 0]
        object.__setattr__(self, "_t_max", 1 / math.sqrt(max(turns)) if turns else math.inf)

    def _radius(self, t: Array) -> Array:
        square = t * t
        factor = np.zeros_like(t)
        for k in reversed(self.k):
            factor = (factor + k) * square
        return t * (1.0 + factor)

    def _slope(self, t: Array) -> Array:
        square = t * t
        slope = np.zeros_like(t)
        for i in range(len(self.k), 0, -1):
            slope = (slope + (2 * i + 1) * self.k[i - 1]) * square
        return 1.0 + slope

    def _t_of_radius(self, radius: Array, t_limit: float) -> Array:
        """Invert ``_radius`` on 0..t_limit by Newton's method, started from a table; nan beyond."""
        largest = float(np.max(radius, initial=0.0, where=np.isfinite(radius)))
        end = min(t_limit, 1.0)
        while end < t_limit and float(self._radius(np.array(end))) < largest:
            end = min(t_limit, 2.0 * end)
        table = np.linspace(0.0, end, _START_SAMPLES)
        reach = self._radius(table)
        t = np.interp(radius, reach, table)
        for _ in range(_NEWTON_STEPS):
            slope = np.maximum(self._slope(t), 1e-12)
            step = (self._radius(t) - radius) / slope
            t = np.clip(t - step, 0.0, end)
            if not (np.abs(step) > _CONVERGED).any():
                break
        return np.where(radius <= reach[-1], t, np.nan)


@dataclass(frozen=True, slots=True)
class RectilinearLens(_RadialLens):
    """The pinhole model with radial distortion k1, k2, k3: t = tan(angle), as OpenCV's cv2.projectPoints."""

    model: ClassVar[str] = "rectilinear"
    max_k: ClassVar[int] = 3

    def project(self, rays: Array) -> Array:
        """See Lens.project; nan behind the camera and where the distortion would fold the image over."""
        rays = np.asarray(rays, np.float64)
        z = rays[..., 2]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            x, y = rays[..., 0] / z, rays[..., 1] / z
            square = x * x + y * y
            valid = (z > 0) & (square < min(self._t_max, 1e6) ** 2)
            square = np.where(valid, square, np.nan)
        factor = np.zeros_like(square)
        for k in reversed(self.k):
            factor = (factor + k) * square
        factor = np.where(valid, 1.0 + factor, np.nan)
        return self._pixels(np.where(valid, x, 0.0) * factor, np.where(valid, y, 0.0) * factor)

    def unproject(self, pixels: Array) -> Array:
        """See Lens.unproject."""
        x, y = self._offsets(pixels)
        radius = np.hypot(x, y)
        t = self._t_of_radius(radius, self._t_max) if self.k else radius
        shrink = np.divide(t, radius, out=np.ones_like(radius), where=radius > 0)
        rays = np.stack([x * shrink, y * shrink, np.ones_like(x)], axis=-1)
        return rays / np.sqrt(1.0 + t * t)[..., None]


@dataclass(frozen=True, slots=True)
class FisheyeLens(_RadialLens):
    """The fisheye model of Kannala and Brandt 2006 with up to four coefficients: t = angle off axis; as
    cv2.fisheye."""

    model: ClassVar[str] = "fisheye"
    max_k: ClassVar[int] = 4

    def project(self, rays: Array) -> Array:
        """See Lens.project; nan where the distortion would fold the image over."""
        rays = np.asarray(rays, np.float64)
        x, y, z = rays[..., 0], rays[..., 1], rays[..., 2]
        across = np.hypot(x, y)
        angle = np.arctan2(across, z)
        angle = np.where(angle < min(self._t_max, math.pi), angle, np.nan)
        on_axis = np.where(z > 0, 0.0, np.nan)
        scale = np.divide(self._radius(angle), across, out=on_axis, where=across > 0)
        return self._pixels(x * scale, y * scale)

    def unproject(self, pixels: Array) -> Array:
        """See Lens.unproject."""
        x, y = self._offsets(pixels)
        radius = np.hypot(x, y)
        angle = self._t_of_radius(radius, min(self._t_max, math.pi))
        scale = np.divide(np.sin(angle), radius, out=np.ones_like(radius), where=radius > 0)
        return np.stack([x * scale, y * scale, np.cos(angle)], axis=-1)


@dataclass(frozen=True, slots=True)
class CylindricalLens(Lens):
    """A panorama on an upright cylinder: x = cx + f yaw, y = cy - f tan(tilt), yaw in radians."""

    model: ClassVar[str] = "cylindrical"

    def project(self, rays: Array) -> Array:
        """See Lens.project; nan straight up and straight down."""
        rays = np.asarray(rays, np.float64)
        across = np.hypot(rays[..., 0], rays[..., 2])
        height = np.divide(rays[..., 1], across, out=np.full_like(across, np.nan), where=across > 0)
        yaw = np.arctan2(rays[..., 0], rays[..., 2])
        return self._pixels(np.where(across > 0, yaw, np.nan), height)

    def unproject(self, pixels: Array) -> Array:
        """See Lens.unproject; nan beyond 180 degrees from the centre."""
        yaw, height = self._offsets(pixels)
        rays = np.stack([np.sin(yaw), height, np.cos(yaw)], axis=-1)
        rays /= np.sqrt(1.0 + height * height)[..., None]
        return np.where((np.abs(yaw) <= math.pi)[..., None], rays, np.nan)


@dataclass(frozen=True, slots=True)
class EquirectangularLens(Lens):
    """An equirectangular panorama: x = cx + f yaw, y = cy - f tilt, angles in radians."""

    model: ClassVar[str] = "equirectangular"

    def project(self, rays: Array) -> Array:
        """See Lens.project; every ray has a pixel."""
        rays = np.asarray(rays, np.float64)
        x, y, z = rays[..., 0], rays[..., 1], rays[..., 2]
        return self._pixels(np.arctan2(x, z), np.arctan2(y, np.hypot(x, z)))

    def unproject(self, pixels: Array) -> Array:
        """See Lens.unproject; nan beyond 180 degrees from the centre and beyond the poles."""
        yaw, down = self._offsets(pixels)
        rays = np.stack([np.sin(yaw) * np.cos(down), np.sin(down), np.cos(yaw) * np.cos(down)], axis=-1)
        valid = (np.abs(yaw) <= math.pi) & (np.abs(down) <= math.pi / 2)
        return np.where(valid[..., None], rays, np.nan)


LENSES: dict[str, type[Lens]] = {
    lens.model: lens for lens in (RectilinearLens, FisheyeLens, CylindricalLens, EquirectangularLens)
}
"""The lens classes by the name of their model, as rig files write it."""
