"""Ridge points: points with a direction on thin bright lines on turf, as painted pitch markings are.

Ridge points after Steger 1998: the brightness across the strongest curvature has its maximum within the pixel, at
the scale at which the ridge is strongest.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.calibration.footage import Footage, Picture
from pipeline.optics.calibration.pictures import blur, grey

SCALES_PX = (1.0, 1.5, 3.0, 5.0)
"""Standard deviations of the smoothing, for lines about 1 to 17 pixels wide."""

_LEAST_STRENGTH, _FAINTEST = 5.0, 2.0
"""The least contrast of a line in brightness levels after smoothing: on grainy turf, and on the smoothest."""

_ABOVE_GRAIN = 6.0
"""The least contrast in units of the turf's own grain; compression leaves little of it, and thin faint lines."""

_WITHIN_PX = 0.6
_SHORTEST_CHAIN = 0.01
"""Shortest chain of ridge points, as a fraction of the image width."""

_THUMBNAIL_SIDE, _THUMBNAILS = 216, (2, 8)
"""The shorter side of the small copy in which turf is sought, and how far a picture is shrunk for it."""

_HUE_SPAN = 28
_LEAST_SATURATION = 30
_MOST_ROUGHNESS = 12.0
"""Largest standard deviation of brightness within a thumbnail pixel: turf is smooth, foliage of its colour is
not."""


@dataclass(frozen=True, slots=True)
class Ridges:
    """Ridge points of one image: pixels (n, 2), unit directions along the line (n, 2), strengths (n,)."""

    pixels: Array
    along: Array
    strength: Array

    def where(self, keep: NDArray[np.bool_]) -> Ridges:
        """The ridge points selected by a mask."""
        return Ridges(self.pixels[keep], self.along[keep], self.strength[keep])


