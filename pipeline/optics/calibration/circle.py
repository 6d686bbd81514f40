"""The centre circle: of a radius that the laws fix, round on the ground only if lens and level are right.

A view that shows no whole penalty area often shows the halfway line and the circle around its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.fields import field_at
from pipeline.optics.angles import Array
from pipeline.optics.calibration.agreement import RidgeMap, agreement
from pipeline.optics.calibration.markings import (
    CIRCLE_M,
    GOAL_DEPTH_M,
    LENGTH_RANGE_M,
    PENALTY_DEPTH_M,
    PENALTY_WIDTH_M,
    WIDTH_RANGE_M,
    SeenLine,
    ground_positions,
)
from pipeline.optics.calibration.residuals import CirclePoints, GroundLine, ground_points
from pipeline.optics.rig import Pitch, Rig

_TRIALS = 400
_SECTORS = 24
_FEWEST_SECTORS = 9
_ROUND = 0.04
_RADII = (0.25, 3.0)
"""The radius in units of the cameras' height: masts of 3 to 36 m."""

_USUAL_LENGTH_M, _USUAL_WIDTH_M = field_at("football", None)[1]
_SAME_M = 0.7
_HALFWAYS = 4


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle on the ground in world units, and how many of its sectors are painted."""

    x: float
    z: float
    radius: float
    sectors: int


def find_circle(rig: Rig, lines: Sequence[GroundLine], chains: Sequence[Sequence[Array]]) -> Circle | None:
    """The circle around a point of a line that runs away from the cameras; None without a clear one."""
    points = _on_ground(rig, chains)
    upright = sorted(
        (s for s in ground_positions(rig, lines) if s.line.axis == "z"), key=lambda s: -_seen_px(s)
    )
    best: Circle | None = None
    for halfway in upright[:_HALFWAYS]:
        circle = _around(points, halfway.offset, rig.surface.height_m)
        if circle is not None and (best is None or circle.sectors > best.sectors):
            best = circle
    return best


def pitch_of_circle(
    rig: Rig, circle: Circle, lines: Sequence[GroundLine], pictures: Sequence[RidgeMap]
) -> tuple[float, Pitch]:
    """Metres per world unit and the pitch around a circle; sides that are not seen have their usual length."""
    metres = CIRCLE_M / circle.radius
    level = rig.scaled(metres)
    x, z = circle.x * metres, circle.z * metres
    seen = ground_positions(level, lines)
    lengths, widths = {_USUAL_LENGTH_M}, {_USUAL_WIDTH_M}
    for s in seen:
        if s.line.axis == "z":
            half = abs(s.offset - x)
            lengths |= {2 * (half + beyond) for beyond in (0.0, GOAL_DEPTH_M, PENALTY_DEPTH_M)}
        elif abs(abs(s.offset - z) - PENALTY_WIDTH_M / 2) > _SAME_M:
            widths.add(2 * abs(s.offset - z))

    def best_of(pitches: Sequence[Pitch]) -> Pitch:
        return max(pitches, key=lambda pitch: agreement(replace(level, pitch=pitch), pictures).score)

    usual = Pitch(_USUAL_LENGTH_M, _USUAL_WIDTH_M, (x, z))
    wide = best_of([replace(usual, width_m=width) for width in _apart(widths, WIDTH_RANGE_M)])
    return metres, best_of([replace(wide, length_m=length) for length in _apart(lengths, LENGTH_RANGE_M)])


def circle_points(rig: Rig, chains: Sequence[Sequence[Array]]) -> tuple[CirclePoints, ...]:
    """The points of each camera's chains that lie on the centre circle of a rig in metres."""
    if rig.pitch is None:
        return ()
    x0, z0 = rig.pitch.centre_m
    found = []
    for i, (own, camera) in enumerate(zip(chains, rig.cameras, strict=True)):
        for chain in own:
            x, z = ground_points(camera, rig.surface.height_m, chain)
            off = np.hypot(x - x0, z - z0) - CIRCLE_M
            with np.errstate(invalid="ignore"):
                near = np.abs(off) < _SAME_M
            # A line that only crosses the circle is not part of it.
            if near.mean() > 0.9 and len(chain) > 4:
                found.append(CirclePoints(i, chain[near]))
    return tuple(found)


def _apart(sides: set[float], allowed: tuple[float, float]) -> list[float]:
    kept: list[float] = []
    for side in sorted(sides):
        if allowed[0] < side < allowed[1] and (not kept or side - kept[-1] > 0.5):
            kept.append(side)
    return kept


def _seen_px(seen: SeenLine) -> int:
    return sum(len(part.pixels) for part in seen.line.parts)


def _on_ground(rig: Rig, chains: Sequence[Sequence[Array]]) -> Array:
    """The chains' points on the ground, (n, 2) in world units, with their directions, (n, 4) in all."""
    rows = [np.empty((0, 4))]
    for own, camera in zip(chains, rig.cameras, strict=True):
        for chain in own:
            points = np.stack(ground_points(camera, rig.surface.height_m, chain), axis=1)
            if len(points) < 3 or not np.isfinite(points).all():
                continue
            way = np.gradient(points, axis=0)
            way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
            rows.append(np.hstack([points, way]))
    return np.concatenate(rows)


def _around(points: Array, x0: float, unit: float) -> Circle | None:
    """The circle with its centre on x = x0 that most points with its direction lie on."""
    near = points[np.abs(points[:, 0] - x0) < _RADII[1] * unit]
    if len(near) < 12:
        return None
    generator = np.random.default_rng(0)
    a, b = near[generator.integers(0, len(near), (2, _TRIALS))]
    apart = a[:, 1] - b[:, 1]
    usable = np.abs(apart) > 0.05 * unit
    a, b, apart = a[usable], b[usable], apart[usable]
    z0 = ((a[:, 0] - x0) ** 2 - (b[:, 0] - x0) ** 2 + a[:, 1] ** 2 - b[:, 1] ** 2) / (2 * apart)
    radius = np.hypot(a[:, 0] - x0, a[:, 1] - z0)
    possible = (radius > _RADII[0] * unit) & (radius < _RADII[1] * unit)
    best: Circle | None = None
    for z, r in zip(z0[possible], radius[possible], strict=True):
        sectors = _painted(near, x0, float(z), float(r))
        if best is None or sectors.sum() > best.sectors:
            best = Circle(x0, float(z), float(r), int(sectors.sum()))
    if best is None or best.sectors < _FEWEST_SECTORS:
        return None
    right = _painted(near, best.x, best.z, best.radius).reshape(2, -1)
    return best if min(right.sum(axis=1)) >= 3 else None


def _painted(points: Array, x: float, z: float, radius: float) -> NDArray[np.bool_]:
    """Which sectors of a circle are painted, from the right around; the first half lies beyond its centre."""
    dx, dz = points[:, 0] - x, points[:, 1] - z
    reach = np.hypot(dx, dz)
    along = np.abs(points[:, 2] * dx + points[:, 3] * dz) / np.maximum(reach, 1e-9)
    on = (np.abs(reach / radius - 1) < _ROUND) & (along < 0.3)
    sectors = ((np.arctan2(dz[on], dx[on]) / (2 * np.pi)) % 1.0 * _SECTORS).astype(int) % _SECTORS
    painted = np.zeros(_SECTORS, bool)
    painted[sectors] = True
    return painted
