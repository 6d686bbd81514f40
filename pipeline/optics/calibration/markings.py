"""The pitch, recognised among lines on the ground: its penalty areas give the scale, its position and its size.

The Laws of the Game fix the penalty area and the goal area; length and width of a pitch may vary within limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from pipeline.fields import football
from pipeline.optics.calibration.residuals import Axis, GroundLine, ground_line_error_px, ground_points
from pipeline.optics.rig import Pitch, Rig

_LAWS = football()
PENALTY_DEPTH_M = _LAWS.length("penalty_area_depth")
PENALTY_WIDTH_M = 2 * _LAWS.length("penalty_area_half_width")
GOAL_DEPTH_M = _LAWS.length("goal_area_depth")
GOAL_WIDTH_M = 2 * _LAWS.length("goal_area_half_width")
CIRCLE_M = _LAWS.length("circle_radius")
LENGTH_RANGE_M = (_LAWS.length_range_m[0] - 5.0, _LAWS.length_range_m[1] + 5.0)
WIDTH_RANGE_M = (_LAWS.width_range_m[0], _LAWS.width_range_m[1] + 2.0)
"""The sides that are looked for: those of the laws and, as pitches are laid out, a little more."""

_SCALE_MISMATCH = 0.08
_LEAST_SCORE = 2.4
"""How much of the four sides of a penalty area must be seen, of 4."""

_UNEVEN = 0.015
"""By how much the halfway line may lie off the middle of the goal lines, as a fraction of their distance."""

_SEEN_SIDES, _CORNER_M = 1.2, 2.0
"""How much of the near sides of both penalty areas must be seen, of 2, and how near to the fronts' ends."""

_SAME_M = 0.9
"""A seen line this close to a marking's lawful position is taken for that marking."""


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line on the ground in world units: its offset across its axis, and the range of each part along it."""

    line: GroundLine
    offset: float
    reaches: tuple[tuple[float, float], ...]

    @property
    def length(self) -> float:
        """The distance from its lowest to its highest end."""
        return max(high for _, high in self.reaches) - min(low for low, _ in self.reaches)

    def covers(self, low: float, high: float) -> float:
        """The fraction of low..high that the line covers."""
        covered = sum(max(0.0, min(high, end) - max(low, start)) for start, end in self.reaches)
        return min(1.0, covered / (high - low))

    def fills(self, low: float, high: float) -> float:
        """The fraction of low..high that the line covers, less the fraction by which its parts extend beyond."""
        beyond = sum(
            max(0.0, low - start) + max(0.0, end - high)
            for start, end in self.reaches
            if start < high and end > low
        )
        return self.covers(low, high) - beyond / (high - low)


@dataclass(frozen=True, slots=True)
class PenaltyArea:
    """A detected penalty area: x of goal line and front, z of the sides, in world units; metres per unit; score."""

    goal: float
    front: float
    near: float
    far: float
    metres: float
    score: float


@dataclass(frozen=True, slots=True)
class Marking:
    """One line of a pitch by the laws, in metres from the pitch's centre."""

    name: str
    axis: Axis
    offset_m: float
    low_m: float
    high_m: float


def ground_positions(rig: Rig, lines: Sequence[GroundLine]) -> list[SeenLine]:
    """The positions of lines on the ground."""
    seen = []
    for line in lines:
        _, offset = ground_line_error_px(rig, line)
        reaches = []
        for part in line.parts:
            x, z = ground_points(rig.cameras[part.camera], rig.surface.height_m, part.pixels)
            along = x if line.axis == "x" else z
            if np.isfinite(along).any():
                reaches.append((float(np.nanmin(along)), float(np.nanmax(along))))
        if reaches and np.isfinite(offset):
            seen.append(SeenLine(line, offset, tuple(reaches)))
    return seen


def merged(rig: Rig, lines: Sequence[GroundLine], within: float) -> list[GroundLine]:
    """Merge lines of the same axis that are within `within` world units of each other."""
    joined: list[GroundLine] = []
    for axis in ("x", "z"):
        seen = sorted(
            (s for s in ground_positions(rig, lines) if s.line.axis == axis), key=lambda s: s.offset
        )
        last = -np.inf
        for s in seen:
            if s.offset - last < within:
                joined[-1] = replace(joined[-1], parts=joined[-1].parts + s.line.parts)
            else:
                joined.append(s.line)
            last = s.offset
    return joined


