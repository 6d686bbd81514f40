"""Black that is part of the source: the borders that stitchers leave, letterbox bars, the boxes of overlays.

It is dark, still and plain, reaches the edge of the frame, and ends as if cut: along a smooth line, from one pixel
to the next. A night sky is dark, too, but ends in a glow, in ragged trees or roofs.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.optics.calibration.footage import Picture
from pipeline.optics.calibration.pictures import Floats, grey
from pipeline.optics.outline import Outline

_DARKEST = 14
"""The brightest that black may be, of 255, in any colour: compression leaves some levels."""

_STILL = 6
"""The largest change of brightness over time, in a small copy."""

_LEAST_SHARE, _LEAST_PICTURE = 0.002, 0.25
"""The smallest black area, and the smallest picture, as fractions of the frame."""

_EDGE_SHARE, _LEAST_EDGE_PX = 0.0015, 3
"""How far the edge of the black may be blurred, as a fraction of the frame's width; at least that many pixels."""

_STEP = 12.0
"""How much brighter the picture is beyond the edge than the black is before it."""

_SHARP = 0.7
"""The share of the edge that is sharp."""

_BEND_SHARE, _BEND_OF_SIZE = 0.0025, 0.03
"""How exact a polygon is by which the smoothness of an edge is judged: as a fraction of the frame's width, and at
most of the size of the area."""

_FEW_CORNERS, _CORNER_EVERY = 8, 0.04
"""How many corners such a polygon may have: so many, and one for each such fraction of the width along the edge."""

_EXACT_PX, _MOST_CORNERS = 1.0, 160


_MOST_PLAIN = 0.65
"""The share of a camera's picture that may be plain; two strongly compressed panoramas have 0.44, drawn test
patterns 0.83 and more."""


def picture_outline(background: Picture, motion: Picture) -> Outline:
    """The outline of the picture in frames with a black border; empty without one. Pure; any thread.

    Empty, too, for what no camera made: the black of a test pattern is part of its picture.

    ``background`` and ``motion`` as in Footage.
    """
    height, width = background.shape[:2]
    edge_px = max(_LEAST_EDGE_PX, round(_EDGE_SHARE * width))
    black = _black(background, motion, edge_px)
    if not black.any() or _is_drawn(background):
        return ()
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(black.astype(np.uint8), connectivity=4)
    brightness = grey(background)
    border = np.zeros_like(black)
    for label in range(1, len(boxes)):
        left, top, wide, high, area = boxes[label].tolist()
        reaches = left == 0 or top == 0 or left + wide == width or top + high == height
        if not reaches or area < _LEAST_SHARE * black.size:
            continue
        own = _filled(labels == label)
        if _is_cut(own, brightness, edge_px):
            border |= own
    if not border.any():
        return ()
    return _outline(border, edge_px)


def _is_drawn(background: Picture) -> bool:
    """Whether most of what is not black is plain, as no lens and no sensor leave it."""
    levels = background.astype(np.int16)
    here = levels[1:, 1:]
    plain = (np.abs(here - levels[:-1, 1:]) <= 1).all(axis=2) & (np.abs(here - levels[1:, :-1]) <= 1).all(
        axis=2
    )
    shown = here.max(axis=2) > _DARKEST
    return bool(np.count_nonzero(plain & shown) > _MOST_PLAIN * np.count_nonzero(shown))


def _black(background: Picture, motion: Picture, edge_px: int) -> NDArray[np.bool_]:
    """What is dark and still, without specks and threads."""
    height, width = background.shape[:2]
    dark = (background.max(axis=2) <= _DARKEST).astype(np.uint8)
    change = np.ptp(motion, axis=0) > _STILL
    small = change.astype(np.uint8)
    moving = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    # A small pixel that is partly picture changes with it.
    near = 2 * edge_px + 2 * (width // motion.shape[2]) + 1
    moving = cv2.erode(moving, np.ones((near, near), np.uint8))
    kernel = np.ones((edge_px, edge_px), np.uint8)
    padded = cv2.copyMakeBorder(dark & (1 - moving), *(4 * (edge_px,)), cv2.BORDER_REPLICATE)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)[edge_px:-edge_px, edge_px:-edge_px]
    black: NDArray[np.bool_] = opened > 0
    return black


def _filled(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """An area with what it encloses, as the letters in an overlay's box; not with the picture that it frames."""
    _, labels, boxes, _ = cv2.connectedComponentsWithStats((~area).astype(np.uint8), connectivity=4)
    high, wide = area.shape
    left, top, columns, rows, size = boxes.T
    enclosed = (left > 0) & (top > 0) & (left + columns < wide) & (top + rows < high)
    enclosed[0] = False
    if len(boxes) > 1:
        enclosed[1 + int(np.argmax(size[1:]))] = False
    filled: NDArray[np.bool_] = np.logical_or(area, np.take(enclosed, np.asarray(labels, np.intp)))
    return filled


def _is_cut(area: NDArray[np.bool_], brightness: Floats, edge_px: int) -> bool:
    """Whether a black area ends along smooth lines, and sharply."""
    last = np.array(area.shape[::-1]) - 1

    def within_frame(points: ArrayLike) -> NDArray[np.bool_]:
        at = np.asarray(points)
        return np.asarray(((at > edge_px) & (at < last - edge_px)).all(axis=1), np.bool_)

    outlines, _ = cv2.findContours(area.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate([outline[:, 0] for outline in outlines])
    inner = within_frame(points)
    if not inner.any():
        return False  # black all over
    kernel = np.ones((2 * edge_px + 1, 2 * edge_px + 1), np.uint8)
    columns, rows = points[inner].T
    step = cv2.subtract(cv2.dilate(brightness, kernel), cv2.erode(brightness, kernel))[rows, columns]
    if np.mean(step >= _STEP) < _SHARP:
        return False
    exact_px = min(_BEND_SHARE * area.shape[1], _BEND_OF_SIZE * float(np.sqrt(area.sum())))
    corners = np.concatenate([cv2.approxPolyDP(outline, exact_px, True)[:, 0] for outline in outlines])
    bends = float(within_frame(corners).sum())
    return bool(bends <= _FEW_CORNERS + inner.sum() / (_CORNER_EVERY * area.shape[1]))


def _outline(border: NDArray[np.bool_], edge_px: int) -> Outline:
    """The outline of the largest area that is no border, less its blurred edge; empty if that is too small."""
    grown = cv2.dilate(border.astype(np.uint8), np.ones((2 * edge_px + 1, 2 * edge_px + 1), np.uint8))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(1 - grown, connectivity=4)
    if len(boxes) < 2:
        return ()
    largest = 1 + int(np.argmax(boxes[1:, cv2.CC_STAT_AREA]))
    if boxes[largest, cv2.CC_STAT_AREA] < _LEAST_PICTURE * border.size:
        return ()
    picture = (labels == largest).astype(np.uint8)
    outlines, _ = cv2.findContours(picture, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline, exact_px = max(outlines, key=len), _EXACT_PX
    corners = cv2.approxPolyDP(outline, exact_px, True)
    while len(corners) > _MOST_CORNERS:
        exact_px *= 1.5
        corners = cv2.approxPolyDP(outline, exact_px, True)
    return tuple((float(x), float(y)) for x, y in corners[:, 0].tolist())
