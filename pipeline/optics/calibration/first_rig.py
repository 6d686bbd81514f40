"""The first rig of a calibration: rotations from matches, or for one camera the lens from straight lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from pipeline.optics.calibration.features import Matches, find_features, match_features
from pipeline.optics.calibration.first_rotations import (
    check_overlap,
    choose_hfovs_deg,
    relative_rotation,
    start_lens,
)
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.level import angles_of
from pipeline.optics.calibration.solve import FreeParameters, Observations, solve
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface

_SCALE_PX = 3.0
_APART = 1e-3
_MUCH_BETTER = 0.6
"""Cameras of one size have one lens unless that leaves so much more of an error."""

FIRST_SURFACE = Surface("ground-capped", 1.0, 12.0)
"""The surface while the scale is unknown: the cameras one unit above the ground, the wall twelve units away."""


def match_all(footage: Sequence[Footage]) -> list[Matches]:
    """The matches of every pair of cameras. Raises CalibrationError for an image without texture."""
    features = [find_features(part) for part in footage]
    return [match_features(a, b, features[a], features[b]) for a, b in combinations(range(len(features)), 2)]


def first_rig(footage: Sequence[Footage], found: Sequence[Matches]) -> tuple[Rig, tuple[Matches, ...]]:
    """A rig of cameras at one position, the first looking straight ahead, and the matches that agree with it.

    Raises CalibrationError if a camera overlaps with no other.
    """
    sizes = tuple(part.size_px for part in footage)
    hfovs_deg = choose_hfovs_deg(sizes, [pair for pair in found if len(pair) >= 2])
    lenses = [start_lens(size, hfov_deg) for size, hfov_deg in zip(sizes, hfovs_deg, strict=True)]
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
    cameras = tuple(
        Camera(part.name, lenses[i], *angles_of(turns[i]), outline_px=part.outline_px)
        for i, part in enumerate(footage)
    )
    matches = tuple(used)
    return _of_one_zoom(Rig(cameras), Observations(matches)), matches


def _of_one_zoom(start: Rig, matches: Observations) -> Rig:
    """The rig fitted to its matches; cameras of one size have lenses of their own if they fit much better so."""
    rig = solve(start, matches, FreeParameters(), _SCALE_PX)
    apart = tuple(
        replace(camera, lens=replace(camera.lens, focal_px=camera.lens.focal_px * (1 + i * _APART)))
        for i, camera in enumerate(start.cameras)
    )
    if len({camera.lens for camera in start.cameras}) == len(apart):
        return rig
    zoomed = solve(replace(start, cameras=apart), matches, FreeParameters(), _SCALE_PX)
    costs = [float(np.log1p((matches.errors_px(one) / _SCALE_PX) ** 2).sum()) for one in (zoomed, rig)]
    return zoomed if costs[0] < _MUCH_BETTER * costs[1] else rig
