"""The first rig of a calibration: rotations from matches, or for one camera the lens from straight lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from pipeline.errors import CalibrationError
from pipeline.optics.calibration.features import Matches, find_features, match_features
from pipeline.optics.calibration.first_rotations import (
    check_overlap,
    choose_hfov_deg,
    relative_rotation,
    start_lens,
)
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.level import angles_of, axis_of, find_level, rotated
from pipeline.optics.calibration.lines import LinePoints, find_lines
from pipeline.optics.calibration.markings import find_pitch
from pipeline.optics.calibration.residuals import GroundLine
from pipeline.optics.calibration.ridges import Ridges
from pipeline.optics.calibration.solve import FreeParameters, Observations, solve
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface

FIRST_SURFACE = Surface("ground-capped", 1.0, 12.0)
"""The surface while the scale is unknown: the cameras one unit above the ground, the wall twelve units away."""

_SINGLE_GRID_DEG = (45, 55, 65, 75, 85, 95, 105)
_SINGLE_MISFIT = 30.0


def match_all(footage: Sequence[Footage]) -> list[Matches]:
    """The matches of every pair of cameras. Raises CalibrationError for an image without texture."""
    features = [find_features(part) for part in footage]
    return [match_features(a, b, features[a], features[b]) for a, b in combinations(range(len(features)), 2)]


def first_rig(footage: Sequence[Footage], found: Sequence[Matches]) -> tuple[Rig, tuple[Matches, ...]]:
    """A rig of cameras at one position, the first looking straight ahead, and the matches that agree with it.

    Raises CalibrationError if a camera overlaps with no other.
    """
    sizes = tuple(part.size_px for part in footage)
    hfov_deg = choose_hfov_deg(sizes, [pair for pair in found if len(pair) >= 2])
    lenses = [start_lens(size, hfov_deg) for size in sizes]
    pairs = []
    for pair in found:
        if len(pair) < 2:
            pairs.append((pair, np.eye(3)))
            continue
        rays_a, rays_b = lenses[pair.a].unproject(pair.pixels_a), lenses[pair.b].unproject(pair.pixels_b)
        turn, agree = relative_rotation(rays_a, rays_b)
        pairs.append((pair.where(agree), turn))
    turns: dict[int, np.ndarray] = {0: np.eye(3)}
    used = []
    while len(turns) < len(footage):
        edges = [edge for edge in pairs if (edge[0].a in turns) != (edge[0].b in turns)]
        pair, turn = max(edges, key=lambda edge: len(edge[0]))
        all_found = next(len(other) for other in found if (other.a, other.b) == (pair.a, pair.b))
        check_overlap(footage[pair.a].name, footage[pair.b].name, len(pair), all_found)
        if pair.a in turns:
            turns[pair.b] = turns[pair.a] @ turn
        else:
            turns[pair.a] = turns[pair.b] @ turn.T
        used.append(pair)
    cameras = tuple(Camera(part.name, lenses[i], *angles_of(turns[i])) for i, part in enumerate(footage))
    matches = tuple(used)
    return solve(Rig(cameras), Observations(matches), FreeParameters(), 3.0), matches


def first_rig_of_one(footage: Footage, ridges: Ridges) -> Rig:
    """A level rig of one camera, whose lens makes the lines straight and lets them run in two perpendicular
    directions.

    Straightness alone does not determine the focal length; perpendicularity on the ground does. Raises
    CalibrationError if the lines are not sufficient.
    """
    best: tuple[int, float, Rig] | None = None
    for hfov_deg in _SINGLE_GRID_DEG:
        rig = Rig((Camera(footage.name, start_lens(footage.size_px, hfov_deg)),), FIRST_SURFACE)
        fitted = _levelled_single(rig, ridges)
        if fitted is not None and (best is None or fitted[:2] < best[:2]):
            best = fitted
    if best is None:
        raise CalibrationError(
            f"{footage.name} shows too few straight lines in two perpendicular directions to determine lens and "
            "level; show more of a marked pitch, or calibrate together with an overlapping camera"
        )
    return best[2]


def _levelled_single(rig: Rig, ridges: Ridges) -> tuple[int, float, Rig] | None:
    """The number of pitch findings that are missing, the misfit, and the levelled rig; None without a level."""
    lines: list[LinePoints] = []
    for tolerance_px in (6.0, 3.0):
        lines = find_lines(0, ridges, rig.cameras[0].lens, tolerance_px)
        if not lines:
            return None
        rig = solve(rig, Observations(straight=tuple(lines)), FreeParameters(focal=False), 2.0)
    level = find_level(rig, lines)
    if level is None:
        return None
    rig = rotated(rig, level.axes)
    ground = tuple(
        GroundLine(axis, (line,)) for line, axis in zip(lines, level.line_axes, strict=True) if axis
    )
    observations = Observations(ground=ground)
    rig = solve(rig, observations, FreeParameters(first_camera=True), 1.5)
    on_axis = sum(len(line.pixels) for line in lines if axis_of(rig, line))
    misfit = float(np.minimum(observations.errors_px(rig) ** 2, _SINGLE_MISFIT).sum()) / max(on_axis, 1) ** 2
    metres, pitch = find_pitch(rig, ground)
    return int(np.isnan(metres)) + int(pitch is None), misfit, rig
