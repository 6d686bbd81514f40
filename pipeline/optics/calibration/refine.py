"""Refines the first rig into the final one: parallax from tie points, level from lines, metres from markings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.calibration.agreement import RidgeMap
from pipeline.optics.calibration.chains import straight_lines
from pipeline.optics.calibration.circle import circle_points, find_circle, pitch_of_circle
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.first_rig import FIRST_SURFACE
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.level import axis_of, find_level, level_of_cameras, rotated
from pipeline.optics.calibration.lines import LinePoints
from pipeline.optics.calibration.markings import (
    families,
    find_pitch,
    law_lengths,
    merged,
    recognise,
    remeasured,
)
from pipeline.optics.calibration.residuals import GroundLine, match_errors_px
from pipeline.optics.calibration.solve import FreeParameters, Observations, solve
from pipeline.optics.calibration.ties import WarpedPair, find_ties, warp
from pipeline.optics.rig import Rig

AGREEING_PX = 4.0
"""A match with a larger error is neither on the ground nor on the wall: a cloud, a pole, a mismatch."""

_GRID_PX = 40
_UNLAWFUL = 0.02
_MERGE = 0.02
"""Lines on the ground closer than this, in units of the cameras' height, are merged."""


@dataclass(frozen=True, slots=True)
class PreparedFootage:
    """The footage of all cameras, with the turf masks, ridges, chains and matches found in it before any fit."""

    footage: tuple[Footage, ...]
    turf: tuple[NDArray[np.bool_], ...]
    pictures: tuple[RidgeMap, ...]
    chains: tuple[list[Array], ...]
    matches: tuple[Matches, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted rig and its observations.

    ``far`` and ``ties``: feature matches, and tie points on turf, for each pair of cameras. ``rejected``: how many
    feature matches agree with neither ground nor wall. ``named``: the markings by name, empty without a pitch.
    """

    rig: Rig
    observations: Observations
    free: FreeParameters
    far: tuple[Matches, ...]
    ties: tuple[Matches, ...]
    rejected: int
    named: dict[str, GroundLine]
    level_known: bool
    scale_known: bool


def fit_straight_lines(rig: Rig, prepared: PreparedFootage) -> tuple[Rig, list[LinePoints]]:
    """The rig refitted so that lines are straight, and these lines; all cameras still at one position."""
    lines: list[LinePoints] = []
    for tolerance_px in (6.0, 3.0):
        lines = lines_of(rig, prepared, tolerance_px)
        rig = solve(rig, Observations(prepared.matches, tuple(lines)), FreeParameters(), 2.0)
    return rig, lines


def fit_positions(
    rig: Rig, prepared: PreparedFootage, lines: Sequence[LinePoints]
) -> tuple[Rig, list[Matches], list[Matches]]:
    """The level rig with the cameras' positions fitted, and the feature matches and tie points that give them."""
    straight = tuple(lines)
    rig = solve(rig, Observations(prepared.matches, straight), FreeParameters(positions=True), 2.0)
    far: list[Matches] = []
    ties: list[Matches] = []
    for half_px, reach_px in ((24, 24), (16, 8)):
        far, ties = [], []
        for pair in prepared.matches:
            warped = warp(rig, pair.a, pair.b, prepared.footage)
            far.append(find_ties(rig, warped, pair.pixels_a, 12, 10))
            ties.append(find_ties(rig, warped, turf_grid(warped, prepared.turf[pair.a]), half_px, reach_px))
        rig = solve(rig, Observations((*far, *ties), straight), FreeParameters(positions=True), 1.0)
    return rig, far, ties


def lines_of(rig: Rig, prepared: PreparedFootage, tolerance_px: float) -> list[LinePoints]:
    """The straight lines of every camera."""
    return [
        line
        for i, (chains, camera) in enumerate(zip(prepared.chains, rig.cameras, strict=True))
        for line in straight_lines(i, chains, camera.lens, tolerance_px)
    ]


def turf_grid(warped: WarpedPair, turf: NDArray[np.bool_]) -> Array:
    height, width = turf.shape
    rows, columns = np.mgrid[_GRID_PX // 2 : height : _GRID_PX, _GRID_PX // 2 : width : _GRID_PX]
    on_turf = (turf & warped.seen)[rows, columns]
    return np.stack([columns[on_turf], rows[on_turf]], axis=1).astype(np.float64)


def fit_all(rig: Rig, prepared: PreparedFootage) -> Fit:
    """All fits after the first rig, in order; the rig of a single camera must already be level.

    What the footage does not determine stays at its assumption: all cameras at one position, the mean level of the
    cameras, a height of one unit.
    """
    several = len(rig.cameras) > 1
    lines: list[LinePoints] = []
    level_known = True
    far: list[Matches] = []
    ties: list[Matches] = []
    if several:
        rig, lines = fit_straight_lines(rig, prepared)
        rig, level_known = _levelled(rig, lines)
        rig, far, ties = fit_positions(replace(rig, surface=FIRST_SURFACE), prepared, lines)
    lines = lines_of(rig, prepared, 2.5)
    if several:
        rig, level_known = _levelled(rig, lines)
    agreeing = [
        pair.where(np.linalg.norm(match_errors_px(rig, pair), axis=1) < 2 * AGREEING_PX) for pair in far
    ]
    free = FreeParameters(first_camera=level_known, positions=several)
    if not level_known:
        observations = Observations((*agreeing, *ties), tuple(lines))
        rig = solve(rig, observations, free, 1.0)
        return Fit(
            rig,
            observations,
            free,
            tuple(agreeing),
            tuple(ties),
            _rejected_count(far, agreeing),
            {},
            False,
            False,
        )
    ground = [GroundLine(axis, (line,)) for line in lines if (axis := axis_of(rig, line))]
    rig = solve(rig, Observations((*agreeing, *ties), (), tuple(ground)), free, 1.0)
    agreeing = [pair.where(np.linalg.norm(match_errors_px(rig, pair), axis=1) < AGREEING_PX) for pair in far]
    return _in_metres(rig, prepared, ground, free, (agreeing, ties, far))


def _in_metres(
    rig: Rig,
    prepared: PreparedFootage,
    ground: Sequence[GroundLine],
    free: FreeParameters,
    seen: tuple[list[Matches], list[Matches], list[Matches]],
) -> Fit:
    """The final fit: to the markings if a pitch is recognised, otherwise to the level lines as they are."""
    far, ties, found = seen
    rejected = _rejected_count(found, far)
    joined = merged(rig, ground, _MERGE)
    metres, pitch = find_pitch(rig, joined)
    circle = find_circle(rig, joined, prepared.chains) if pitch is None else None
    if circle is not None:
        metres, pitch = pitch_of_circle(rig, circle, joined, prepared.pictures)
    if pitch is None:
        scale_known = bool(np.isfinite(metres))
        observations = Observations((*far, *ties), (), tuple(joined))
        rig = solve(rig, observations, free, 1.0)
        rig = rig.scaled(metres) if scale_known else rig
        return Fit(rig, observations, free, tuple(far), tuple(ties), rejected, {}, True, scale_known)
    rig = rig.scaled(metres)
    free = replace(free, height=True)
    named = recognise(rig, pitch, ground)
    round_ = circle_points(replace(rig, pitch=pitch), prepared.chains)
    rig = solve(rig, Observations((*far, *ties), (), tuple(families(named)), round_), free, 1.0)
    pitch = remeasured(rig, pitch, named)
    # With the better rig more lines are found, and they are straighter.
    lines = lines_of(rig, prepared, 2.0)
    ground = [GroundLine(axis, (line,)) for line in lines if (axis := axis_of(rig, line))]
    again = recognise(rig, pitch, ground)
    named = again if len(again) >= len(named) else named
    round_ = circle_points(replace(rig, pitch=pitch), prepared.chains)
    observations = Observations((*far, *ties), (), tuple(families(named)), round_)
    rig = solve(rig, observations, free, 1.0)
    lawful = _lawful(rig, named)
    if len(lawful) < len(named):
        named = lawful
        observations = replace(observations, ground=tuple(families(named)))
        rig = solve(rig, observations, free, 1.0)
    pitch = remeasured(rig, pitch, named)
    return Fit(
        replace(rig, pitch=pitch), observations, free, tuple(far), tuple(ties), rejected, named, True, True
    )


def _lawful(rig: Rig, named: dict[str, GroundLine]) -> dict[str, GroundLine]:
    """The named lines less the fronts of areas that lie where no law puts them: other lines taken for them."""
    wrong = {
        name.replace("depth", "front")
        for name, (length_m, law_m) in law_lengths(rig, named).items()
        if name.endswith("depth") and abs(length_m / law_m - 1) > _UNLAWFUL
    }
    return {name: line for name, line in named.items() if name not in wrong}


def _levelled(rig: Rig, lines: Sequence[LinePoints]) -> tuple[Rig, bool]:
    """The rig rotated to level, by its lines or otherwise by the cameras' mean, and whether by lines."""
    level = find_level(rig, lines)
    return rotated(rig, level_of_cameras(rig.cameras) if level is None else level.axes), level is not None


def _rejected_count(found: Sequence[Matches], kept: Sequence[Matches]) -> int:
    return sum(map(len, found)) - sum(map(len, kept))
