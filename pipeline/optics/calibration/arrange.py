"""The first rig: cameras turned towards each other by their matches, or one camera's lens by its lines alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from pipeline.errors import CalibrationError
from pipeline.optics.calibration.features import Matches, find_features, match_features
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.level import angles_of, axis_of, find_level, turned
from pipeline.optics.calibration.lines import LinePoints, find_lines
from pipeline.optics.calibration.markings import find_pitch
from pipeline.optics.calibration.residuals import GroundLine
from pipeline.optics.calibration.ridges import Ridges
from pipeline.optics.calibration.solve import Evidence, Free, solve
from pipeline.optics.calibration.start import (
    check_overlap,
    choose_hfov_deg,
    relative_rotation,
    start_lens,
)
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface

FIRST_SURFACE = Surface("ground-capped", 1.0, 12.0)
"""Before the scale is known: the cameras one unit above the ground, the wall twelve units away."""

_ALONE_GRID_DEG = (45, 55, 65, 75, 85, 95, 105)
_ALONE_MISFIT = 30.0


def match_all(footage: Sequence[Footage]) -> list[Matches]:
    """The matches of every pair of cameras. Raises CalibrationError for a picture without texture."""
    features = [find_features(part) for part in footage]
    return [match_features(a, b, features[a], features[b]) for a, b in combinations(range(len(features)), 2)]


def arrange(footage: Sequence[Footage], found: Sequence[Matches]) -> tuple[Rig, tuple[Matches, ...]]:
    """Cameras at one place, the first looking straight ahead, and the matches that agree with that.

    Raises CalibrationError when a camera overlaps with no other.
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
    return solve(Rig(cameras), Evidence(matches), Free(), 3.0), matches


def arrange_alone(footage: Footage, ridges: Ridges) -> Rig:
    """One camera, levelled: the lens under which its lines are straight and run in two square directions.

    Straightness alone leaves the focal length open; squareness on the ground fixes it. Raises CalibrationError
    when the lines do not tell.
    """
    best: tuple[int, float, Rig] | None = None
    for hfov_deg in _ALONE_GRID_DEG:
        rig = Rig((Camera(footage.name, start_lens(footage.size_px, hfov_deg)),), FIRST_SURFACE)
        fitted = _level_alone(rig, ridges)
        if fitted is not None and (best is None or fitted[:2] < best[:2]):
            best = fitted
    if best is None:
        raise CalibrationError(
            f"{footage.name} shows too few straight lines in two square directions to tell its lens and level; "
            "show more of a marked pitch, or calibrate together with an overlapping camera"
        )
    return best[2]


def _level_alone(rig: Rig, ridges: Ridges) -> tuple[int, float, Rig] | None:
    """How little of a pitch shows, how badly a rig fits, and it levelled; None when lines tell no level."""
    lines: list[LinePoints] = []
    for tolerance_px in (6.0, 3.0):
        lines = find_lines(0, ridges, rig.cameras[0].lens, tolerance_px)
        if not lines:
            return None
        rig = solve(rig, Evidence(straight=tuple(lines)), Free(focal=False), 2.0)
    level = find_level(rig, lines)
    if level is None:
        return None
    rig = turned(rig, level.axes)
    ground = tuple(
        GroundLine(axis, (line,)) for line, axis in zip(lines, level.line_axes, strict=True) if axis
    )
    evidence = Evidence(ground=ground)
    rig = solve(rig, evidence, Free(first_camera=True), 1.5)
    on_axis = sum(len(line.pixels) for line in lines if axis_of(rig, line))
    misfit = float(np.minimum(evidence.errors_px(rig) ** 2, _ALONE_MISFIT).sum()) / max(on_axis, 1) ** 2
    metres, pitch = find_pitch(rig, ground)
    return int(np.isnan(metres)) + int(pitch is None), misfit, rig
