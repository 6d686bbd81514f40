"""Tracklets: detections that are surely one person, chained from frame to frame.

Each frame's people are assigned to the tracklets that go on (Kuhn 1955 on squared Mahalanobis distances, a Kalman
filter for each); whoever is surely there comes first. Whoever has no box shares that of the one who hides him.
Where two shared a box, or could as well be exchanged, both tracklets end and new ones begin: `links` says who came
out where, once the future is known. Whoever is missed for more than a moment ends his tracklet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.timebase import ns_to_seconds
from pipeline.tracking.ground import Array
from pipeline.tracking.people.looks import Looks, unlike
from pipeline.tracking.people.motion import beginning, transition, updated
from pipeline.tracking.people.places import Places
from pipeline.tracking.people.sharing import covariance as shared_covariance
from pipeline.tracking.people.sharing import hiding, within

GATE = 13.8
"""The largest squared Mahalanobis distance of an assignment: 0.1 % of the true ones are farther."""

FARTHEST_M = 4.0
"""No assignment is longer, however little is known."""

JUMP_M = 0.6
"""The standard deviation of the place of whoever parts from somebody, or is half hidden: boxes jump."""

NEVER = 1e3

MISSED_S = 0.8
"""A tracklet that is missed for longer ends."""

SHARED_S = 1.5
"""Whoever has no box of his own for longer than this shares no other's."""

LEAST_PLACES = 5
"""A tracklet with fewer places is no person."""

CLEAR = 4
"""After doubt, somebody must be clear in so many places."""

BARE = 4.0
"""What it costs to take a box without a shirt for somebody."""

DOUBTFUL = 3.0
"""Two who could be exchanged for so little might be: a minus log likelihood ratio."""

LIFELESS_S, LIFELESS = 4.0, 0.02
"""What does not move for so long, by this squared Mahalanobis distance in nine places of ten, is no person."""


class Tracklet:
    """Places of one person: parallel lists of times (ns), places (2,), covariances (2, 2) and scores.

    A tracklet that shared a box, or was hard to tell from another, is in doubt until it was clear for CLEAR places.
    """

    __slots__ = (
        "clear",
        "covariances",
        "is_continued",
        "looks",
        "mean",
        "own_ns",
        "places",
        "scores",
        "settled",
        "sights",
        "spread",
        "times_ns",
    )

    def __init__(self, mean: Array, spread: Array, *, is_continued: bool = False) -> None:
        """``is_continued``: somebody is known to be here."""
        self.mean, self.spread = mean, spread  # the filter's state at the last place
        self.times_ns: list[int] = []
        self.places: list[Array] = []
        self.covariances: list[Array] = []
        self.scores: list[float] = []
        self.looks = Looks()
        self.own_ns = 0
        """When he last had a box of his own."""
        self.is_continued = is_continued
        self.clear: int | None = None
        """How many places are clear since the last doubtful one; None before any."""
        self.settled: tuple[Array, Array] | None = None  # the filter's state at the last doubtful place
        self.sights: list[tuple[Array, bool]] = []  # the looks at the clear places since then

    @property
    def is_sure(self) -> bool:
        """Whether it is somebody, not only a box or two."""
        return self.is_continued or len(self.times_ns) >= LEAST_PLACES

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

    def add(self, sight: Sight) -> None:
        """Add a place, the filter's state after it included."""
        self.times_ns.append(sight.time_ns)
        self.places.append(sight.xy_m)
        self.covariances.append(sight.covariance)
        self.scores.append(sight.score)
        self.mean, self.spread = sight.mean, sight.within
        if sight.score > 0.0:
            self.own_ns = sight.time_ns
        if sight.is_doubtful:
            self.clear, self.settled = 0, (sight.mean, sight.within)
            self.sights = []
        elif self.clear is None:
            self.looks.add(sight.shirt, is_official=sight.is_official)
        else:
            self.clear += 1
            self.sights.append((sight.shirt, sight.is_official))

    def parted(self) -> Tracklet:
        """Give the clear places since the last doubtful one to a tracklet of their own, and end before them."""
        if self.settled is None or not self.clear:
            raise ValueError("the tracklet is not in doubt")
        rest = Tracklet(self.mean, self.spread, is_continued=True)
        rest.own_ns = self.own_ns
        begin = len(self.times_ns) - self.clear
        rest.times_ns, self.times_ns = self.times_ns[begin:], self.times_ns[:begin]
        rest.places, self.places = self.places[begin:], self.places[:begin]
        rest.covariances, self.covariances = self.covariances[begin:], self.covariances[:begin]
        rest.scores, self.scores = self.scores[begin:], self.scores[:begin]
        for shirt, is_official in self.sights:
            rest.looks.add(shirt, is_official=is_official)
        self.mean, self.spread = self.settled
        self.clear, self.sights = 0, []
        return rest

    def forget(self, until_ns: int) -> None:
        """Drop the places up to `until_ns`, except the last one."""
        count = min(sum(time_ns <= until_ns for time_ns in self.times_ns), len(self.times_ns) - 1)
        for values in (self.times_ns, self.places, self.covariances, self.scores):
            del values[:count]


