"""Tracklets: detections that are surely one person, chained from frame to frame.

Each frame's people are assigned to the tracklets that go on (Kuhn 1955 on squared Mahalanobis distances, a Kalman
filter for each), so two that cross are told apart by speed and shirt. Whoever is missed for more than a
moment ends his tracklet; `links` joins tracklets over longer gaps, once the future is known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.timebase import ns_to_seconds
from pipeline.tracking.ground import Array
from pipeline.tracking.people.looks import Looks, unlike
from pipeline.tracking.people.motion import beginning, transition, updated
from pipeline.tracking.people.places import Places

GATE = 13.8
"""The largest squared Mahalanobis distance of an assignment: 0.1 % of the true ones are farther."""

FARTHEST_M = 4.0
"""No assignment is longer, however little is known."""

JUMP_M = 0.6
"""The standard deviation of the place of whoever parts from somebody, or is half hidden: boxes jump."""

NEVER = 1e3

MISSED_S = 0.8
"""A tracklet that is missed for longer ends."""

LIFELESS_S, LIFELESS = 4.0, 0.02
"""What does not move for so long, by this squared Mahalanobis distance in nine places of ten, is no person."""


class Tracklet:
    """Places of one person: parallel lists of times (ns), places (2,), covariances (2, 2) and scores."""

    __slots__ = (
        "covariances",
        "looks",
        "mean",
        "places",
        "scores",
        "spread",
        "times_ns",
    )

    def __init__(self, mean: Array, spread: Array) -> None:
        self.mean, self.spread = mean, spread  # the filter's state at the last place
        self.times_ns: list[int] = []
        self.places: list[Array] = []
        self.covariances: list[Array] = []
        self.scores: list[float] = []
        self.looks = Looks()

    @property
    def is_lifeless(self) -> bool:
        """Whether it never moves, not even as much as a person's picture trembles: a ghost, a flag, a bag."""
        if ns_to_seconds(self.end_ns - self.begin_ns) < LIFELESS_S:
            return False
        apart = np.stack(self.places)
        apart = apart - np.median(apart, axis=0)
        square = (apart[:, None] @ np.linalg.inv(np.stack(self.covariances)) @ apart[..., None])[:, 0, 0]
        return bool(np.quantile(square, 0.9) < LIFELESS)

    @property
    def begin_ns(self) -> int:
        """The time of the first place."""
        return self.times_ns[0]

    @property
    def end_ns(self) -> int:
        """The time of the last place."""
        return self.times_ns[-1]

    def add(self, places: Places, i: int, covariance: Array) -> None:
        """Add person `i` of a frame, whose place is as exact as `covariance` (2, 2)."""
        self.times_ns.append(places.time_ns)
        self.places.append(places.xy_m[i])
        self.covariances.append(covariance)
        self.scores.append(float(places.score[i]))
        self.looks.add(places.shirts[i], is_official=bool(places.officials[i]))

    def forget(self, until_ns: int) -> None:
        """Drop the places up to `until_ns`, except the last one."""
        count = min(sum(time_ns <= until_ns for time_ns in self.times_ns), len(self.times_ns) - 1)
        for values in (self.times_ns, self.places, self.covariances, self.scores):
            del values[:count]


class TrackletBuilder:
    """Chains frames in the order of time. One thread at a time."""

    def __init__(self) -> None:
        self._active: list[Tracklet] = []

    def add(self, places: Places) -> list[Tracklet]:
        """Take a frame, later than the one before; returns the tracklets that begin with it."""
        self._active = [one for one in self._active if ns_to_seconds(places.time_ns - one.end_ns) <= MISSED_S]
        rest, left = np.arange(len(self._active)), np.arange(len(places))
        for jump_m in (0.0, JUMP_M):
            covariance = places.covariance + jump_m**2 * np.eye(2)
            rows, columns = self._assigned(places, covariance, rest, left)
            self._update(places, covariance, rows, columns)
            rest, left = np.setdiff1d(rest, rows), np.setdiff1d(left, columns)
        fresh = []
        for i in left.tolist():
            mean, spread = beginning(places.xy_m[i], places.covariance[i])
            tracklet = Tracklet(mean, spread)
            tracklet.add(places, i, places.covariance[i])
            fresh.append(tracklet)
        self._active += fresh
        return fresh

    def _update(
        self, places: Places, covariance: Array, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> None:
        """Continue the tracklets `rows` with the people `columns`."""
        if not len(rows):
            return
        means, spreads = self._ahead(places.time_ns, rows)
        means, spreads = updated(means, spreads, places.xy_m[columns], covariance[columns])
        for k, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
            tracklet = self._active[row]
            tracklet.mean, tracklet.spread = means[k], spreads[k]
            tracklet.add(places, column, covariance[column])

    def _ahead(self, time_ns: int, rows: NDArray[np.intp]) -> tuple[Array, Array]:
        """The states of the active tracklets `rows`, moved to `time_ns`."""
        active = [self._active[row] for row in rows.tolist()]
        means, spreads = np.stack([one.mean for one in active]), np.stack([one.spread for one in active])
        elapsed_s = np.array([ns_to_seconds(time_ns - one.end_ns) for one in active])
        for seconds in np.unique(elapsed_s):
            chosen = elapsed_s == seconds
            step, noise = transition(float(seconds))
            means[chosen] = means[chosen] @ step.T
            spreads[chosen] = step @ spreads[chosen] @ step.T + noise
        return means, spreads

    def _assigned(
        self, places: Places, covariance: Array, rest: NDArray[np.intp], left: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which of the tracklets `rest` are continued by which of the people `left`."""
        if not len(rest) or not len(left):
            return rest[:0], left[:0]
        means, spreads = self._ahead(places.time_ns, rest)
        apart = places.xy_m[left][None] - means[:, None, :2]
        within = spreads[:, None, :2, :2] + covariance[left][None]
        square = (apart[..., None, :] @ np.linalg.inv(within) @ apart[..., :, None])[..., 0, 0]
        far = (square > GATE) | (np.hypot(apart[..., 0], apart[..., 1]) > FARTHEST_M)
        looks = [self._active[row].looks for row in rest.tolist()]
        alike = unlike(
            np.stack([one.mean for one in looks]),
            np.array([one.weight for one in looks]),
            places.shirts[left],
            np.ones(len(left)),
        )
        cost = 0.5 * (square + np.log(np.linalg.det(within))) + alike
        rows, columns = linear_sum_assignment(np.where(far, NEVER, cost))
        found = ~far[rows, columns]
        return rest[rows[found]], left[columns[found]]
