"""From a first rig to the final one: parallax from patches, level and square from lines, metres from markings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.calibration.arrange import FIRST_SURFACE
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.level import axis_of, find_level, own_level, turned
from pipeline.optics.calibration.lines import LinePoints, find_lines
from pipeline.optics.calibration.markings import (
    families,
    find_pitch,
    in_metres,
    measured,
    merged,
    recognise,
)
from pipeline.optics.calibration.residuals import GroundLine, match_errors_px
from pipeline.optics.calibration.ridges import Ridges
from pipeline.optics.calibration.solve import Evidence, Free, solve
from pipeline.optics.calibration.ties import Bent, bend, refine
from pipeline.optics.rig import Rig

AGREEING_PX = 4.0
"""A match further off than this shows what is neither ground nor wall: a cloud, a pole, a mistake."""

_GRID_PX = 40
_MERGE = 0.02
"""Lines on the ground nearer than this, in heights of the cameras, are one."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is known of the footage before any fit: pictures, where turf lies in them, ridges, matches."""

    footage: tuple[Footage, ...]
    turf: tuple[NDArray[np.bool_], ...]
    ridges: tuple[Ridges, ...]
    matches: tuple[Matches, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted rig with the evidence that it was fitted to.

    ``far`` and ``ties``: matches found by their look, and patches of turf, pair by pair. ``left_out``: how many
    of the former agree with neither ground nor wall. ``named``: the markings by name, empty without a pitch.
    """

    rig: Rig
    evidence: Evidence
    free: Free
    far: tuple[Matches, ...]
    ties: tuple[Matches, ...]
    left_out: int
    named: dict[str, GroundLine]
    level_known: bool
    scale_known: bool


def straighten(rig: Rig, scene: Scene) -> tuple[Rig, list[LinePoints]]:
    """The rig refitted so that lines are straight, and these lines; cameras still at one place."""
    lines: list[LinePoints] = []
    for tolerance_px in (6.0, 3.0):
        lines = lines_of(rig, scene, tolerance_px)
        rig = solve(rig, Evidence(scene.matches, tuple(lines)), Free(), 2.0)
    return rig, lines


def place(rig: Rig, scene: Scene, lines: Sequence[LinePoints]) -> tuple[Rig, list[Matches], list[Matches]]:
    """Where the cameras stand, and the matches and the ties on turf that tell it; a levelled rig."""
    straight = tuple(lines)
    rig = solve(rig, Evidence(scene.matches, straight), Free(places=True), 2.0)
    far: list[Matches] = []
    ties: list[Matches] = []
    for half_px, reach_px in ((24, 24), (16, 8)):
        far, ties = [], []
        for pair in scene.matches:
            bent = bend(rig, pair.a, pair.b, scene.footage)
            far.append(refine(rig, bent, pair.pixels_a, 12, 10))
            ties.append(refine(rig, bent, _turf_grid(bent, scene.turf[pair.a]), half_px, reach_px))
        rig = solve(rig, Evidence((*far, *ties), straight), Free(places=True), 1.0)
    return rig, far, ties


def lines_of(rig: Rig, scene: Scene, tolerance_px: float) -> list[LinePoints]:
    """The straight lines of every camera."""
    return [
        line
        for i, (ridges, camera) in enumerate(zip(scene.ridges, rig.cameras, strict=True))
        for line in find_lines(i, ridges, camera.lens, tolerance_px)
    ]


def _turf_grid(bent: Bent, turf: NDArray[np.bool_]) -> Array:
    height, width = turf.shape
    rows, columns = np.mgrid[_GRID_PX // 2 : height : _GRID_PX, _GRID_PX // 2 : width : _GRID_PX]
    on_turf = (turf & bent.seen)[rows, columns]
    return np.stack([columns[on_turf], rows[on_turf]], axis=1).astype(np.float64)


def fit_all(rig: Rig, scene: Scene) -> Fit:
    """Everything after the first rig, in order; a rig alone must come levelled.

    What the footage does not tell is left as assumed: cameras at one place, level as the cameras are together,
    one unit high.
    """
    several = len(rig.cameras) > 1
    lines: list[LinePoints] = []
    level_known = True
    far: list[Matches] = []
    ties: list[Matches] = []
    if several:
        rig, lines = straighten(rig, scene)
        rig, level_known = _levelled(rig, lines)
        rig, far, ties = place(replace(rig, surface=FIRST_SURFACE), scene, lines)
    lines = lines_of(rig, scene, 2.5)
    if several:
        rig, level_known = _levelled(rig, lines)
    agreeing = [
        pair.where(np.linalg.norm(match_errors_px(rig, pair), axis=1) < 2 * AGREEING_PX) for pair in far
    ]
    free = Free(first_camera=level_known, places=several)
    if not level_known:
        evidence = Evidence((*agreeing, *ties), tuple(lines))
        rig = solve(rig, evidence, free, 1.0)
        return Fit(rig, evidence, free, tuple(agreeing), tuple(ties), _lost(far, agreeing), {}, False, False)
    ground = [GroundLine(axis, (line,)) for line in lines if (axis := axis_of(rig, line))]
    rig = solve(rig, Evidence((*agreeing, *ties), (), tuple(ground)), free, 1.0)
    agreeing = [pair.where(np.linalg.norm(match_errors_px(rig, pair), axis=1) < AGREEING_PX) for pair in far]
    return _in_metres(rig, scene, ground, free, (agreeing, ties, far))


def _in_metres(
    rig: Rig,
    scene: Scene,
    ground: Sequence[GroundLine],
    free: Free,
    seen: tuple[list[Matches], list[Matches], list[Matches]],
) -> Fit:
    """The final fit: to the markings where a pitch is recognised, else to the level lines as they are."""
    far, ties, found = seen
    lost = _lost(found, far)
    joined = merged(rig, ground, _MERGE)
    metres, pitch = find_pitch(rig, joined)
    if pitch is None:
        scale_known = bool(np.isfinite(metres))
        evidence = Evidence((*far, *ties), (), tuple(joined))
        rig = solve(rig, evidence, free, 1.0)
        rig = in_metres(rig, metres) if scale_known else rig
        return Fit(rig, evidence, free, tuple(far), tuple(ties), lost, {}, True, scale_known)
    rig = in_metres(rig, metres)
    free = replace(free, height=True)
    named = recognise(rig, pitch, ground)
    rig = solve(rig, Evidence((*far, *ties), (), tuple(families(named))), free, 1.0)
    pitch = measured(rig, pitch, named)
    # The better rig shows more of the lines, and shows them straighter.
    lines = lines_of(rig, scene, 2.0)
    ground = [GroundLine(axis, (line,)) for line in lines if (axis := axis_of(rig, line))]
    again = recognise(rig, pitch, ground)
    named = again if len(again) >= len(named) else named
    evidence = Evidence((*far, *ties), (), tuple(families(named)))
    rig = solve(rig, evidence, free, 1.0)
    pitch = measured(rig, pitch, named)
    return Fit(replace(rig, pitch=pitch), evidence, free, tuple(far), tuple(ties), lost, named, True, True)


def _levelled(rig: Rig, lines: Sequence[LinePoints]) -> tuple[Rig, bool]:
    """The rig turned level, by its lines or else by how the cameras hang together, and whether by lines."""
    level = find_level(rig, lines)
    return turned(rig, own_level(rig.cameras) if level is None else level.axes), level is not None


def _lost(found: Sequence[Matches], kept: Sequence[Matches]) -> int:
    return sum(map(len, found)) - sum(map(len, kept))
