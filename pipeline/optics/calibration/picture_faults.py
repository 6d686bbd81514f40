"""What is wrong with a camera's picture while it is set up: black, covered, blurred, too bright or too dark.

The blur is that of the sharpest edges, from how much weaker they become if the picture is blurred again (Zhuo and
Sim 2011, "Defocus map estimation from a single image").
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.calibration.pictures import blur

_BLACK = 30
"""The brightest that the picture of a covered lens is, in video range (16 is black)."""

_PLAIN_LEVELS = 3.0
"""The contrast, after smoothing, of a picture that shows nothing."""

_SMOOTH_SHARE = 0.004
_REBLUR_PX = 2.0
_EDGES = 0.01
"""The share of the picture with the strongest edges."""

_FAINTEST_EDGE = 4.0
"""Of Sobel's operator: half a level a pixel."""

_TILE_PX, _TILES = 256, (3, 6)
_MOST_BLUR, _MOST_BLUR_PX = 0.001, 3.0
"""The widest edge of a sharp picture, as the standard deviation of its blur: a share of the width, and at least."""

_WHITE, _MOST_WHITE = 230, 0.04
_DARK, _DARKEST = 40, 0.8
"""Video-range levels; and the share of the lower part of the picture, mostly turf, that may have them."""

_LOWER = 0.4

Luma = NDArray[np.uint8]


def picture_faults(luma: Luma) -> list[str]:
    """What a person should mend in a picture (height, width) in video range, the gravest first; some ms. Pure."""
    return list(_faults(luma))


def _faults(luma: Luma) -> Iterator[str]:
    if luma.max() <= _BLACK:
        yield "shows nothing but black; is the lens cap off?"
        return
    smooth = blur(
        cv2.resize(luma, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA).astype(np.float32), 1.0
    )
    slow = blur(smooth, max(4.0, _SMOOTH_SHARE * luma.shape[1]))
    if float(np.percentile(np.abs(smooth - slow), 99)) < _PLAIN_LEVELS:
        yield "shows nothing; is something before the lens?"
        return
    lower = luma[round(_LOWER * len(luma)) :]
    if (white := float((lower >= _WHITE).mean())) > _MOST_WHITE:
        yield f"is too bright: {white:.0%} of the lower picture is white; lower the exposure"
    elif float((lower <= _DARK).mean()) > _DARKEST:
        yield "is too dark; raise the exposure"
    blur_px = edge_blur_px(luma)
    if np.isinf(blur_px):
        yield "shows nothing sharp; is something before the lens?"
    elif blur_px > max(_MOST_BLUR_PX, _MOST_BLUR * luma.shape[1]):
        yield f"is blurred: its edges are {2 * blur_px:.0f} px wide; clean the lens, and focus"


def edge_blur_px(luma: Luma) -> float:
    """The standard deviation of the blur of the sharpest edges, in pixels; infinite if there is no edge."""
    pairs = [
        (_gradient(tile.astype(np.float32)), _gradient(blur(tile.astype(np.float32), _REBLUR_PX)))
        for tile in _tiles(luma)
    ]
    sharp, again = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
    least = float(np.percentile(again, 100 * (1 - _EDGES)))
    if least < _FAINTEST_EDGE:
        return float("inf")
    edges = again >= least
    left = float(np.clip(np.median(again[edges] / np.maximum(sharp[edges], 1e-3)), 0.0, 0.999))
    return _REBLUR_PX * left / float(np.sqrt(1 - left * left))


def _tiles(luma: Luma) -> Iterator[Luma]:
    """Tiles spread over the picture: a part of it is enough, and cheaper."""
    height, width = luma.shape
    down, across = min(_TILE_PX, height), min(_TILE_PX, width)
    for top in np.linspace(0, height - down, _TILES[0]).astype(int):
        for left in np.linspace(0, width - across, _TILES[1]).astype(int):
            yield luma[top : top + down, left : left + across]


def _gradient(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    dx, dy = cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)
    return cv2.magnitude(dx, dy).astype(np.float32, copy=False)
