"""Non-maximum suppression in angles: one thing seen in two overlapping tiles is one thing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OVERLAP = 0.5
"""Boxes that share more than this of their union are the same thing."""

CUT_OVERLAP = 0.7
"""Boxes of different tiles are too when one holds so much of the other: that one was cut by the edge."""


def suppress(
    boxes_deg: Array, scores: Array, labels: NDArray[np.intp], tiles: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The indices of the boxes to keep, best first.

    ``boxes_deg`` (N, 4): yaw and tilt of the middle, width, height; the others (N,). Boxes of different
    labels never suppress each other. Small things (a ball of some pixels) seen in different tiles are the
    same when their middles lie within a box's extent of each other. Greedy, as in Felzenszwalb et al., "Object
    Detection with Discriminatively Trained Part Based Models" (2010), section 5.2.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        union, smaller, near = _likeness(boxes_deg[best], boxes_deg[rest])
        elsewhere = tiles[rest] != tiles[best]
        same = (union > OVERLAP) | (elsewhere & ((smaller > CUT_OVERLAP) | near))
        order = rest[~(same & (labels[rest] == labels[best]))]
    return np.array(kept, np.intp)


def _likeness(box: Array, others: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """The shared part of the union and of the smaller box, and whether the middles are near, each (N,)."""
    apart = np.abs(others[:, :2] - box[:2])
    apart[:, 0] = np.minimum(apart[:, 0], 360 - apart[:, 0])
    shared = np.clip((others[:, 2:] + box[2:]) / 2 - apart, 0, np.minimum(others[:, 2:], box[2:]))
    shared_area, areas, area = shared.prod(axis=1), others[:, 2:].prod(axis=1), box[2:].prod()
    union = shared_area / np.maximum(areas + area - shared_area, 1e-12)
    smaller = shared_area / np.maximum(np.minimum(areas, area), 1e-12)
    near = np.hypot(apart[:, 0], apart[:, 1]) < np.minimum(others[:, 2:].min(axis=1), box[2:].min())
    return union, smaller, near
