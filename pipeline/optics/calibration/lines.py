"""Straight lines in the scene: a line and the camera's centre span a plane, and the rays to the line lie in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.optics.angles import Array


@dataclass(frozen=True, slots=True)
class LinePoints:
    """Points that one camera sees on one straight line: pixels (n, 2), in order along it, evenly spaced."""

    camera: int
    pixels: Array


def plane_of(rays: Array) -> Array:
    """The unit normal (3,) of the plane through the origin nearest to rays (n, 3); rays of nan are ignored."""
    known = np.nan_to_num(rays)
    _, vectors = np.linalg.eigh(known.T @ known)
    normal: Array = vectors[:, 0]
    return normal
