"""Picture: a drawn graphic as planes of 4:2:0 video, blended onto a frame at one place."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.frame import Frame, PixelFormat, Plane

Bgra = NDArray[np.uint8]
"""(height, width, 4): blue, green, red, alpha; the colours multiplied by alpha, as Cairo draws."""

_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VideoColours:
    """How a video codes colours: the weights of red and blue in brightness, and whether it uses the full range."""

    red: float = 0.2126
    blue: float = 0.0722
    is_full: bool = False


BT709, BT601 = VideoColours(), VideoColours(0.299, 0.114)


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn graphic at its place in frames of one format. Immutable; any thread.

    ``x``, ``y``: its upper left corner, even numbers. ``planes``: as in Frame, multiplied by alpha; ``rests``: for
    each of them, of the same shape, 255 minus alpha: how much of the frame stays.
    """

    x: int
    y: int
    planes: tuple[Plane, ...]
    rests: tuple[Plane, ...]

    def blend(self, frame: Frame) -> None:
        """Draw it on a frame of the format that it was made for; what lies outside the frame is cut off.

        Where it is transparent the frame does not change at all, where it is opaque it is exact.
        """
        for index, (plane, rest) in enumerate(zip(self.planes, self.rests, strict=True)):
            step = 2 if index else 1
            x, y = self.x // step, self.y // step
            target = frame.planes[index][y : y + plane.shape[0], x : x + plane.shape[1]]
            rows, columns = target.shape[:2]
            if rows and columns:
                kept = cv2.multiply(target, rest[:rows, :columns], scale=1 / 255)
                target[...] = cv2.add(kept, plane[:rows, :columns])  # saturates


def picture_of(
    drawn: Bgra, x: int, y: int, pixel_format: PixelFormat, colours: VideoColours
) -> Picture | None:
    """A drawing as a picture whose upper left corner is at `x`, `y` (even numbers, 0 or more).

    Only what is not transparent is kept; None if all of it is.
    """
    box = _visible(drawn)
    if box is None:
        return None
    top, left, bottom, right = box
    part = np.zeros((bottom - top, right - left, 4), np.uint8)
    seen = drawn[top:bottom, left:right]
    part[: seen.shape[0], : seen.shape[1]] = seen
    luma, u, v = _planes(part.astype(np.float32) / 255.0, colours)
    alpha = part[..., 3]
    small = _rounded(_halved(alpha.astype(np.float32)))
    rest, small_rest = 255 - alpha, 255 - small
    if pixel_format == "NV12":
        planes: tuple[Plane, ...] = (luma, np.dstack([u, v]))
        rests: tuple[Plane, ...] = (rest, np.dstack([small_rest, small_rest]))
    else:
        planes, rests = (luma, u, v), (rest, small_rest, small_rest)
    return Picture(x + left, y + top, planes, rests)


def _visible(drawn: Bgra) -> tuple[int, int, int, int] | None:
    """Top, left, bottom and right, all even, around what is not transparent."""
    rows = np.flatnonzero(drawn[..., 3].any(axis=1))
    columns = np.flatnonzero(drawn[..., 3].any(axis=0))
    if not len(rows):
        return None
    top, left = int(rows[0]) // 2 * 2, int(columns[0]) // 2 * 2
    return top, left, (int(rows[-1]) + 2) // 2 * 2, (int(columns[-1]) + 2) // 2 * 2


def _planes(part: _Floats, colours: VideoColours) -> tuple[Plane, Plane, Plane]:
    """Brightness and the two colour differences, multiplied by alpha (ITU-R BT.601 and BT.709, section 3)."""
    blue, green, red, alpha = (part[..., index] for index in range(4))
    light = colours.red * red + colours.blue * blue + (1 - colours.red - colours.blue) * green
    black, span, swing = (0.0, 255.0, 255.0) if colours.is_full else (16.0, 219.0, 224.0)
    luma = black * alpha + span * light
    differences = []
    for colour, weight in ((blue, colours.blue), (red, colours.red)):
        full = 128.0 * alpha + swing * (colour - light) / (2 * (1 - weight))
        differences.append(_halved(full))
    u, v = differences
    return _rounded(luma), _rounded(u), _rounded(v)


def _halved(plane: _Floats) -> _Floats:
    """The mean of each two by two: where 4:2:0 video has its colours."""
    height, width = plane.shape
    means: _Floats = plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return means


def _rounded(plane: _Floats) -> Plane:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
