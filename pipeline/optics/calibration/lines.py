"""Straight lines among ridge points: points whose rays through the lens lie on one great circle.

A straight line in the scene and the camera's centre span a plane, and the rays to the line lie in that plane.
Planes are found one after another by RANSAC over pairs of points (Fischler and Bolles 1981), longest line first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.calibration.ridges import Ridges
from pipeline.optics.lens import Lens

SHORTEST = 0.05
"""Shortest line, as a fraction of the image width."""

MOST_LINES = 24

_MOST_POINTS = 6000
_TRIALS = 400
_SCORING_POINTS = 1500
_TURN = 0.08
"""Sine of the largest angle between a point's own direction and that of its line."""

_GAP = 0.02
"""Longest gap in a line, as a fraction of the image width."""

_SAMPLE_PX = 10.0


@dataclass(frozen=True, slots=True)
class LinePoints:
    """Points that one camera sees on one straight line: pixels (n, 2), in order along it, evenly spaced."""

    camera: int
    pixels: Array


def find_lines(
    camera: int, ridges: Ridges, lens: Lens, tolerance_px: float, seed: int = 0
) -> list[LinePoints]:
    """The straight lines without a gap, longest first, from SHORTEST times the image width on."""
    generator = np.random.default_rng(seed)
    pool = ridges.where(_sample(len(ridges.pixels), _MOST_POINTS, generator))
    rays, tangents = directions(pool, lens)
    left = np.ones(len(rays), bool)
    lines: list[LinePoints] = []
    tolerance = tolerance_px / lens.focal_px
    width = lens.size_px[0]
    for _ in range(2 * MOST_LINES):
        index = np.nonzero(left)[0]
        if len(index) < 20 or len(lines) == MOST_LINES:
            break
        normal = _best_plane(rays[index], tangents[index], tolerance, generator)
        if normal is None:
            break
        on_line = index[_inliers(rays[index], tangents[index], normal, tolerance)]
        run = _longest_run(pool.pixels[on_line], _GAP * width)
        left[on_line[run] if len(run) > 10 else on_line] = False
        if len(run) > 10 and _length_px(pool.pixels[on_line[run]]) >= SHORTEST * width:
            lines.append(LinePoints(camera, thin(pool.pixels[on_line[run]])))
    return lines


def directions(ridges: Ridges, lens: Lens) -> tuple[Array, Array]:
    """Unit rays (n, 3) to ridge points, and unit tangents (n, 3) of their lines on the sphere."""
    rays = lens.unproject(ridges.pixels)
    beside = lens.unproject(ridges.pixels + ridges.along)
    tangents = beside - rays
    return rays, tangents / np.linalg.norm(tangents, axis=1, keepdims=True)


def plane_of(rays: Array) -> Array:
    """The unit normal (3,) of the plane through the origin nearest to rays (n, 3); rays of nan are ignored."""
    known = np.nan_to_num(rays)
    _, vectors = np.linalg.eigh(known.T @ known)
    normal: Array = vectors[:, 0]
    return normal


def thin(pixels: Array) -> Array:
    """Resample points along their line, one per _SAMPLE_PX, each the mean of the points around it."""
    along = _along(pixels)
    bins = ((along - along.min()) / _SAMPLE_PX).astype(int)
    counts = np.bincount(bins)
    filled = counts > 0
    sums = np.stack([np.bincount(bins, pixels[:, i]) for i in (0, 1)], axis=1)
    means: Array = sums[filled] / counts[filled, None]
    return means


def _sample(count: int, most: int, generator: np.random.Generator) -> NDArray[np.bool_]:
    keep = np.zeros(count, bool)
    keep[generator.permutation(count)[:most]] = True
    return keep


def _inliers(rays: Array, tangents: Array, normal: Array, tolerance: float) -> NDArray[np.bool_]:
    return (np.abs(rays @ normal) < tolerance) & (np.abs(tangents @ normal) < _TURN)


def _best_plane(
    rays: Array, tangents: Array, tolerance: float, generator: np.random.Generator
) -> Array | None:
    """The plane with the most inliers, refitted to them; None if no pair of points gives one."""
    first, second = generator.integers(0, len(rays), (2, 8 * _TRIALS))
    normals = np.cross(rays[first], rays[second])
    size = np.linalg.norm(normals, axis=1)
    normals /= np.maximum(size, 1e-12)[:, None]
    agree = (
        (size > 10 * tolerance)
        & (np.abs(np.einsum("ij,ij->i", normals, tangents[first])) < _TURN)
        & (np.abs(np.einsum("ij,ij->i", normals, tangents[second])) < _TURN)
    )
    candidates = normals[agree][:_TRIALS]
    if not len(candidates):
        return None
    judges = generator.permutation(len(rays))[:_SCORING_POINTS]
    off = np.abs(candidates.astype(np.float32) @ rays[judges].T.astype(np.float32))
    turn = np.abs(candidates.astype(np.float32) @ tangents[judges].T.astype(np.float32))
    near = (off < tolerance) & (turn < _TURN)
    normal: Array = candidates[int(np.argmax(near.sum(axis=1)))]
    for _ in range(3):
        chosen = _inliers(rays, tangents, normal, tolerance)
        if chosen.sum() < 3:
            break
        normal = plane_of(rays[chosen])
    return normal


def _along(pixels: Array) -> Array:
    """The positions of points along their main direction, in pixels."""
    centred = pixels - pixels.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    along: Array = centred @ vectors[:, 1]
    return along


def _length_px(pixels: Array) -> float:
    return float(np.ptp(_along(pixels)))


def _longest_run(pixels: Array, gap_px: float) -> NDArray[np.intp]:
    """The indices, in order along the line, of the longest run without a gap above `gap_px`."""
    if len(pixels) < 3:
        return np.arange(0)
    along = _along(pixels)
    order = np.argsort(along)
    breaks = np.nonzero(np.diff(along[order]) > gap_px)[0] + 1
    runs = np.split(order, breaks)
    return max(runs, key=lambda run: float(np.ptp(along[run])))
