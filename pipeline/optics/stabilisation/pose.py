"""Pose: how a camera stands now compared with its place: turned, zoomed, lowered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from pipeline.optics.angles import Array

NO_CHANGE: Array = np.zeros(5)
"""The pose vector of a camera that stands as it did.

A pose vector holds a rotation vector in radians about the camera's x, y and z axes, the natural logarithm of the
zoom, and by how many metres the camera is lower.
"""

_ZOOM, _LOWERED = 3, 4


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """How a camera stands compared with its place. Pure; any thread.

    ``turn`` (3, 3) maps a ray in the camera's axes at its place to the same ray in its axes now; ``zoom``
    multiplies the focal length; the camera is ``lowered_m`` metres lower. ``readout_rad``: by what rotation vector
    it turns while a picture is read out from the top to the bottom, None if that is not known or nothing; ``turn``
    is that of the middle row.
    """

    turn: Array
    zoom: float = 1.0
    lowered_m: float = 0.0
    readout_rad: Array | None = None

    @classmethod
    def between(cls, vector: Array, place: Array, readout_rad: Array | None = None) -> Pose:
        """The pose of pose vector `vector` as seen from that of the camera's place."""
        turn = matrix_of(vector[:3]) @ matrix_of(place[:3]).T
        change = vector - place
        return cls(turn, float(np.exp(change[_ZOOM])), float(change[_LOWERED]), readout_rad)

    def after(self, first: Pose) -> Pose:
        """This pose, counted from `first`, counted from where `first` is counted from."""
        return Pose(
            self.turn @ first.turn,
            self.zoom * first.zoom,
            self.lowered_m + first.lowered_m,
            self.readout_rad,
        )

    def position_m(self, place_m: tuple[float, float, float]) -> tuple[float, float, float]:
        """The camera's position, from that of its place; the world's y grows downward."""
        x, y, z = place_m
        return x, y + self.lowered_m, z

    def zoomed(self, pixels: Array, centre_px: tuple[float, float]) -> Array:
        """Pixels (..., 2) of the lens as it was, as the zoomed lens shows them."""
        return pixels if self.zoom == 1.0 else (pixels - centre_px) * self.zoom + centre_px

    def unzoomed(self, pixels: Array, centre_px: tuple[float, float]) -> Array:
        """The inverse of `zoomed`."""
        return pixels if self.zoom == 1.0 else (pixels - centre_px) / self.zoom + centre_px

    def bent(self, rays: Array, pixels: Array, height_px: int, sign: float = 1.0) -> Array:
        """Rays (..., 3) in the camera's axes at the middle row, as seen at the rows of their pixels (..., 2).

        With a `sign` of -1 the inverse.
        """
        if self.readout_rad is None:
            return rays
        rows = (pixels[..., 1] + 0.5) / height_px - 0.5
        moved: Array = rays + sign * np.cross(self.readout_rad, rays) * rows[..., None]
        return moved

    @property
    def angle_rad(self) -> float:
        """The angle of the turn."""
        return float(np.linalg.norm(vector_of(self.turn)))


Poses = tuple[Pose | None, ...]
"""The pose of each camera of a rig, None for one that stands at its place."""


def matrix_of(vector_rad: Array) -> Array:
    """The rotation matrix (3, 3) of a rotation vector in radians (Rodrigues)."""
    return cast(Array, cv2.Rodrigues(np.asarray(vector_rad, np.float64))[0])


def vector_of(matrix: Array) -> Array:
    """The rotation vector in radians of a rotation matrix (3, 3)."""
    return cast(Array, cv2.Rodrigues(matrix)[0])[:, 0]
