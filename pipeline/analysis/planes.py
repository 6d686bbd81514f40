"""Arithmetic on 8-bit planes: OpenCV's saturating operations, typed as what they return."""

from __future__ import annotations

from typing import cast

import cv2

from pipeline.optics.frame import Plane


def apart(a: Plane, b: Plane) -> Plane:
    """``|a - b|``."""
    return cast(Plane, cv2.absdiff(a, b))


def less(a: Plane, b: Plane) -> Plane:
    """``a - b``, not below 0."""
    return cast(Plane, cv2.subtract(a, b))


def larger(a: Plane, b: Plane) -> Plane:
    """The larger of both, pixel by pixel."""
    return cast(Plane, cv2.max(a, b))


def scaled(plane: Plane, factor: float = 1.0, offset: float = 0.0) -> Plane:
    """``factor * plane + offset``, within 0 to 255."""
    return cast(Plane, cv2.convertScaleAbs(plane, alpha=factor, beta=offset))


def above(plane: Plane, threshold: int) -> Plane:
    """255 where the plane exceeds the threshold, else 0."""
    return cast(Plane, cv2.threshold(plane, threshold, 255, cv2.THRESH_BINARY)[1])


def shrunk(plane: Plane, size: tuple[int, int]) -> Plane:
    """The plane at a smaller (width, height), each pixel the mean of those it covers."""
    return cast(Plane, cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def grown(plane: Plane, size: tuple[int, int]) -> Plane:
    """The plane at a larger (width, height), interpolated."""
    return cast(Plane, cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR))
