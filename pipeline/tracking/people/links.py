"""Links: which tracklet goes on with which later one, decided together, when the time around the gap is known.

Somebody who is hidden, or stands so still that the detector takes him for turf, comes back near where he was going.
A link is judged from both sides: the end of one tracklet, moved forward, must meet the beginning of the other in
place and velocity, in the same shirt. It must be likelier than that somebody new came onto the field there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.timebase import NS_PER_S, ns_to_seconds
from pipeline.tracking.ground import Array
from pipeline.tracking.people.looks import unlike
from pipeline.tracking.people.motion import beginning, transition, updated
from pipeline.tracking.people.tracklets import Tracklet

LONGEST_GAP_S = 12.0
"""Whoever is away for longer comes back as somebody new."""

OVERLAP_S = 1.0
"""The second may begin so long before the first ends: a person was found twice for a moment."""

START_PLACES = 12
"""So many first places tell where a tracklet came from."""

BRINK = np.diag([0.6**2, 0.6**2, 1.5**2, 1.5**2])
"""The covariance by which both sides of a gap are less exact than the filter knows: where people part or hide,
boxes grow, shrink and jump."""

TAIL = 4.0
"""Degrees of freedom of Student's t distribution: boxes jump farther than a normal distribution says."""

NOBODY_NEW = 18.0
"""What a link may cost: minus the log likelihood that somebody new begins here, anywhere on a field at any
velocity, and as rarely as that happens in the middle of a match."""

NEVER = 1e4


def start_of(tracklet: Tracklet) -> tuple[Array, Array]:
    """Place and velocity (4,) with covariance (4, 4) at a tracklet's beginning: its first places, filtered
    backwards."""
    places = tracklet.places[:START_PLACES]
    times_ns = tracklet.times_ns[: len(places)]
    mean, spread = beginning(places[-1][None], tracklet.covariances[len(places) - 1][None])
    for k in range(len(places) - 2, -1, -1):
        step, noise = transition(ns_to_seconds(times_ns[k + 1] - times_ns[k]))
        mean, spread = mean @ step.T, step @ spread @ step.T + noise
        mean, spread = updated(mean, spread, places[k][None], tracklet.covariances[k][None])
    turn = np.diag([1.0, 1.0, -1.0, -1.0])  # time ran backwards
    return mean[0] @ turn, turn @ spread[0] @ turn


def linked(ends: Sequence[Tracklet], starts: Sequence[Tracklet]) -> list[tuple[Tracklet, Tracklet]]:
    """The pairs (earlier, later) of tracklets that are one person, so that all together are the likeliest."""
    if not ends or not starts:
        return []
    gap_s = np.array([[ns_to_seconds(b.begin_ns - a.end_ns) for b in starts] for a in ends])
    possible = (gap_s > -OVERLAP_S) & (gap_s <= LONGEST_GAP_S)
    # a tracklet does not begin before the one that it continues
    possible &= np.array([[b.begin_ns > a.begin_ns and b.end_ns > a.end_ns for b in starts] for a in ends])
    cost = np.full(gap_s.shape, NEVER)
    begun = [start_of(one) for one in starts]
    alike = unlike(
        np.stack([one.looks.mean for one in ends]),
        np.array([one.looks.weight for one in ends]),
        np.stack([one.looks.mean for one in starts]),
        np.array([one.looks.weight for one in starts]),
    )
    for i, j in np.argwhere(possible).tolist():
        step, noise = transition(max(abs(gap_s[i, j]), 1 / NS_PER_S))
        first, second = (ends[i].mean, ends[i].spread), begun[j]
        if gap_s[i, j] >= 0:
            first = step @ first[0], step @ first[1] @ step.T + noise
        else:
            second = step @ second[0], step @ second[1] @ step.T + noise
        apart = second[0] - first[0]
        within = first[1] + second[1] + BRINK
        square = float(apart @ np.linalg.solve(within, apart))
        square = (TAIL + 4) * np.log1p(square / TAIL)
        cost[i, j] = 0.5 * (square + float(np.linalg.slogdet(within)[1])) + alike[i, j]
    rows, columns = linear_sum_assignment(np.minimum(cost, NOBODY_NEW))
    return [
        (ends[i], starts[j])
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
        if cost[i, j] < NOBODY_NEW
    ]
