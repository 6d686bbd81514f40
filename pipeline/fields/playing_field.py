"""A sport's field: its markings for any size that its rules, or its users, allow.

A marking is described once. ``{end}`` in its name repeats it at both ends, ``{side}`` at both sides: its
coordinates are those of the left end and the near side, the others are mirrored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np

from pipeline.errors import ConfigError
from pipeline.fields.markings import Arc, Array, FieldPoint, Line, Markings, Place
from pipeline.fields.play import Play

SIDE_RANGE_M = (1.0, 1000.0)
"""The sides that a field may have."""

_SLACK_M = 1e-6


class FieldSize(NamedTuple):
    """Length and width of a field in metres."""

    length_m: float
    width_m: float

    @classmethod
    def parse(cls, value: object) -> Self:
        """A size from a size or from text such as ``105x68``. Raises ValueError for anything else."""
        if isinstance(value, cls):
            return value
        match = re.fullmatch(r"(\d{1,4}(?:\.\d{1,4})?)x(\d{1,4}(?:\.\d{1,4})?)", str(value).strip().lower())
        if match is None:
            raise ValueError("not LENGTHxWIDTH in metres")
        size = cls(float(match[1]), float(match[2]))
        if not all(SIDE_RANGE_M[0] <= side <= SIDE_RANGE_M[1] for side in size):
            raise ValueError("a side is out of bounds")
        return size

    def __str__(self) -> str:
        return f"{self.length_m:g}x{self.width_m:g}"


class Coordinate(NamedTuple):
    """A distance from the middle: ``anchor`` (-1, 0, 1) halves of the side plus ``offset_m``."""

    anchor: int
    offset_m: float

    def at(self, half_m: float) -> float:
        """The coordinate in metres for half a side of `half_m`."""
        return self.anchor * half_m + self.offset_m


Anchored = tuple[Coordinate, Coordinate]


@dataclass(frozen=True, slots=True)
class LineRule:
    """A line of any size of field; see Line."""

    name: str
    start: Anchored
    end: Anchored
    minor: bool


@dataclass(frozen=True, slots=True)
class ArcRule:
    """An arc of any size of field; see Arc."""

    name: str
    centre: Anchored
    radius_m: float
    from_deg: float
    to_deg: float
    minor: bool


@dataclass(frozen=True, slots=True)
class PointRule:
    """A named point of any size of field; see FieldPoint."""

    name: str
    at: Anchored
    height_m: float


Rule = LineRule | ArcRule | PointRule


@dataclass(frozen=True, slots=True)
class PlayingField:
    """The field of a sport, as its data file describes it. Immutable, hashable; any thread.

    ``name``: of a sport in the package, or the path of a user's own file. ``usual``: its usual size, None if it has
    none. ``lengths_m``: the lengths that its markings are made of, by name. ``line_m``: how thick its lines are.
    ``play``: what is played on it.
    """

    name: str
    usual: FieldSize | None
    length_range_m: tuple[float, float]
    width_range_m: tuple[float, float]
    line_m: float
    play: Play
    lengths_m: tuple[tuple[str, float], ...] = dataclass_field(repr=False)
    rules: tuple[Rule, ...] = dataclass_field(repr=False)

    def length(self, name: str) -> float:
        """A length by name, in metres. Raises ConfigError if the field has none of this name."""
        for known, value in self.lengths_m:
            if known == name:
                return value
        raise ConfigError(f"the field {self.name} has no length {name!r}")

    def sized(self, size: FieldSize | None) -> FieldSize:
        """`size`, or the usual one. Raises ConfigError if neither is known, or the markings have no room in it."""
        size = self.usual if size is None else size
        if size is None:
            raise ConfigError(f"the field {self.name} has no usual size; give its length and width in metres")
        crowded = self._without_room(size)
        if crowded is not None:
            raise ConfigError(f"a field of {size} m has no room for the {crowded} of {self.name}")
        return size

    def markings(self, length_m: float, width_m: float) -> Markings:
        """The markings of a field of this size."""
        return _markings(self, length_m, width_m)

    def _without_room(self, size: FieldSize) -> str | None:
        """The first marking that reaches beyond the middle or the outline, where the usual size has it inside."""
        usual = self.usual or size
        for (name, now), (_, before) in zip(
            _reach(self.markings(*size)), _reach(self.markings(*usual)), strict=True
        ):
            crosses = now * before < -_SLACK_M
            beyond = np.maximum(np.abs(before) - np.array(usual) / 2, 0.0)
            if (crosses | (np.abs(now) > np.array(size) / 2 + beyond + _SLACK_M)).any():
                return name
        return None


def _reach(markings: Markings) -> Iterator[tuple[str, Array]]:
    """The name of each marking and point, and places (n, 2) that it must have room for."""
    yield from ((line.name, np.array([line.start, line.end])) for line in markings.lines)
    yield from ((arc.name, arc.polyline(0.5)) for arc in markings.arcs)
    yield from ((point.name, np.array([point.at])) for point in markings.points)


@lru_cache(maxsize=64)
def _markings(field: PlayingField, length_m: float, width_m: float) -> Markings:
    size = FieldSize(length_m, width_m)
    lines: list[Line] = []
    arcs: list[Arc] = []
    points: list[FieldPoint] = []
    for rule, end, side in _repeated(field.rules):
        name = _named(rule.name, end, side)
        if isinstance(rule, LineRule):
            start, stop = sorted(_place(one, size, end, side) for one in (rule.start, rule.end))
            lines.append(Line(name, start, stop, rule.minor))
        elif isinstance(rule, ArcRule):
            centre = _place(rule.centre, size, end, side)
            arcs.append(Arc(name, centre, rule.radius_m, *_turned(rule, end, side), rule.minor))
        else:
            points.append(FieldPoint(name, _place(rule.at, size, end, side), rule.height_m))
    return Markings(tuple(lines), tuple(arcs), tuple(points))


def _repeated(rules: tuple[Rule, ...]) -> Iterator[tuple[Rule, int, int]]:
    """Each rule as often as its name asks for: what has no end first, then all of the left end, then the right.

    With the signs of u and v that it has there.
    """
    for ends in ((1,), (1, -1)):
        for end in ends:
            for rule in rules:
                if ("{end}" in rule.name) == (len(ends) == 2):
                    for side in (1, -1) if "{side}" in rule.name else (1,):
                        yield rule, end, side


def _named(name: str, end: int, side: int) -> str:
    return name.replace("{end}", "left" if end > 0 else "right").replace(
        "{side}", "near" if side > 0 else "far"
    )


def _place(at: Anchored, size: FieldSize, end: int, side: int) -> Place:
    return end * at[0].at(size.length_m / 2), side * at[1].at(size.width_m / 2)


def _turned(rule: ArcRule, end: int, side: int) -> tuple[float, float]:
    """The angles of an arc after mirroring."""
    first, last = rule.from_deg, rule.to_deg
    if end < 0:
        first, last = 180.0 - last, 180.0 - first
    if side < 0:
        first, last = -last, -first
    return first, last
