"""Arithmetic on 8-bit planes: typed wrappers of OpenCV's saturating operations."""

from __future__ import annotations

from typing import cast

import cv2

from pipeline.optics.frame import Plane


def absdiff(a: Plane, b: Plane) -> Plane:
    """``|a - b|``."""
    return cast(Plane, cv2.absdiff(a, b))


def subtract(a: Plane, b: Plane) -> Plane:
    """``a - b``, not below 0."""
    return cast(Plane, cv2.subtract(a, b))


def maximum(a: Plane, b: Plane) -> Plane:
    """The pixel-wise maximum."""
    return cast(Plane, cv2.max(a, b))


def scale(plane: Plane, factor: float = 1.0, offset: float = 0.0) -> Plane:
    """``factor * plane + offset``, within 0 to 255."""
    return cast(Plane, cv2.convertScaleAbs(plane, alpha=factor, beta=offset))


def threshold(plane: Plane, level: int) -> Plane:
    """255 where the plane exceeds the level, otherwise 0."""
    return cast(Plane, cv2.threshold(plane, level, 255, cv2.THRESH_BINARY)[1])


def downscaled(plane: Plane, size: tuple[int, int]) -> Plane:
    """The plane at a smaller (width, height); each pixel is the mean of those it covers."""
    return cast(Plane, cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def upscaled(plane: Plane, size: tuple[int, int]) -> Plane:
    """The plane at a larger (width, height), interpolated."""
    return cast(Plane, cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR))