def find_pitch(rig: Rig, lines: Sequence[GroundLine]) -> tuple[float, Pitch | None]:
    """Metres per world unit (nan if no penalty area is seen), and the pitch in metres, None if its size is not
    seen."""
    seen = ground_positions(rig, lines)
    boxes = [box for side in (1, -1) if (box := _best_penalty_area(seen, side)) is not None]
    boxes = boxes or _half_areas(seen)
    if not boxes:
        return float("nan"), None
    best = max(boxes, key=lambda box: box.score)
    boxes = [box for box in boxes if box is best or _opposite(box, best)]
    metres = float(np.mean([box.metres for box in boxes]))
    return metres, _pitch(seen, boxes, metres)


def markings(pitch: Pitch) -> list[Marking]:
    """The straight line markings of a pitch that run along or across it."""
    found = []
    for line in pitch.markings.lines:
        (u0, v0), (u1, v1) = line.start, line.end
        if v0 == v1:
            found.append(Marking(line.name, "x", v0, u0, u1))
        elif u0 == u1:
            found.append(Marking(line.name, "z", u0, v0, v1))
    return found


def recognise(rig: Rig, pitch: Pitch, lines: Sequence[GroundLine]) -> dict[str, GroundLine]:
    """The seen lines that are markings of the pitch, by name, with all their parts. The rig is in metres."""
    named: dict[str, GroundLine] = {}
    seen = ground_positions(rig, lines)
    x, z = pitch.centre_m
    for marking in markings(pitch):
        across, along = (z, x) if marking.axis == "x" else (x, z)
        parts = tuple(
            part
            for s in seen
            if s.line.axis == marking.axis
            and abs(s.offset - across - marking.offset_m) < _SAME_M
            and _lies_within(s, along + marking.low_m, along + marking.high_m)
            for part in s.line.parts
        )
        if parts:
            named[marking.name] = GroundLine(marking.axis, parts)
    return named


def remeasured(rig: Rig, pitch: Pitch, named: dict[str, GroundLine]) -> Pitch:
    """The pitch remeasured from its recognised lines, in metres; what is not seen stays unchanged."""
    place = {name: ground_line_error_px(rig, line)[1] for name, line in named.items()}
    x, z = pitch.centre_m
    length_m, width_m = pitch.length_m, pitch.width_m
    goals = [place.get("left goal line"), place.get("right goal line")]
    if goals[0] is not None and goals[1] is not None:
        length_m, x = goals[1] - goals[0], (goals[0] + goals[1]) / 2
    elif (halfway := place.get("halfway line")) is not None:
        x = halfway
        known = goals[0] if goals[0] is not None else goals[1]
        length_m = 2 * abs(known - x) if known is not None else length_m
    areas = [
        place[name] + (width / 2 if "near" in name else -width / 2)
        for name in place
        for area, width in (("penalty area", PENALTY_WIDTH_M), ("goal area", GOAL_WIDTH_M))
        if name.endswith((f"{area} near side", f"{area} far side"))
    ]
    z = float(np.mean(areas)) if areas else z
    sides = [abs(place[name] - z) for name in ("near touchline", "far touchline") if name in place]
    width_m = 2 * float(np.mean(sides)) if sides else width_m
    return Pitch(float(length_m), width_m, (float(x), z), pitch.yaw_deg)


def families(named: dict[str, GroundLine]) -> list[GroundLine]:
    """The named lines, merged if the laws fix their distance: the lines of one goal, the sides of all areas."""
    groups: dict[str, list[tuple[GroundLine, float]]] = {}
    for name, line in named.items():
        group, shift = _family(name)
        groups.setdefault(group, []).append((line, shift))
    return [
        GroundLine(
            members[0][0].axis,
            tuple(part for line, _ in members for part in line.parts),
            tuple(shift for line, shift in members for _ in line.parts),
        )
        for members in groups.values()
    ]


