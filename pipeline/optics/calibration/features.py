"""Feature points and their matches between two cameras: RootSIFT with a mutual ratio test.

Lowe 2004 for the features and the ratio test; Arandjelovic and Zisserman 2012 for RootSIFT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CalibrationError
from pipeline.optics.angles import Array
from pipeline.optics.calibration.footage import Footage

MOST_FEATURES = 8000
FEWEST_FEATURES = 150
RATIO = 0.8
"""A match counts if its distance is below this fraction of the second best distance, in both directions."""

_WORKING_WIDTH = 1536
"""Features are found at about this width and refined at full size later (`ties`)."""

_CELLS = (12, 8)
"""Features are kept evenly over this grid, so that a single tree does not take all of them."""


@dataclass(frozen=True, slots=True)
class Features:
    """Points (n, 2) in pixels and their RootSIFT descriptors (n, 128)."""

    pixels: Array
    descriptors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Matches:
    """Points that both camera ``a`` and camera ``b`` see: corresponding pixels (n, 2) in each."""

    a: int
    b: int
    pixels_a: Array
    pixels_b: Array

    def __len__(self) -> int:
        return len(self.pixels_a)

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Matches:
        """The matches selected by a mask or by indices."""
        return Matches(self.a, self.b, self.pixels_a[keep], self.pixels_b[keep])


def find_features(footage: Footage) -> Features:
    """The features of a background image. Raises CalibrationError if it has too little texture."""
    grey = cv2.cvtColor(footage.background, cv2.COLOR_BGR2GRAY)
    scale = max(1, round(grey.shape[1] / _WORKING_WIDTH))
    small = cv2.resize(grey, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
    equalised = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(small)
    detector = cv2.SIFT.create(contrastThreshold=0.02)
    picture = cv2.resize(footage.picture.astype(np.uint8), small.shape[::-1], interpolation=cv2.INTER_AREA)
    keypoints = _spread(detector.detect(equalised, picture), small.shape[::-1])
    if len(keypoints) < FEWEST_FEATURES:
        raise CalibrationError(
            f"{footage.name} shows too little texture ({len(keypoints)} distinct points, {FEWEST_FEATURES} "
            "needed); record in daylight, in focus, with more than turf and sky in the image"
        )
    kept, computed = detector.compute(equalised, keypoints)
    descriptors = computed.astype(np.float32)
    descriptors /= descriptors.sum(axis=1, keepdims=True) + 1e-9
    pixels = np.array([keypoint.pt for keypoint in kept], np.float64) * scale + (scale - 1) / 2
    return Features(pixels, np.sqrt(descriptors))


def match_features(a: int, b: int, of_a: Features, of_b: Features) -> Matches:
    """The pairs of points that are each other's clear best match, each pair of pixels once."""
    similarity = of_a.descriptors @ of_b.descriptors.T
    forward, clear_forward = _best(similarity)
    backward, clear_backward = _best(similarity.T)
    rows = np.arange(len(forward))
    mutual = (backward[forward] == rows) & clear_forward & clear_backward[forward]
    pixels_a, pixels_b = of_a.pixels[rows[mutual]], of_b.pixels[forward[mutual]]
    # SIFT gives one point several orientations: keep one match of each.
    _, once = np.unique(np.round(np.hstack([pixels_a, pixels_b])), axis=0, return_index=True)
    return Matches(a, b, pixels_a[once], pixels_b[once])


def _spread(keypoints: Sequence[cv2.KeyPoint], size_px: tuple[int, int]) -> list[cv2.KeyPoint]:
    """The strongest keypoints of each grid cell, at most MOST_FEATURES in total."""
    if not keypoints:
        return []
    place = np.array([keypoint.pt for keypoint in keypoints]) / size_px
    cell = (np.clip(place, 0, 0.999) * _CELLS).astype(int) @ (1, _CELLS[0])
    order = np.argsort([-keypoint.response for keypoint in keypoints], kind="stable")
    by_cell = order[np.argsort(cell[order], kind="stable")]
    starts = np.searchsorted(cell[by_cell], cell[by_cell])
    rank = np.arange(len(by_cell)) - starts
    chosen = by_cell[np.argsort(rank, kind="stable")[:MOST_FEATURES]]
    return [keypoints[i] for i in chosen]


def _best(similarity: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The best column of each row, and whether it passes the ratio test. Unit descriptors: d^2 = 2 - 2 cos."""
    best = np.argmax(similarity, axis=1)
    rows = np.arange(len(similarity))
    first = similarity[rows, best].copy()
    similarity[rows, best] = -1.0
    second = similarity.max(axis=1)
    similarity[rows, best] = first
    return best, (1.0 - first) < RATIO**2 * (1.0 - second)