def turf_mask(background: Picture) -> NDArray[np.bool_]:
    """The mask of the turf: the most common hue of the lower two thirds, one region, holes filled.

    Empty if no such region covers an eighth of the image.
    """
    height, width = background.shape[:2]
    least, most = _THUMBNAILS
    factor = min(max(round(min(height, width) / _THUMBNAIL_SIDE), least), most)
    small = cv2.resize(background, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    hue, saturation, _ = cv2.split(cv2.cvtColor(small, cv2.COLOR_BGR2HSV))
    coloured = saturation >= _LEAST_SATURATION
    lower = np.zeros_like(coloured)
    lower[small.shape[0] // 3 :] = True
    histogram = np.bincount(hue[coloured & lower], minlength=180).astype(float)
    mode = int(np.argmax(np.convolve(np.tile(histogram, 3), np.ones(9), "same")[180:360]))
    distance = np.abs((hue.astype(int) - mode + 90) % 180 - 90)
    turf = ((distance <= _HUE_SPAN) & coloured & (_roughness(background, factor) < _MOST_ROUGHNESS)).astype(
        np.uint8
    )
    turf = cv2.morphologyEx(turf, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    turf = cv2.morphologyEx(turf, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    _, labels, areas, _ = cv2.connectedComponentsWithStats(turf)
    mask = np.zeros(turf.shape, np.uint8)
    if len(areas) > 1:
        largest = 1 + int(np.argmax(areas[1:, cv2.CC_STAT_AREA]))
        if areas[largest, cv2.CC_STAT_AREA] * 8 >= turf.size:
            outlines, _ = cv2.findContours(
                (labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
            )
            cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)
    full: NDArray[np.bool_] = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return full


def _roughness(background: Picture, factor: int) -> NDArray[np.float32]:
    brightness = grey(background)
    size = (background.shape[1] // factor, background.shape[0] // factor)
    mean = cv2.resize(brightness, size, interpolation=cv2.INTER_AREA)
    square = cv2.resize(brightness * brightness, size, interpolation=cv2.INTER_AREA)
    return np.sqrt(np.maximum(square - mean * mean, 0.0)).astype(np.float32, copy=False)


def find_ridges(footage: Footage, mask: NDArray[np.bool_]) -> Ridges:
    """The ridge points inside a mask (height, width)."""
    brightness = grey(footage.background)
    smooth = [blur(brightness, scale) for scale in SCALES_PX]
    strengths = [_strength(picture, scale) for picture, scale in zip(smooth, SCALES_PX, strict=True)]
    best = np.maximum.reduce(strengths)
    inner = mask & (best > _least_strength(strengths[1], mask))
    inner[[0, -1], :] = inner[:, [0, -1]] = False
    found = [
        _ridge_points(picture, inner & (strength == best), strength)
        for picture, strength in zip(smooth, strengths, strict=True)
    ]
    ridges = Ridges(
        np.concatenate([points.pixels for points in found]),
        np.concatenate([points.along for points in found]),
        np.concatenate([points.strength for points in found]),
    )
    return ridges.where(_in_long_chains(ridges.pixels, brightness.shape))


def _least_strength(strength: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """The least strength of a line on this turf: well above its grain."""
    on_turf = strength[::4, ::4][mask[::4, ::4]]
    if not len(on_turf):
        return _LEAST_STRENGTH
    grain = 1.48 * float(np.median(np.abs(on_turf - np.median(on_turf))))
    return min(max(_ABOVE_GRAIN * grain, _FAINTEST), _LEAST_STRENGTH)


def _in_long_chains(pixels: Array, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which points belong to a long chain of touching points; the texture of turf forms short ones."""
    columns, rows = np.round(pixels).astype(int).T
    drawn = np.zeros(shape, np.uint8)
    drawn[rows, columns] = 1
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(drawn)
    extent = np.maximum(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
    long: NDArray[np.bool_] = extent[labels[rows, columns]] >= _SHORTEST_CHAIN * shape[1]
    return long


def _strength(smooth: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """The negative second derivative of the brightness across the ridge, times the scale squared."""
    dxx, dyy = cv2.Sobel(smooth, cv2.CV_32F, 2, 0, ksize=1), cv2.Sobel(smooth, cv2.CV_32F, 0, 2, ksize=1)
    dxy = cv2.Sobel(smooth, cv2.CV_32F, 1, 1, ksize=3) / 4
    warp = cv2.magnitude((dxx - dyy) / 2, dxy) - (dxx + dyy) / 2
    return (warp * scale**2).astype(np.float32, copy=False)


def _ridge_points(
    smooth: NDArray[np.float32], mask: NDArray[np.bool_], strength: NDArray[np.float32]
) -> Ridges:
    """The ridge points among the masked pixels, located to a fraction of a pixel."""
    rows, columns = np.nonzero(mask)

    def at(down: int, right: int) -> Array:
        return smooth[rows + down, columns + right].astype(np.float64)

    middle = at(0, 0)
    dx, dy = (at(0, 1) - at(0, -1)) / 2, (at(1, 0) - at(-1, 0)) / 2
    dxx, dyy = at(0, 1) + at(0, -1) - 2 * middle, at(1, 0) + at(-1, 0) - 2 * middle
    dxy = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4
    flattest = np.arctan2(2 * dxy, dxx - dyy) / 2  # the direction along the ridge
    along = np.stack([np.cos(flattest), np.sin(flattest)], axis=1)
    across = along[:, ::-1] * (-1, 1)
    slope = dx * across[:, 0] + dy * across[:, 1]
    warp = (dxx + dyy) / 2 - np.hypot((dxx - dyy) / 2, dxy)
    step = np.divide(-slope, warp, out=np.full_like(slope, np.inf), where=warp < 0)
    crest = np.abs(step) <= _WITHIN_PX
    pixels = np.stack([columns, rows], axis=1)[crest] + step[crest, None] * across[crest]
    return Ridges(pixels, along[crest], strength[rows, columns][crest].astype(np.float64))
