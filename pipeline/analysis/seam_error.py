"""SeamError: how far the ground of one camera lies beside that of its neighbour where they meet, in pixels.

Small squares of the ground along the seam are laid out from both cameras by the rig; the shift that brings one onto
the other (phase correlation, Kuglin and Hines 1975) is the error that a viewer could see there.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import angles_to_rays
from pipeline.optics.frame import Frame, Plane
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Poses
from pipeline.timebase import NS_PER_S, Nanoseconds

SIDE, SQUARES = 96, 6
"""Pixels of a square's side, and how many squares there are along a seam at most."""

HIGHEST_DEG, LOWEST_DEG = -3.0, -45.0

MEMORY = 0.15
"""The part of the newest frame in a square: what moves fades."""

FEWEST_LOOKS = 8

LEAST_PEAK = 0.25
"""A shift counts if its peak is so high: bare turf shows none."""

LEAST_CONTRAST = 1.5

LARGEST_PX = SIDE / 4

EVERY_NS = NS_PER_S

LEAST_TOLD_PX = 4.0
"""A smaller error is not told: good rigs have one."""

Square = NDArray[np.float32]


class SeamError:
    """Measures one seam. One thread at a time; a look costs two milliseconds, 20 if a camera is off its place."""

    def __init__(self, rig: Rig, pair: tuple[int, int]) -> None:
        self._rig, self._pair = rig, pair
        order = rig.left_to_right
        seam_deg = rig.seams_deg[min(order.index(i) for i in pair)]
        step_deg = float(np.degrees(1 / min(rig.cameras[i].lens.focal_px for i in pair)))
        aside = (np.arange(SIDE) - SIDE / 2) * step_deg
        self._rays = []
        for tilt_deg in np.arange(HIGHEST_DEG, LOWEST_DEG, -SIDE * step_deg):
            yaw, tilt = np.meshgrid(seam_deg + aside, tilt_deg - aside)
            rays = angles_to_rays(yaw, tilt)
            if all(
                rig.cameras[i].shows(np.nan_to_num(rig.camera_pixels(i, rays), nan=-1e4)).all() for i in pair
            ):
                self._rays.append(rays)
        spread = np.linspace(0, len(self._rays) - 1, min(SQUARES, len(self._rays)))
        self._rays = [self._rays[n] for n in spread.astype(int)]
        self._still = [[rig.camera_pixels(i, rays) for rays in self._rays] for i in pair]
        self._squares: list[tuple[Square, Square]] = []
        self._looks = 0

    def look(self, frame: Frame, poses: Poses | None = None) -> None:
        """Take a frame's squares."""
        seen = [
            (self._square(frame.luma, 0, n, poses), self._square(frame.luma, 1, n, poses))
            for n in range(len(self._rays))
        ]
        self._looks += 1
        if not self._squares:
            self._squares = seen
            return
        share = max(MEMORY, 1 / self._looks)
        for known, new in zip(self._squares, seen, strict=True):
            for k in (0, 1):
                known[k][...] += share * (new[k] - known[k])

    def measure(self) -> float | None:
        """The median error over the squares, in pixels of the coarser camera; None if too little can be seen."""
        if self._looks < FEWEST_LOOKS:
            return None
        window = cv2.createHanningWindow((SIDE, SIDE), cv2.CV_32F)
        errors = []
        for one, other in self._squares:
            first, second = _detail(one), _detail(other)
            if min(first.std(), second.std()) < LEAST_CONTRAST:
                continue
            (right, down), peak = cv2.phaseCorrelate(first, second, window)
            if peak >= LEAST_PEAK and max(abs(right), abs(down)) < LARGEST_PX:
                errors.append(float(np.hypot(right, down)))
        return float(np.median(errors)) if errors else None

    def _square(self, luma: Plane, k: int, n: int, poses: Poses | None) -> Square:
        """The n-th square as the k-th camera of the pair sees it."""
        i = self._pair[k]
        region, pose = self._rig.region(i), None if poses is None else poses[i]
        pixels = self._still[k][n]
        if pose is not None:
            pixels = np.nan_to_num(self._rig.camera_pixels(i, self._rays[n], pose), nan=0.0)
        left, top = (np.clip(pixels.min(axis=(0, 1)).astype(int) - 2, 0, None)).tolist()
        right, bottom = (pixels.max(axis=(0, 1)).astype(int) + 3).tolist()
        bottom, right = min(bottom, region.height), min(right, region.width)
        crop = luma[region.y + top : region.y + bottom, region.x + left : region.x + right]
        if not crop.size:
            return np.zeros((SIDE, SIDE), np.float32)
        x, y = np.moveaxis((pixels - (left, top)).astype(np.float32), -1, 0)
        crop = np.ascontiguousarray(crop)
        found = cv2.remap(crop, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found, np.float32)


def _detail(square: Square) -> Square:
    """The square without its light and its finest noise."""
    fine = cv2.GaussianBlur(square, (0, 0), 1.0)
    return np.asarray(fine - cv2.GaussianBlur(square, (0, 0), 8.0), np.float32)


class SeamErrorWatch:
    """Measures all seams of a rig, once a second. One thread calls `look`; any thread the others."""

    def __init__(self, rig: Rig, pairs: Sequence[tuple[int, int]]) -> None:
        """`pairs`: the cameras on either side of each seam."""
        self._names = [camera.name for camera in rig.cameras]
        self._pairs = list(pairs)
        self._meters = [SeamError(rig, pair) for pair in pairs]
        self._errors_px: list[float | None] = [None] * len(self._pairs)
        self._last_ns: int | None = None

    def look(self, frame: Frame, time_ns: Nanoseconds, poses: Poses | None = None) -> None:
        """Look at the rig frame of this time."""
        if self._last_ns is not None and 0 < time_ns - self._last_ns < EVERY_NS:
            return
        self._last_ns = time_ns
        for k, meter in enumerate(self._meters):
            meter.look(frame, poses)
            self._errors_px[k] = meter.measure()

    def errors_px(self) -> list[float | None]:
        """The largest error at the seams of each camera; None where it is not known."""
        known = list(zip(self._pairs, self._errors_px, strict=True))
        return [
            max((px for pair, px in known if px is not None and camera in pair), default=None)
            for camera in range(len(self._names))
        ]

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: where cameras do not meet."""
        return tuple(
            f"the ground of {self._names[first]} and {self._names[second]} is {px:.1f} px apart where they meet; "
            "calibrate again: foresight calibrate"
            for (first, second), px in zip(self._pairs, self._errors_px, strict=True)
            if px is not None and px >= LEAST_TOLD_PX
        )
