"""Non-maximum suppression in angles: merges detections of one object in overlapping tiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OVERLAP = 0.5
"""Boxes with a larger intersection over union than this are the same object."""

CUT_OVERLAP = 0.7
"""Boxes of different tiles are also the same if one contains this fraction of the other, cut by the tile's edge."""


def suppress(
    boxes_deg: Array, scores: Array, labels: NDArray[np.intp], tiles: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The indices of the boxes to keep, best first.

    ``boxes_deg`` (N, 4): yaw and tilt of the centre, width, height; the others (N,). Boxes with different labels
    never suppress each other. Small objects (a ball of a few pixels) in different tiles are the same if their
    centres are within a box's extent. Greedy, as in Felzenszwalb et al., "Object Detection with Discriminatively
    Trained Part Based Models" (2010), section 5.2. Pure; any thread.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        union, smaller, near = _overlap(boxes_deg[best], boxes_deg[rest])
        elsewhere = tiles[rest] != tiles[best]
        same = (union > OVERLAP) | (elsewhere & ((smaller > CUT_OVERLAP) | near))
        order = rest[~(same & (labels[rest] == labels[best]))]
    return np.array(kept, np.intp)


def _overlap(box: Array, others: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Intersection over union, intersection over the smaller box, and whether the centres are near, each (N,)."""
    apart = np.abs(others[:, :2] - box[:2])
    apart[:, 0] = np.minimum(apart[:, 0], 360 - apart[:, 0])
    shared = np.clip((others[:, 2:] + box[2:]) / 2 - apart, 0, np.minimum(others[:, 2:], box[2:]))
    shared_area, areas, area = shared.prod(axis=1), others[:, 2:].prod(axis=1), box[2:].prod()
    union = shared_area / np.maximum(areas + area - shared_area, 1e-12)
    smaller = shared_area / np.maximum(np.minimum(areas, area), 1e-12)
    near = np.hypot(apart[:, 0], apart[:, 1]) < np.minimum(others[:, 2:].min(axis=1), box[2:].min())
    return union, smaller, near
