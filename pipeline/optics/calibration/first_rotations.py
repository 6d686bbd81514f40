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
_MOSTLY, _MANY_MORE = 0.4, 1.5
"""With one zoom for all cameras at least this share of the matches agree; otherwise so many times more must agree
with different ones."""


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


def choose_hfovs_deg(sizes_px: tuple[tuple[int, int], ...], matches: list[Matches]) -> tuple[float, ...]:
    """The fields of view of the grid for which the matches of all pairs agree best with rotations.

    One for all cameras, unless many more matches agree if one camera is zoomed further than the others.
    """
    count = len(sizes_px)
    same = {hfov_deg: (float(hfov_deg),) * count for hfov_deg in HFOV_GRID_DEG}
    best = min(same.values(), key=lambda hfovs: _cost(sizes_px, hfovs, matches))
    agreeing = _agreeing(sizes_px, best, matches)
    found = sum(map(len, matches))
    if agreeing > _MOSTLY * found:
        return best
    zoomed = [
        tuple(one if i == camera else other for i in range(count))
        for camera in range(count)
        for one in map(float, HFOV_GRID_DEG)
        for other in map(float, HFOV_GRID_DEG)
        if one < other
    ]
    apart = min(zoomed, key=lambda hfovs: _cost(sizes_px, hfovs, matches), default=best)
    return apart if _agreeing(sizes_px, apart, matches) > _MANY_MORE * agreeing else best


def _cost(
    sizes_px: tuple[tuple[int, int], ...], hfovs_deg: tuple[float, ...], matches: list[Matches]
) -> float:
    """The disagreement of all matches in pixels: in radians the smallest field of view would always win."""
    lenses = [start_lens(size, hfov_deg) for size, hfov_deg in zip(sizes_px, hfovs_deg, strict=True)]
    costs = [
        float(np.minimum(_angles(lenses, pair), 2 * _TOLERANCE_RAD).sum())
        * (lenses[pair.a].focal_px * lenses[pair.b].focal_px) ** 0.5
        for pair in matches
    ]
    return sum(costs, 0.0)


def _agreeing(
    sizes_px: tuple[tuple[int, int], ...], hfovs_deg: tuple[float, ...], matches: list[Matches]
) -> int:
    """How many matches agree with rotations."""
    lenses = [start_lens(size, hfov_deg) for size, hfov_deg in zip(sizes_px, hfovs_deg, strict=True)]
    return sum(int((_angles(lenses, pair) < _TOLERANCE_RAD).sum()) for pair in matches)


def _angles(lenses: list[FisheyeLens], pair: Matches) -> Array:
    """By how much each match misses the best rotation, in radians."""
    a, b = lenses[pair.a].unproject(pair.pixels_a), lenses[pair.b].unproject(pair.pixels_b)
    turn, _ = relative_rotation(a, b)
    off: Array = np.linalg.norm(b @ turn.T - a, axis=-1)
    return off


def check_overlap(name_a: str, name_b: str, agreeing: int, found: int) -> None:
    """Raise CalibrationError if too few matches agree for the two cameras to overlap."""
    if agreeing < FEWEST_MATCHES:
        raise CalibrationError(
            f"{name_a} and {name_b} do not show enough of the same scene: {agreeing} of {found} matched points "
            f"agree, {FEWEST_MATCHES} needed; turn the cameras so that their pictures overlap by a fifth or more"
        )
