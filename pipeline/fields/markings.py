"""The markings of one field in metres: straight lines, arcs and named points.

Field coordinates: u along the length, v across it, away from the cameras, both from the centre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Place = tuple[float, float]
"""u and v in metres."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight marking. ``minor``: drawn, but not looked for in pictures (too short, dashed, often missing)."""

    name: str
    start: Place
    end: Place
    minor: bool = False

    def polyline(self, step_m: float) -> Array:
        """Points (n, 2) along it, about `step_m` apart, both ends included."""
        length_m = math.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1])
        count = max(3, int(length_m / step_m))
        return np.stack([np.linspace(a, b, count) for a, b in zip(self.start, self.end, strict=True)], axis=1)


@dataclass(frozen=True, slots=True)
class Arc:
    """A part of a circle, or all of it, from one angle to a larger one: degrees from +u towards +v."""

    name: str
    centre: Place
    radius_m: float
    from_deg: float = 0.0
    to_deg: float = 360.0
    minor: bool = False

    def polyline(self, step_m: float) -> Array:
        """Points (n, 2) along it, about `step_m` apart, both ends included."""
        start, end = math.radians(self.from_deg), math.radians(self.to_deg)
        turns = np.linspace(start, end, max(8, int((end - start) * self.radius_m / step_m)))
        u, v = self.centre
        return np.stack([u + self.radius_m * np.cos(turns), v + self.radius_m * np.sin(turns)], axis=1)

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole circle."""
        return self.to_deg - self.from_deg >= 360.0


@dataclass(frozen=True, slots=True)
class FieldPoint:
    """A point with a name, on the ground or ``height_m`` above it: a corner, a spot, the top of a goal post."""

    name: str
    at: Place
    height_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Markings:
    """Everything that is painted on a field of one size, and its named points."""

    lines: tuple[Line, ...]
    arcs: tuple[Arc, ...]
    points: tuple[FieldPoint, ...]

    @property
    def painted(self) -> tuple[Line | Arc, ...]:
        """The lines, then the arcs."""
        return (*self.lines, *self.arcs)

    def outlines(self, step_m: float, *, minor: bool = True) -> dict[str, Array]:
        """Points (n, 2) along every marking by name; without the `minor` ones, only those to look for."""
        return {one.name: one.polyline(step_m) for one in self.painted if minor or not one.minor}

    def point(self, name: str) -> FieldPoint | None:
        """The point of this name; None if there is none."""
        return next((point for point in self.points if point.name == name), None)
