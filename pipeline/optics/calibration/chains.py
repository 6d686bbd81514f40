"""Chains: ridge points that follow one another along one painted line, found without knowing the lens.

A painted line is smooth in every picture, straight or not: neighbours along it have nearly its direction. Chains
are found once in an image; which of them are straight in the scene is then a cheap question for any lens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from pipeline.optics.angles import Array
from pipeline.optics.calibration.lines import LinePoints, plane_of
from pipeline.optics.calibration.ridges import Ridges
from pipeline.optics.lens import Lens

_REACH_PX = 7.0
_ASIDE = 0.22
_TURN = 0.2
"""Sine of the largest angle between neighbours on a chain, and between them and the step from one to the other."""

SHORTEST = 0.03
"""Shortest line, as a fraction of the image width."""

_MOST_CHAINS = 80
_MOST_PATHS = 6
_BESIDE_PX = 4.0
_BEND_PX = 0.9
_BRIDGE = 0.06
"""The longest gap, as a fraction of the image width, over which two chains on one plane are one line."""


def find_chains(ridges: Ridges, width_px: int) -> list[Array]:
    """The smooth chains of an image, longest first: pixels (n, 2) each, thinned, in order along the chain."""
    if len(ridges.pixels) < 2:
        return []
    first, second = cKDTree(ridges.pixels).query_pairs(_REACH_PX, output_type="ndarray").T
    step = ridges.pixels[second] - ridges.pixels[first]
    size = np.linalg.norm(step, axis=1)
    aside = np.maximum(_cross(ridges.along[first], step), _cross(ridges.along[second], step))
    turn = _cross(ridges.along[first], ridges.along[second])
    follow = (aside <= np.maximum(_ASIDE * size, 0.8)) & (turn < _TURN)
    count = len(ridges.pixels)
    graph = coo_matrix((size[follow] + 1e-3, (first[follow], second[follow])), (count, count)).tocsr()
    _, owner = connected_components(graph, directed=False)
    order = np.argsort(owner, kind="stable")
    shortest = 0.6 * SHORTEST * width_px
    chains: list[Array] = []
    for members in np.split(order, np.flatnonzero(np.diff(owner[order])) + 1):
        if _extent(ridges.pixels[members]) > shortest:
            chains += _paths(ridges.pixels[members], graph[members][:, members], shortest)
    pieces = [piece for chain in chains for piece in _smooth_pieces(chain) if _extent(piece) > shortest]
    pieces.sort(key=_extent, reverse=True)
    return pieces[:_MOST_CHAINS]


def _paths(pixels: Array, graph: csr_matrix, shortest: float) -> list[Array]:
    """The longest paths through a component, one after another, thinned; together they cover its branches."""
    left = np.ones(len(pixels), bool)
    paths: list[Array] = []
    for _ in range(_MOST_PATHS):
        index = np.flatnonzero(left)
        if len(index) < 10 or _extent(pixels[index]) < shortest:
            break
        part = graph[index][:, index]
        _, owner = connected_components(part, directed=False)
        sizes = np.bincount(owner)
        own = np.flatnonzero(owner == int(np.argmax(sizes)))
        index, part = index[own], part[own][:, own]
        start = _farthest(dijkstra(part, directed=False, indices=[0])[0])
        reach, before = dijkstra(part, directed=False, indices=[start], return_predecessors=True)
        node = _farthest(reach[0])
        path = []
        while node >= 0:
            path.append(node)
            node = int(before[0, node])
        way = pixels[index[path]]
        near = cKDTree(way).query(pixels[index])[0] < _BESIDE_PX
        left[index[near]] = False
        if _extent(way) > shortest:
            paths.append(_thinned(way))
    return paths


def _farthest(reach: Array) -> int:
    return int(np.argmax(np.where(np.isfinite(reach), reach, -1.0)))


def _thinned(way: Array) -> Array:
    """A point every ten pixels along a path, each the mean of those around it."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    bins = (along / 10.0).astype(int)
    counts = np.bincount(bins)
    filled = counts > 0
    sums = np.stack([np.bincount(bins, way[:, i]) for i in (0, 1)], axis=1)
    means: Array = sums[filled] / counts[filled, None]
    return means


def _smooth_pieces(chain: Array) -> list[Array]:
    """A chain cut at its corners: every piece is a parabola to within _BEND_PX, as lines through any lens are."""
    if len(chain) < 5:
        return []
    basis = _parabola(chain)
    off = np.linalg.norm(chain - basis @ np.linalg.lstsq(basis, chain, rcond=None)[0], axis=1)
    if np.percentile(off, 95) < _BEND_PX:
        return [chain]
    # The corner is where two parabolas leave the least: tried at every third point.
    costs = {}
    for cut in range(4, len(chain) - 4, max(1, len(chain) // 40)):
        cost = 0.0
        for part in (chain[:cut], chain[cut:]):
            own = _parabola(part)
            cost += float(((part - own @ np.linalg.lstsq(own, part, rcond=None)[0]) ** 2).sum())
        costs[cut] = cost
    if not costs:
        return []
    cut = min(costs, key=lambda one: costs[one])
    return [*_smooth_pieces(chain[:cut]), *_smooth_pieces(chain[cut + 1 :])]


def _parabola(chain: Array) -> Array:
    """The columns 1, s, s^2 of a parabola, s the length along the chain from -1 to 1."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(chain, axis=0), axis=1))])
    at = 2.0 * along / along[-1] - 1.0
    return np.stack([np.ones_like(at), at, at * at], axis=1)


def straight_lines(camera: int, chains: list[Array], lens: Lens, tolerance_px: float) -> list[LinePoints]:
    """The lines of those chains that are straight through a lens, longest first; short gaps are bridged."""
    tolerance = tolerance_px / lens.focal_px
    width = lens.size_px[0]
    rays = [lens.unproject(chain) for chain in chains]
    normals = [plane_of(ray) for ray in rays]
    usable = [
        i
        for i, (ray, normal) in enumerate(zip(rays, normals, strict=True))
        if np.isfinite(ray).all() and float(np.percentile(np.abs(ray @ normal), 90)) < tolerance
    ]
    lines: list[LinePoints] = []
    left = set(usable)
    for i in usable:
        if i not in left:
            continue
        left.discard(i)
        members = [i]
        grown = True
        while grown:
            grown = False
            together = np.concatenate([rays[j] for j in members])
            normal = plane_of(together)
            ends = np.concatenate([chains[j][[0, -1]] for j in members])
            for j in sorted(left):
                near = (
                    np.linalg.norm(chains[j][[0, -1]][:, None] - ends[None], axis=2).min() < _BRIDGE * width
                )
                if near and float(np.abs(rays[j] @ normal).max()) < 1.5 * tolerance:
                    members.append(j)
                    left.discard(j)
                    grown = True
                    break
        pixels = np.concatenate([chains[j] for j in members])
        if _extent(pixels) >= SHORTEST * width:
            lines.append(LinePoints(camera, pixels))
    return lines


def _cross(a: Array, b: Array) -> Array:
    crossed: Array = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    return crossed


def _extent(pixels: NDArray[np.float64]) -> float:
    return float(np.ptp(pixels, axis=0).max())