def law_lengths(rig: Rig, named: dict[str, GroundLine]) -> dict[str, tuple[float, float]]:
    """Lengths that the laws fix: as measured between seen lines and as they should be, in world units."""
    place = {name: ground_line_error_px(rig, line)[1] for name, line in named.items()}
    lengths: dict[str, tuple[float, float]] = {}
    for side in ("left", "right"):
        for area, depth, width in (
            ("penalty area", PENALTY_DEPTH_M, PENALTY_WIDTH_M),
            ("goal area", GOAL_DEPTH_M, GOAL_WIDTH_M),
        ):
            for name, first, second, law in (
                ("depth", f"{side} goal line", f"{side} {area} front", depth),
                ("width", f"{side} {area} near side", f"{side} {area} far side", width),
            ):
                if first in place and second in place:
                    lengths[f"{side} {area} {name}"] = abs(place[second] - place[first]), law
    return lengths


def _family(name: str) -> tuple[str, float]:
    """The family of a marking, and its lawful distance from the family's reference line."""
    for area, depth, width in (
        ("penalty area", PENALTY_DEPTH_M, PENALTY_WIDTH_M),
        ("goal area", GOAL_DEPTH_M, GOAL_WIDTH_M),
    ):
        if name.endswith(f"{area} front"):
            side = name.split()[0]
            return f"{side} goal line", depth if side == "left" else -depth
        if name.endswith(f"{area} near side"):
            return "areas", -width / 2
        if name.endswith(f"{area} far side"):
            return "areas", width / 2
    return name, 0.0


def _lies_within(seen: SeenLine, low: float, high: float) -> bool:
    """Whether a line of one part covers a good part of low..high, and little else."""
    return seen.covers(low, high) > 0.25 and seen.covers(low, high) * (high - low) > 0.7 * seen.length


def _best_penalty_area(seen: Sequence[SeenLine], side: int) -> PenaltyArea | None:
    """The best penalty area whose front is to the right (`side` 1) or the left (-1) of its goal line."""
    upright = [s for s in seen if s.line.axis == "z"]
    level = [s for s in seen if s.line.axis == "x"]
    boxes = _penalty_areas(upright, level, side)
    return max(boxes, key=lambda box: box.score, default=None)


def _half_areas(seen: Sequence[SeenLine]) -> list[PenaltyArea]:
    """Both penalty areas of a pitch whose far sides are too thin to be seen: goal, front, halfway, front, goal,
    all where the laws put them, and the near sides between goals and fronts. Empty without all of them."""
    upright = sorted((s for s in seen if s.line.axis == "z"), key=lambda s: s.offset)
    level = [s for s in seen if s.line.axis == "x"]
    best: list[PenaltyArea] = []
    for left, halfway, right in combinations(upright, 3):
        if abs(_share_in(halfway, left, right) - 0.5) > _UNEVEN:
            continue
        for front, other in product(_fronts(upright, left, right), _fronts(upright, right, left)):
            depths = front.offset - left.offset, right.offset - other.offset
            if abs(depths[0] / depths[1] - 1) > _SCALE_MISMATCH:
                continue
            metres = 2 * PENALTY_DEPTH_M / sum(depths)
            sides = [
                max(
                    (
                        s
                        for s in level
                        if abs(s.offset - min(low for low, _ in end.reaches)) * metres < _CORNER_M
                    ),
                    key=lambda s: s.covers(*between),
                    default=None,
                )
                for end, between in (
                    (front, (left.offset, front.offset)),
                    (other, (other.offset, right.offset)),
                )
            ]
            first, second = sides
            if first is None or second is None or abs(first.offset - second.offset) * metres > _SAME_M:
                continue
            score = first.fills(left.offset, front.offset) + second.fills(other.offset, right.offset)
            if score > max(_SEEN_SIDES, best[0].score if best else 0.0):
                near = (first.offset + second.offset) / 2
                far = near + PENALTY_WIDTH_M / metres
                best = [
                    PenaltyArea(goal, end, near, far, metres, score)
                    for goal, end in ((left.offset, front.offset), (right.offset, other.offset))
                ]
    return best


