"""Backdrop: a small stored picture of what a camera sees, in which it finds its pose again after a bump."""

from __future__ import annotations

import math
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.frame import Plane
from pipeline.optics.stabilisation.fit import REFINING, SEARCHING, Mount, fit_pose
from pipeline.optics.stabilisation.landmarks import reduced
from pipeline.optics.stabilisation.pose import NO_CHANGE

PIXELS = 36_000
"""The stored picture has about so many pixels, 256x144 for 16:9."""

MOST_CORNERS = 60
PATCH_PX = 13
"""The side of the square around a corner that is looked for."""

REACH_RAD, REACH_SHARE = 0.075, 0.07
"""A corner may have moved this far, and by this share of its distance from the centre: 4 degrees, 7 % of zoom."""

LEAST_LIKENESS = 0.6
"""The normalised correlation of a patch that was found again."""

NEAR_PX = 2.5
"""Patches that move together differ by less than this from a shift, a roll and a zoom."""

FEWEST = 8
"""Patches that must move together."""

LARGEST_TURN_RAD, LARGEST_ZOOM, LARGEST_DROP = math.radians(8.0), 0.15, 0.6
"""A pose beyond these is no bump; the drop as a share of the camera's height."""

LEARNT = 0.3
"""The part of the newest picture in the stored one: light and shadows change."""

DARK_LEVEL = 30
BLURRED = 0.4
"""A picture with less than this share of the stored picture's edges shows something close before the lens."""

Sight = Literal["seen", "dark", "covered", "elsewhere", "frozen"]
"""What a camera shows: its backdrop, nothing, something close before the lens, another scene, or an old picture."""


class Backdrop:
    """The stored picture of one camera. One thread at a time; pure. A search takes some milliseconds."""

    def __init__(self, mount: Mount, luma: Plane) -> None:
        """Stores the first frame, `luma` (height, width)."""
        self._mount = mount
        height, width = luma.shape
        self._scale = max(1, round(math.sqrt(width * height / PIXELS)))
        self._picture = self._small(luma).copy()  # the frame's memory is the pipeline's
        self._corners = self._find_corners()
        self._rays: Array | None = None
        """The ray of each of its pixels, once it learns."""

    def search(self, luma: Plane) -> Array | None:
        """The rough pose vector in this frame; None if the backdrop is not found in it."""
        if len(self._corners) < FEWEST:
            return None
        found, alike = self._look_for_patches(self._small(luma))
        if alike.sum() < FEWEST:
            return None
        before, after = self._corners[alike], found[alike]
        _, together = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=NEAR_PX)
        if together is None or together.sum() < max(FEWEST, len(self._corners) // 6):
            return None
        rays, seen = (self._mount.unzoomed_rays(self._to_pixels(px), 0.0) for px in (before, after))
        known = np.asarray(np.isfinite(rays).all(axis=-1) & np.isfinite(seen).all(axis=-1))
        if known.sum() < FEWEST:
            return None
        px_per_rad = self._mount.lens.focal_px / self._scale
        to, inliers = self._to_pixels(after), np.asarray(known & (together[:, 0] > 0))
        rays = np.where(known[:, None], rays, 0.0)
        pulls = self._mount.pulls(rays)
        start = fit_pose(self._mount, rays, pulls, to, inliers, px_per_rad, NO_CHANGE, SEARCHING).vector
        pose = fit_pose(self._mount, rays, pulls, to, known, px_per_rad, start, REFINING)
        return pose.vector if self.is_possible(pose.vector) else None

    def is_possible(self, vector: Array) -> bool:
        """Whether a bump may have led to this pose; otherwise the camera was moved away."""
        surface = self._mount.surface
        deepest_m = math.inf if surface is None else LARGEST_DROP * surface.height_m
        return (
            float(np.linalg.norm(vector[:3])) < LARGEST_TURN_RAD
            and abs(float(vector[3])) < LARGEST_ZOOM
            and abs(float(vector[4])) < deepest_m
        )

    def learn(self, luma: Plane, vector: Array) -> None:
        """Take the light of this frame, in which the camera has this pose, into the stored picture."""
        height, width = self._picture.shape
        if self._rays is None:
            x, y = np.meshgrid(np.arange(width), np.arange(height))
            pixels = self._to_pixels(np.stack([x, y], axis=-1).reshape(-1, 2))
            self._rays = self._mount.unzoomed_rays(pixels, 0.0)
        seen = (
            self._mount.pixels(self._rays, self._mount.pulls(self._rays), vector) + 0.5
        ) / self._scale - 0.5
        at = np.nan_to_num(seen, nan=-1.0).reshape(height, width, 2).astype(np.float32)
        now = cv2.remap(self._small(luma), at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderValue=0.0)
        inside = (at >= 0).all(axis=-1) & (at <= (width - 1, height - 1)).all(axis=-1)
        mixed = (1 - LEARNT) * self._picture.astype(np.float32) + LEARNT * now
        self._picture[inside] = (mixed[inside] + 0.5).astype(np.uint8)
        self._corners = self._find_corners()

    def sight(self, luma: Plane) -> Sight:
        """What a frame shows in which the backdrop was not found."""
        now = self._small(luma)
        if float(now.mean()) < min(DARK_LEVEL, float(self._picture.mean()) / 2):
            return "dark"
        return "covered" if _edges(now) < BLURRED * _edges(self._picture) else "elsewhere"

    def _small(self, luma: Plane) -> Plane:
        return reduced(luma, self._scale)

    def _to_pixels(self, places: NDArray[np.generic]) -> Array:
        """The camera's pixels of places in the small picture."""
        return (np.asarray(places, np.float64) + 0.5) * self._scale - 0.5

    def _find_corners(self) -> NDArray[np.float32]:
        """Corners (n, 2) of the stored picture, spread over it, whose patches lie within it."""
        found = cv2.goodFeaturesToTrack(self._picture, 2 * MOST_CORNERS, 0.01, PATCH_PX * 0.8)
        if found is None:
            return np.empty((0, 2), np.float32)
        places = np.round(cast(NDArray[np.float32], found)[:, 0])
        height, width = self._picture.shape
        half = PATCH_PX // 2
        inside = (places >= half).all(axis=-1) & (places < (width - half, height - half)).all(axis=-1)
        return np.ascontiguousarray(places[inside][:MOST_CORNERS], np.float32)

    def _look_for_patches(self, now: Plane) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Where the patch of each corner is found (n, 2), and whether it is alike (n,)."""
        height, width = now.shape
        half = PATCH_PX // 2
        middle = np.array([width, height]) / 2
        reach_px = REACH_RAD * self._mount.lens.focal_px / self._scale
        found = self._corners.copy()
        alike = np.zeros(len(found), np.bool_)
        for n, (x, y) in enumerate(self._corners.astype(int).tolist()):
            reach = round(reach_px + REACH_SHARE * float(np.linalg.norm((x, y) - middle))) + half
            left, top = max(0, x - reach), max(0, y - reach)
            window = now[top : y + reach + 1, left : x + reach + 1]
            patch = self._picture[y - half : y + half + 1, x - half : x + half + 1]
            likeness = cv2.matchTemplate(window, patch, cv2.TM_CCOEFF_NORMED)
            _, best, _, (column, row) = cv2.minMaxLoc(likeness)
            alike[n] = LEAST_LIKENESS < best <= 1.001
            found[n] = left + column + half, top + row + half
        return found, alike


def _edges(picture: Plane) -> float:
    """How much edge a picture has: the mean strength of its Laplacian."""
    return float(np.abs(cv2.Laplacian(picture, cv2.CV_32F)).mean())
