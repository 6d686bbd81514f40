"""The initial guess: a field of view from a grid, and the cameras' rotations from their matches.

An equidistant fisheye (k = 0) is close enough to any real lens for this. Rotations between two sets of rays by
Kabsch 1976, their consensus by RANSAC (Fischler and Bolles 1981); the cameras' positions are fitted later.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CalibrationError
from pipeline.optics.angles import Array
from pipeline.optics.calibration.features import Matches
from pipeline.optics.lens import FisheyeLens

HFOV_GRID_DEG = (40, 50, 60, 70, 80, 90, 100, 110, 120)
FEWEST_MATCHES = 30

_TOLERANCE_RAD = 0.012
_TRIALS = 300


def start_lens(size_px: tuple[int, int], hfov_deg: float) -> FisheyeLens:
    """An equidistant lens with a horizontal field of view of `hfov_deg`."""
    width, height = size_px
    return FisheyeLens(
        size_px, width / math.radians(hfov_deg), ((width - 1) / 2, (height - 1) / 2), (0.0, 0.0)
    )


def kabsch(of_a: Array, of_b: Array) -> Array:
    """The rotation(s) R that best rotate rays b onto rays a, a = R b; shapes (..., n, 3) -> (..., 3, 3)."""
    u, _, vt = np.linalg.svd(np.swapaxes(of_a, -1, -2) @ of_b)
    flip = np.ones((*u.shape[:-2], 3))
    flip[..., 2] = np.sign(np.linalg.det(u @ vt))
    turned: Array = (u * flip[..., None, :]) @ vt
    return turned


def relative_rotation(of_a: Array, of_b: Array, seed: int = 0) -> tuple[Array, NDArray[np.bool_]]:
    """The rotation a = R b on which most matches agree, rays (n, 3) each, and the mask (n,) of its inliers."""
    generator = np.random.default_rng(seed)
    pairs = generator.integers(0, len(of_a), (_TRIALS, 2))
    candidates = kabsch(of_a[pairs], of_b[pairs])
    angles = np.linalg.norm(np.einsum("tij,nj->tni", candidates, of_b) - of_a, axis=-1)
    best = candidates[np.argmin(np.minimum(angles, _TOLERANCE_RAD).sum(axis=1))]
    for _ in range(3):
        agree = np.linalg.norm(of_b @ best.T - of_a, axis=-1) < _TOLERANCE_RAD
        if agree.sum() < 3:
            break
        best = kabsch(of_a[agree], of_b[agree])
    return best, agree


def choose_hfov_deg(sizes_px: tuple[tuple[int, int], ...], matches: list[Matches]) -> float:
    """The field of view of the grid for which the matches of all pairs agree best with rotations."""
    costs = []
    for hfov_deg in HFOV_GRID_DEG:
        lenses = [start_lens(size, hfov_deg) for size in sizes_px]
        cost = 0.0
        for pair in matches:
            a, b = lenses[pair.a].unproject(pair.pixels_a), lenses[pair.b].unproject(pair.pixels_b)
            turn, _ = relative_rotation(a, b)
            angle = np.linalg.norm(b @ turn.T - a, axis=-1)
            # In pixels, because in radians the smallest field of view would always win.
            cost += float(np.minimum(angle, 2 * _TOLERANCE_RAD).sum() * lenses[pair.a].focal_px)
        costs.append(cost)
    return float(HFOV_GRID_DEG[int(np.argmin(costs))])


def check_overlap(name_a: str, name_b: str, agreeing: int, found: int) -> None:
    """Raise CalibrationError if too few matches agree for the two cameras to overlap."""
    if agreeing < FEWEST_MATCHES:
        raise CalibrationError(
            f"{name_a} and {name_b} do not show enough of the same scene: {agreeing} of {found} matched points "
            f"agree, {FEWEST_MATCHES} needed; turn the cameras so that their pictures overlap by a fifth or more"
        )