@dataclass(frozen=True, slots=True)
class Sight:
    """Somebody in one frame: place (2,) and covariance (2, 2), the state (4,) and (4, 4) after it, and looks."""

    time_ns: int
    xy_m: Array
    covariance: Array
    mean: Array
    within: Array
    score: float
    shirt: Array
    is_official: bool
    is_doubtful: bool = False
    """Whether it may be somebody else's place or shirt."""


class TrackletBuilder:
    """Chains frames in the order of time. One thread at a time."""

    def __init__(self) -> None:
        self._active: list[Tracklet] = []

    def add(self, places: Places) -> list[Tracklet]:
        """Take a frame, later than the one before; returns the tracklets that begin with it."""
        self._active = [one for one in self._active if ns_to_seconds(places.time_ns - one.end_ns) <= MISSED_S]
        active = self._active
        means, spreads = self._ahead(places.time_ns)
        sure = np.array([one.is_sure for one in active], np.bool_)
        left = np.arange(len(places))
        box = np.full(len(active), -1, np.intp)  # whose box it is
        added = np.zeros((len(active), 2, 2))
        unsure = np.zeros(len(active), np.bool_)
        for chosen in (sure, ~sure):  # who is surely there comes first
            rest = np.flatnonzero(chosen)
            if chosen is not sure:
                left = left[~places.bare[left]]
            for jump_m in (0.0, JUMP_M):
                jump = jump_m**2 * np.eye(2)
                rows, columns, doubtful = self._assigned(places, means, spreads, jump, rest, left)
                box[rows], added[rows], unsure[rows] = columns, jump, doubtful
                rest, left = np.setdiff1d(rest, rows), np.setdiff1d(left, columns)
        if not len(places):
            return []
        xy_m = places.xy_m[box]
        covariance = places.covariance[box] + added
        missed = np.flatnonzero(sure & (box < 0))
        recently = [ns_to_seconds(places.time_ns - active[row].own_ns) <= SHARED_S for row in missed.tolist()]
        missed = missed[np.array(recently, np.bool_)]
        hider = hiding(places, np.unique(box[sure & (box >= 0)]), means[missed], spreads[missed])
        box[missed] = hider
        shared = sure & np.isin(box, hider[hider >= 0])
        if shared.any():
            rows = np.flatnonzero(shared)
            xy_m[rows] = within(places, means[rows, :2])[np.arange(len(rows)), box[rows]]
            covariance[rows] = shared_covariance(places)[box[rows]]
        hidden = np.zeros(len(active), np.bool_)
        hidden[missed] = True
        parted = self._update(places, means, spreads, box, xy_m, covariance, shared | unsure, hidden)
        begun = []
        for i in left.tolist():
            mean, spread = beginning(places.xy_m[i], places.covariance[i])
            tracklet = Tracklet(mean, spread)
            tracklet.add(_sight(places, i, places.xy_m[i], places.covariance[i], mean, spread, False))
            begun.append(tracklet)
        self._active += begun
        return parted + begun

    def _update(
        self,
        places: Places,
        means: Array,
        spreads: Array,
        box: NDArray[np.intp],
        xy_m: Array,
        covariance: Array,
        doubtful: NDArray[np.bool_],
        hidden: NDArray[np.bool_],
    ) -> list[Tracklet]:
        """Continue the active tracklets with their boxes; returns those that begin where one is clear again."""
        rows = np.flatnonzero(box >= 0)
        if not len(rows):
            return []
        after, within_ = updated(means[rows], spreads[rows], xy_m[rows], covariance[rows])
        parted = []
        for k, row in enumerate(rows.tolist()):
            tracklet = self._active[row]
            tracklet.add(
                _sight(
                    places,
                    int(box[row]),
                    xy_m[row],
                    covariance[row],
                    after[k],
                    within_[k],
                    bool(doubtful[row]),
                    bool(hidden[row]),
                )
            )
            if tracklet.clear is not None and tracklet.clear >= CLEAR:
                parted.append(tracklet.parted())
                self._active[row] = parted[-1]
        return parted

    def _ahead(self, time_ns: int) -> tuple[Array, Array]:
        """The states of the active tracklets, moved to `time_ns`."""
        active = self._active
        if not active:
            return np.zeros((0, 4)), np.zeros((0, 4, 4))
        means, spreads = np.stack([one.mean for one in active]), np.stack([one.spread for one in active])
        elapsed_s = np.array([ns_to_seconds(time_ns - one.end_ns) for one in active])
        for seconds in np.unique(elapsed_s):
            chosen = elapsed_s == seconds
            step, noise = transition(float(seconds))
            means[chosen] = means[chosen] @ step.T
            spreads[chosen] = step @ spreads[chosen] @ step.T + noise
        return means, spreads

    def _assigned(
        self,
        places: Places,
        means: Array,
        spreads: Array,
        jump: Array,
        rest: NDArray[np.intp],
        left: NDArray[np.intp],
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
        """Which of the tracklets `rest` are continued by which of the people `left`, and which of these pairs might
        as well be others."""
        if not len(rest) or not len(left):
            return rest[:0], left[:0], np.zeros(0, np.bool_)
        apart = places.xy_m[left][None] - means[rest, None, :2]
        spread = spreads[rest, None, :2, :2] + places.covariance[left][None] + jump
        square = (apart[..., None, :] @ np.linalg.inv(spread) @ apart[..., :, None])[..., 0, 0]
        far = (square > GATE) | (np.hypot(apart[..., 0], apart[..., 1]) > FARTHEST_M)
        looks = [self._active[row].looks for row in rest.tolist()]
        alike = unlike(
            np.stack([one.mean for one in looks]),
            np.array([one.weight for one in looks]),
            places.shirts[left],
            np.ones(len(left)),
        )
        alike = np.where(places.bare[left], BARE, alike)
        cost = 0.5 * (square + np.log(np.linalg.det(spread))) + alike
        cost = np.where(far, NEVER, cost)
        rows, columns = linear_sum_assignment(cost)
        found = ~far[rows, columns]
        rows, columns = rows[found], columns[found]
        pairs = cost[np.ix_(rows, columns)]  # the chosen ones are its diagonal
        own = np.diagonal(pairs)
        dearer = pairs + pairs.T - own[:, None] - own[None]  # the cost of exchanging two of them
        np.fill_diagonal(dearer, NEVER)
        doubtful = dearer.min(axis=1, initial=NEVER) < DOUBTFUL
        return rest[rows], left[columns], doubtful


def _sight(
    places: Places,
    i: int,
    xy_m: Array,
    covariance: Array,
    mean: Array,
    within_: Array,
    is_doubtful: bool,
    is_hidden: bool = False,
) -> Sight:
    """Somebody in box `i`."""
    return Sight(
        places.time_ns,
        xy_m,
        covariance,
        mean,
        within_,
        0.0 if is_hidden else float(places.score[i]),
        places.shirts[i],
        bool(places.officials[i]),
        is_doubtful,
    )
