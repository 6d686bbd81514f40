"""PrivateAreas: parts of a picture that are always blurred beyond recovery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.frame import Frame, Plane


class PrivateArea(NamedTuple):
    """A polygon in one camera's picture: its corners in pixels (x, y), in order."""

    corners_px: tuple[tuple[float, float], ...]
    region: tuple[int, int, int, int] | None = None
    """Where that picture is in the frame: left, top, width, height; None: it is the frame."""


COARSEST_COLUMNS = 24
"""A block of what is left of an area is as wide as the frame by this number: of a person far away, nothing."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One area in one plane size: its box, and which of the box's pixels are inside."""

    rows: slice
    columns: slice
    mask: NDArray[np.bool_]


class PrivateAreas:
    """Areas of frames of one size. Immutable; any thread."""

    def __init__(self, areas: Sequence[PrivateArea], width: int, height: int) -> None:
        """Sizes in pixels of the frames. What lies outside of a camera's picture is cut off."""
        self._block = max(8, round(width / COARSEST_COLUMNS))
        self._parts: list[tuple[_Part, _Part]] = []
        self.outside: list[int] = []
        """The areas, by number from 0, of which no pixel lies in the picture."""
        for number, area in enumerate(areas):
            left, top, wide, high = area.region or (0, 0, width, height)
            drawn = np.zeros((height, width), np.uint8)
            picture = np.zeros((high, wide), np.uint8)
            cv2.fillPoly(picture, [np.rint(np.array(area.corners_px)).astype(np.int32)], (1,))
            there = drawn[top : top + high, left : left + wide]
            there[...] = picture[: there.shape[0], : there.shape[1]]
            if drawn.any():
                small = drawn.reshape(height // 2, 2, width // 2, 2).max(axis=(1, 3))
                self._parts.append((_part(drawn), _part(small)))
            else:
                self.outside.append(number)

    def hide(self, frame: Frame) -> None:
        """Blur the areas; every other pixel stays as it is."""
        luma, *chroma = frame.planes
        for large, small in self._parts:
            _blur(luma, large, self._block)
            for plane in chroma:
                _blur(plane, small, self._block // 2)


def _part(mask: NDArray[np.uint8]) -> _Part:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    top, left, bottom, right = int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
    return _Part(slice(top, bottom), slice(left, right), mask[top:bottom, left:right].astype(np.bool_))


def _blur(plane: Plane, part: _Part, block: int) -> None:
    box = plane[part.rows, part.columns]
    height, width = box.shape[:2]
    size = (max(1, width // block), max(1, height // block))
    small = cv2.resize(np.ascontiguousarray(box), size, interpolation=cv2.INTER_AREA)
    made = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).reshape(box.shape)
    mask = part.mask if box.ndim == 2 else part.mask[..., None]
    np.copyto(box, made.astype(np.uint8, copy=False), where=mask)
