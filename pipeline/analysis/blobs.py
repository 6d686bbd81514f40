"""Blob analysis: boxes of connected foreground areas, merged and taken apart into people by their size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.silhouettes import (
    BROADEST_M,
    BROADEST_SOLID_M,
    EDGE_PX,
    SOLID,
    TALLEST_M,
    Floats,
    separated,
)
from pipeline.optics.frame import Plane

Array = NDArray[np.float64]

CLOSING = np.ones((7, 3), np.uint8)
"""The kernel that closes gaps where a player has the ground's colour; gaps are mostly vertical."""

SPECK_M, SPECK_PX = 0.12, 2
"""Blobs that are no larger than this are not part of a player."""

USUAL_HEIGHT_M = 1.75
"""The height of a player's outline."""

UPRIGHT_FROM, UPRIGHT_TO, LEAST_UPRIGHT_PX = 1.8, 4.5, 12
"""The range of height / width of an upright player, and the least width in pixels to be measured."""

PART_GAP_M = 0.35
"""Parts one above the other with a smaller gap belong to one player."""

TALLEST_JOINED_M = 2.1
"""Parts are merged up to the height of a tall player."""

TALL_M, BROAD_M = 2.0, 0.9
"""A larger blob may be more than one player, or have something at its feet."""

SHORTEST_M = 1.0
"""The height of a player who kneels, or whose legs are hidden."""

NARROWEST_M = 0.25
"""The least width of a person."""

LEAST_FILLED = 0.25
"""A box of which less differs holds bits of lines, not a person."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """Axis-aligned boxes in working pixels, each field of shape (N,); right and bottom are excluded."""

    left: Array
    top: Array
    right: Array
    bottom: Array

    @classmethod
    def of(cls, rows: Array) -> Boxes:
        """Boxes from rows (N, 4) of left, top, right, bottom."""
        return cls(*rows.reshape(-1, 4).T)

    @property
    def rows(self) -> Array:
        """Left, top, right, bottom: shape (N, 4)."""
        return np.stack([self.left, self.top, self.right, self.bottom], axis=-1)

    @property
    def width(self) -> Array:
        return self.right - self.left

    @property
    def height(self) -> Array:
        return self.bottom - self.top

    def __len__(self) -> int:
        return len(self.left)

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Boxes:
        return Boxes.of(self.rows[chosen])

    def enlarged(self, margin_px: float | Array) -> Boxes:
        """The boxes enlarged by a margin on all sides, clipped at the image's left and top edge."""
        rows = np.stack(
            [self.left - margin_px, self.top - margin_px, self.right + margin_px, self.bottom + margin_px],
            axis=-1,
        )
        return Boxes.of(np.maximum(rows, 0.0))

    def slices(self) -> list[tuple[slice, slice]]:
        """Each box as an index into an image."""
        return [
            (slice(top, bottom), slice(left, right))
            for left, top, right, bottom in self.rows.astype(int).tolist()
        ]

    def at_feet(self, picture: Floats) -> Array:
        """The image's values at the bottom centres of the boxes, (N,)."""
        height, width = picture.shape
        x = np.clip((self.left + self.right) / 2, 0, width - 1).astype(np.intp)
        y = np.clip(self.bottom - 1, 0, height - 1).astype(np.intp)
        return picture[y, x].astype(np.float64)


def outlines(mask: Plane) -> Boxes:
    """The boxes of the connected non-zero areas of `mask`, including those inside holes of others."""
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    parents = tree[0, :, 3].tolist() if contours else []
    outer = [
        contour
        for contour, parent in zip(contours, parents, strict=True)
        if parent < 0 and len(contour) > 1  # one pixel is noise
    ]
    rects = np.array([cv2.boundingRect(contour) for contour in outer], np.float64).reshape(-1, 4)
    rects[:, 2:] += rects[:, :2]
    return Boxes.of(rects)


def people(mask: Plane, px_per_m: Floats) -> tuple[Boxes, Array]:
    """Boxes of people in a foreground mask, and the filled fraction of each, 0 to 1."""
    closed = cast(Plane, cv2.morphologyEx(mask, cv2.MORPH_CLOSE, CLOSING))
    boxes = outlines(closed)
    scale = boxes.at_feet(px_per_m)
    boxes = boxes[np.maximum(boxes.width, boxes.height) > np.maximum(SPECK_M * scale, SPECK_PX)]
    boxes = _merged(boxes, px_per_m)
    boxes = _split(boxes, closed, px_per_m)
    scale = boxes.at_feet(px_per_m)
    filled = np.array([_filled(closed[box]) for box in boxes.slices()], np.float64)
    wide, high = (boxes.width - EDGE_PX) / scale, (boxes.height - EDGE_PX) / scale
    broadest_m = np.where(filled > SOLID, BROADEST_SOLID_M, BROADEST_M)
    fits = (boxes.height >= SHORTEST_M * scale) & (high <= TALLEST_M)
    fits &= (
        (boxes.width >= np.maximum(NARROWEST_M * scale, SPECK_PX + 1))
        & (wide <= broadest_m)
        & (filled >= LEAST_FILLED)
    )
    return boxes[fits], filled[fits]


def upright_heights(mask: Plane, px_per_m: Floats) -> Array:
    """The heights of upright, solid shapes in a foreground mask, in units of a typical player's height."""
    boxes = outlines(mask)
    slender = (boxes.height > UPRIGHT_FROM * boxes.width) & (boxes.height < UPRIGHT_TO * boxes.width)
    boxes = boxes[slender & (boxes.height >= LEAST_UPRIGHT_PX)]
    solid = np.array([_filled(mask[box]) for box in boxes.slices()], np.float64) > 0.4
    boxes = boxes[solid]
    return boxes.height / (USUAL_HEIGHT_M * boxes.at_feet(px_per_m))


def _merged(boxes: Boxes, px_per_m: Floats) -> Boxes:
    """Merge parts that lie one above the other and together are at most one player."""
    lowest_first = boxes[np.argsort(-boxes.bottom, kind="stable")]
    joined: list[list[float]] = []
    scales: list[float] = []
    for row, scale_here in zip(lowest_first.rows.tolist(), lowest_first.at_feet(px_per_m), strict=True):
        for whole, scale in zip(joined, scales, strict=True):
            left, top, right = min(whole[0], row[0]), min(whole[1], row[1]), max(whole[2], row[2])
            touch = row[0] < whole[2] and whole[0] < row[2] and whole[1] - row[3] <= PART_GAP_M * scale
            if touch and right - left <= BROADEST_M * scale and whole[3] - top <= TALLEST_JOINED_M * scale:
                whole[:3] = [left, top, right]
                break
        else:
            joined.append(row)
            scales.append(float(scale_here))
    return Boxes.of(np.array(joined, np.float64))


def _split(boxes: Boxes, mask: Plane, px_per_m: Floats) -> Boxes:
    """Take boxes apart that are too large for one player."""
    rows: list[list[float]] = []
    for row, scale in zip(boxes.rows.astype(int).tolist(), boxes.at_feet(px_per_m), strict=True):
        left, top, right, bottom = row
        if right - left <= BROAD_M * scale + EDGE_PX and bottom - top <= TALL_M * scale + EDGE_PX:
            rows.append(row)
            continue
        scales = px_per_m[top:bottom, (left + right) // 2]
        people_here = separated(mask[top:bottom, left:right], scales)
        rows += [[left + a, top + b, left + c, top + d] for a, b, c, d in people_here]
    return Boxes.of(np.array(rows, np.float64))


def _filled(part: Plane) -> float:
    return cv2.countNonZero(part) / part.size if part.size else 0.0
