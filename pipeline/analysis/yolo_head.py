"""Output heads of YOLO models: recognises the layout of an output, and decodes its boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

Layout = Literal["anchors", "points", "final"]
"""``anchors`` (v5, v7): rows of cx, cy, w, h, objectness, then one score per class; ``points`` (v8, v9, v11):
columns of cx, cy, w, h, then one score per class; ``final`` (v10, and models with built-in non-maximum
suppression): rows of x1, y1, x2, y2, score, class."""

STRIDES = ((8, 16, 32), (8, 16, 32, 64))
"""The strides of the levels of standard models, and of models for large images (P6)."""

MOST_BOXES = 300
"""The number of best boxes that are kept per tile; more are noise."""

ACCEPTED = "[batch, N, 5 + classes] (v5, v7), [batch, 4 + classes, N] (v8 to v11), [batch, N, 6] (end to end)"
"""The output shapes that `find_head` accepts, for messages."""


@dataclass(frozen=True, slots=True)
class RawBoxes:
    """Boxes in one tile: ``corners_px`` (N, 4) left, top, right, bottom in input pixels; the others (N,)."""

    corners_px: Floats
    scores: Floats
    classes: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Head:
    """How to decode one output."""

    layout: Layout
    classes: int | None
    """The number of classes with a score each; None if the output holds class numbers instead."""
    is_transposed: bool = False
    """Whether a ``points`` output has rows instead of columns."""

    def decode(self, output: Floats, least_score: float) -> RawBoxes:
        """The boxes of one tile's 2-D output with a score of `least_score` or more, best first, at most
        `MOST_BOXES`."""
        if self.layout == "final":
            corners, scores, classes = output[:, :4], output[:, 4], output[:, 5].astype(np.intp)
        else:
            rows = output if self.layout == "anchors" or self.is_transposed else output.T
            first = 5 if self.layout == "anchors" else 4
            by_class = rows[:, first : first + (self.classes or 0)]
            classes = by_class.argmax(axis=1)
            scores = np.take_along_axis(by_class, classes[:, None], axis=1)[:, 0]
            if self.layout == "anchors":
                scores = scores * rows[:, 4]
            half = rows[:, 2:4] / 2
            corners = np.concatenate([rows[:, :2] - half, rows[:, :2] + half], axis=1)
        usable = np.flatnonzero((scores >= least_score) & np.isfinite(corners).all(axis=1))
        best = usable[np.argsort(-scores[usable], kind="stable")[:MOST_BOXES]]
        return RawBoxes(corners[best], scores[best], classes[best])


def find_head(shape: tuple[int, ...], input_size: tuple[int, int], classes: int | None) -> Head | None:
    """The head of an output of this shape, for an input (width, height); None if it is not a known one.

    ``classes``: the number of classes that the model names, if it does. With the number of grid cells it
    distinguishes similar layouts (a v5 head with one class also has six columns).
    """
    if len(shape) != 3:
        return None
    _, rows, columns = shape
    points = {sum((input_size[0] // s) * (input_size[1] // s) for s in strides) for strides in STRIDES}
    anchors = {3 * cells for cells in points}
    if rows in anchors and columns > 5:
        return Head("anchors", _counted(columns - 5, classes))
    if columns in points and rows > 4:
        return Head("points", _counted(rows - 4, classes))
    if rows in points and columns > 4:
        return Head("points", _counted(columns - 4, classes), is_transposed=True)
    return Head("final", None) if columns == 6 else None


def _counted(room: int, classes: int | None) -> int:
    """The number of columns that are class scores; mask and keypoint columns may follow."""
    return room if classes is None else min(room, classes)
