"""SeamPoints: directions around the seam of two cameras that both see, and how bright each camera shows them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array, angles_to_rays
from pipeline.optics.frame import Frame, Plane
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Poses

FEWEST = 60
"""With fewer points in common nothing is measured."""

LOWEST_DEG, HIGHEST_DEG = -50.0, -0.3
"""Only the ground is looked at: what is above the horizon is far, and clouds and trees move there."""

_GRID = 160
_EDGE_PX = 24
"""Points keep so far from the edge of a camera's picture; a camera that sways sees them all the same."""

Samples = NDArray[np.float32]


class SeamPoints:
    """The points of one seam in one camera after the other. Keeps no frame; one thread at a time.

    They lie within ``near_deg`` of the seam, on a plane ``above_m`` above the ground: two cameras see bodies at
    the same place at half their height, not at their feet's. ``grain_deg`` is the size of what is averaged.
    """

    def __init__(
        self, rig: Rig, pair: tuple[int, int], *, near_deg: float, above_m: float, grain_deg: float, most: int
    ) -> None:
        self._rig = rig
        self.pair = pair
        self._raised = _raised(rig, above_m)
        order = rig.left_to_right
        seam_deg = rig.seams_deg[min(order.index(i) for i in pair)]
        yaw, tilt = np.meshgrid(
            np.linspace(seam_deg - near_deg, seam_deg + near_deg, _GRID),
            np.linspace(LOWEST_DEG, HIGHEST_DEG, 2 * _GRID),
        )
        rays = angles_to_rays(yaw.ravel(), tilt.ravel())
        seen = np.all([self._sees(i, rays) for i in pair], axis=0)
        self._rays = rays[seen]
        if len(self._rays) > most:
            self._rays = self._rays[np.linspace(0, len(self._rays) - 1, most).astype(int)]
        self._shrinks = [
            max(1, round(rig.cameras[i].lens.focal_px * np.radians(grain_deg) / 2) * 2) for i in pair
        ]
        self._still = [self._raised.camera_pixels(i, self._rays) for i in pair]

    @property
    def count(self) -> int:
        """How many points both cameras see."""
        return len(self._rays)

    @property
    def is_enough(self) -> bool:
        """Whether the cameras have enough in common."""
        return self.count >= FEWEST

    def luma(self, frame: Frame, poses: Poses | None = None) -> tuple[Samples, Samples]:
        """The brightness of each point (n,) in either camera; cameras stand as ``poses`` say."""
        first, second = (self._of(frame.luma, k, poses, 1) for k in (0, 1))
        return first, second

    def colours(self, frame: Frame, poses: Poses | None = None) -> tuple[Samples, Samples]:
        """Y, U and V of each point (n, 3) in either camera."""
        if frame.format == "NV12":
            u, v = frame.planes[1][..., 0], frame.planes[1][..., 1]
        else:
            u, v = frame.planes[1], frame.planes[2]
        first, second = (
            np.stack(
                [self._of(plane, k, poses, scale) for plane, scale in ((frame.luma, 1), (u, 2), (v, 2))],
                axis=-1,
            )
            for k in (0, 1)
        )
        return first, second

    def _of(self, plane: Plane, k: int, poses: Poses | None, scale: int) -> Samples:
        """A plane of the rig frame, of a ``scale``-th of its size, at the points as the k-th camera sees them."""
        i = self.pair[k]
        region, shrink = self._rig.region(i), self._shrinks[k]
        pose = None if poses is None else poses[i]
        pixels = self._still[k] if pose is None else self._raised.camera_pixels(i, self._rays, pose)
        pixels = np.nan_to_num(pixels, nan=-1e4)
        width, height = region.width, region.height
        low = np.clip(pixels.min(axis=0) - shrink, 0, (width - 2 * shrink, height - 2 * shrink))
        high = np.clip(pixels.max(axis=0) + shrink, low + 2 * shrink, (width, height))
        (left, top), (right, bottom) = (low // shrink * shrink).astype(int), high.astype(int)
        crop = plane[
            (region.y + top) // scale : (region.y + bottom) // scale,
            (region.x + left) // scale : (region.x + right) // scale,
        ]
        step = max(shrink // scale, 1)
        size = max(crop.shape[1] // step, 1), max(crop.shape[0] // step, 1)
        crop = crop[: size[1] * step, : size[0] * step]
        small = cv2.resize(np.ascontiguousarray(crop), size, interpolation=cv2.INTER_AREA)
        at = ((pixels - (left, top) + 0.5) / (step * scale) - 0.5).astype(np.float32)
        found = cv2.remap(
            small.astype(np.float32), at[:, None], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )  # type: ignore[call-overload]
        samples: Samples = found[:, 0]
        return samples

    def _sees(self, i: int, rays: Array) -> NDArray[np.bool_]:
        camera = self._rig.cameras[i]
        pixels = self._raised.camera_pixels(i, rays)
        width, height = camera.size_px
        room = np.array([width - 1 - _EDGE_PX, height - 1 - _EDGE_PX])
        inside = np.isfinite(pixels).all(axis=-1)
        inside &= ((pixels >= _EDGE_PX) & (pixels <= room)).all(axis=-1)
        return np.asarray(inside & camera.shows(np.nan_to_num(pixels, nan=-1e4)))


def _raised(rig: Rig, above_m: float) -> Rig:
    """The rig over a ground that is higher by so much, at most an eighth of the cameras' height."""
    surface = rig.surface
    above_m = min(above_m, surface.height_m / 8)
    return replace(rig, surface=replace(surface, height_m=surface.height_m - above_m))
