"""Sharing: two people whose pictures meet are one box for a while, which says something about the place of both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.tracking.ground import Array
from pipeline.tracking.people.places import Places, stretched

HALF_PERSON_M = 0.3
"""Half of a person's width: the middle of somebody in a box is this far from its sides."""

ALONG_M, ACROSS_M = 1.2, 0.5
"""The standard deviations of the place of somebody in a shared box along and across the line of sight."""

GATE = 9.2
"""The largest squared Mahalanobis distance of somebody from a box that may hide him: 99 %."""


FARTHEST_M = 2.5
"""Nor is anybody hidden by a box that is farther than this from where he must be, however little is known."""


def within(places: Places, xy_m: Array) -> Array:
    """The places (m, n, 2) in each of n boxes that are nearest to m people at `xy_m`."""
    off = xy_m[:, None] - places.camera
    left = np.stack([-places.sight[:, 1], places.sight[:, 0]], axis=-1)
    along, across = (off * places.sight).sum(axis=-1), (off * left).sum(axis=-1)
    along = np.clip(along, places.reach_m[:, 0], places.reach_m[:, 1])
    free_m = np.maximum(places.half_m - HALF_PERSON_M, 0.0)
    across = np.clip(across, -free_m, free_m)
    return np.asarray(places.camera + along[..., None] * places.sight + across[..., None] * left)


def covariance(places: Places) -> Array:
    """The covariances (n, 2, 2) of the places of people who share these boxes."""
    size = len(places)
    return places.covariance + stretched(places.sight, np.full(size, ALONG_M**2), np.full(size, ACROSS_M**2))


def hiding(places: Places, boxes: NDArray[np.intp], means: Array, spreads: Array) -> NDArray[np.intp]:
    """Which of `boxes` hides each of m people with states (m, 4) and covariances (m, 4, 4); -1 for none."""
    if not len(boxes) or not len(means):
        return np.full(len(means), -1, np.intp)
    apart = (within(places, means[:, :2]) - means[:, None, :2])[:, boxes]
    spread = spreads[:, None, :2, :2] + covariance(places)[boxes][None]
    square = (apart[..., None, :] @ np.linalg.inv(spread) @ apart[..., :, None])[..., 0, 0]
    square = np.where(np.linalg.norm(apart, axis=-1) > FARTHEST_M, np.inf, square)
    nearest = square.argmin(axis=1)
    return np.where(square.min(axis=1) <= GATE, boxes[nearest], -1)