def _fronts(upright: Sequence[SeenLine], goal: SeenLine, other: SeenLine) -> list[SeenLine]:
    """The lines as far from one goal line, in lengths of the pitch, as the front of a penalty area may be."""
    shortest, longest = LENGTH_RANGE_M
    return [
        s
        for s in upright
        if PENALTY_DEPTH_M / longest < _share_in(s, goal, other) < PENALTY_DEPTH_M / shortest
    ]


def _share_in(line: SeenLine, start: SeenLine, end: SeenLine) -> float:
    """Where a line lies between two others, as a share of their distance from the first."""
    return (line.offset - start.offset) / (end.offset - start.offset)


def _opposite(box: PenaltyArea, other: PenaltyArea) -> bool:
    """Whether two penalty areas can belong to one pitch: the same scale, and a plausible distance between them."""
    apart = abs(box.front - other.front) * other.metres
    between = (box.front - other.front) * (box.goal - other.goal) > 0
    return abs(box.metres / other.metres - 1) < _SCALE_MISMATCH and between and apart > 2 * PENALTY_DEPTH_M


def _penalty_areas(
    upright: Sequence[SeenLine], level: Sequence[SeenLine], side: int
) -> Iterator[PenaltyArea]:
    for first, second in combinations(sorted(upright, key=lambda s: s.offset), 2):
        goal, front = (first, second) if side > 0 else (second, first)
        depth = PENALTY_DEPTH_M / (second.offset - first.offset)
        # A side too faint to be seen is assumed at the end of the front; it adds nothing to the score.
        ends_of_front = (min(low for low, _ in front.reaches), max(high for _, high in front.reaches))
        faint = [replace(front, offset=end, reaches=()) for end in ends_of_front]
        for near, far in combinations(sorted([*level, *faint], key=lambda s: s.offset), 2):
            if far.offset - near.offset < 1e-9:
                continue
            width = PENALTY_WIDTH_M / (far.offset - near.offset)
            mismatch = abs(depth / width - 1)
            if mismatch > _SCALE_MISMATCH:
                continue
            sides = (first.offset, second.offset)
            ends = (near.offset, far.offset)
            score = goal.covers(*ends) + front.fills(*ends) + near.fills(*sides) + far.fills(*sides)
            score -= mismatch / _SCALE_MISMATCH / 2
            if score > _LEAST_SCORE:
                # The width counts twice: it is longer than the depth and measured better.
                yield PenaltyArea(
                    goal.offset, front.offset, near.offset, far.offset, (depth + 2 * width) / 3, score
                )


def _pitch(seen: Sequence[SeenLine], boxes: Sequence[PenaltyArea], metres: float) -> Pitch | None:
    """The pitch: length from both goal lines or one and the halfway line; width from the touchlines."""
    middle_z = float(np.mean([(box.near + box.far) / 2 for box in boxes]))
    middle_x = _middle_x(seen, boxes, metres)
    if middle_x is None:
        return None
    length_m = 2 * abs(boxes[0].goal - middle_x) * metres
    beside = [(abs(s.offset - middle_z) * metres, s) for s in seen if s.line.axis == "x"]
    lowest, highest = WIDTH_RANGE_M
    touch = [(half, s) for half, s in beside if lowest / 2 < half < highest / 2]
    if not touch:
        return None
    half_width, _ = max(touch, key=lambda pair: pair[1].length)
    return Pitch(length_m, 2 * half_width, (middle_x * metres, middle_z * metres))


def _middle_x(seen: Sequence[SeenLine], boxes: Sequence[PenaltyArea], metres: float) -> float | None:
    shortest, longest = LENGTH_RANGE_M
    goals = sorted(box.goal for box in boxes)
    if len(goals) == 2:
        return (goals[0] + goals[1]) / 2 if shortest < (goals[1] - goals[0]) * metres < longest else None
    inward = 1.0 if boxes[0].front > boxes[0].goal else -1.0
    halves = [
        s
        for s in seen
        if s.line.axis == "z" and shortest / 2 < inward * (s.offset - boxes[0].goal) * metres < longest / 2
    ]
    return max(halves, key=lambda s: s.length).offset if halves else None
