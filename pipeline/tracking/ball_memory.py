"""Ball memory: which candidates are the ball, given where it was known to be and what arrived as a ball does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.timebase import NS_PER_S
from pipeline.tracking.association import MOTION, SIGHT_ROWS, THING_ROW, Candidates, Motion, best_chain
from pipeline.tracking.ground import Array
from pipeline.tracking.sightings import MOMENT_S, enough
from pipeline.tracking.tracklets import Tracklet

LONGEST_NS = 5 * NS_PER_S
"""A ball last seen longer ago may be anywhere."""

ARRIVAL_S, ARRIVAL_M, ARRIVAL_M_S, FAST_S = 3.0, 3.0, 12.0, 3.0
"""The ball came to a thing if it was seen at most this long before, this near with this much more for each second,
as another thing to which it came, or one that moved no faster than a person for at most the last time."""


class BallMemory:
    """Chooses the chain of candidates in each window and remembers it for the next. One thread at a time."""

    def __init__(self, motion: Motion = MOTION) -> None:
        """`motion`: how the ball may move."""
        self._motion = motion
        self._known: list[tuple[int, float, float, float, Tracklet]] = []

    def sightings(self, seen: Candidates, things: Sequence[Tracklet], start_ns: int) -> Array:
        """The sightings of the ball: rows of seconds after `start_ns`, x, z in metres and slope, (4, N).

        The first one is where it was known before, unless it is somewhere else now. ``things``: the tracklet of
        each candidate; those to which the ball came are marked.
        """
        if len(seen) == 0:
            return np.zeros((4, 0))
        begin_ns = round(float(seen.time_s[0]) * NS_PER_S) + start_ns
        known = [one for one in self._known if begin_ns - LONGEST_NS < one[0] < begin_ns][-1:]
        chosen, few = enough(seen)
        rows = few.rows
        for time_ns, x_m, z_m, slope, thing in known:
            time_s = (time_ns - start_ns) / NS_PER_S
            ended_s = max(thing.last_s - start_ns / NS_PER_S, time_s)
            before = [time_s, x_m, z_m, 0.0, slope, 1.0, thing.number, time_s, ended_s]
            rows = np.concatenate([np.array(before)[:, None], rows], axis=1)
        was_ball = rows[THING_ROW] == known[0][4].number if known else np.ones(rows.shape[1], np.bool_)
        prior = self._motion.fresh_start if known else None
        chain = best_chain(Candidates(*rows), self._motion, prior=prior, was_ball=was_ball)
        # Where the ball was known to be stays so in a gap, too.
        chain = chain[~_isolated(rows[0, chain]) | (chain < len(known))]
        owners = [one[4] for one in known] + [things[i] for i in chosen]
        self._known = [
            (round(time_s * NS_PER_S) + start_ns, x_m, z_m, slope, owners[i])
            for i, (time_s, x_m, z_m, slope) in zip(chain, rows[SIGHT_ROWS][:, chain].T.tolist(), strict=True)
        ]
        _mark_arrivals([owners[i] for i in chain], rows[:3, chain], start_ns / NS_PER_S)
        more = _between(seen, rows[0, chain], rows[THING_ROW, chain])
        return np.concatenate(
            [rows[SIGHT_ROWS][:, chain[chain < len(known)]], seen.rows[SIGHT_ROWS][:, more]], axis=1
        )


def _between(seen: Candidates, times_s: Array, numbers: Array) -> NDArray[np.intp]:
    """The indices of all candidates of a chain's things, each from its first to its last moment in the chain."""
    things, place = np.unique(numbers, return_inverse=True)
    first, last = np.full(len(things), np.inf), np.full(len(things), -np.inf)
    np.minimum.at(first, place, times_s)
    np.maximum.at(last, place, times_s)
    if len(things) == 0:
        return np.zeros(0, np.intp)
    at = np.minimum(np.searchsorted(things, seen.thing), len(things) - 1)
    within = (things[at] == seen.thing) & (seen.time_s >= first[at]) & (seen.time_s < last[at] + MOMENT_S[0])
    return np.flatnonzero(within)


def _mark_arrivals(things: Sequence[Tracklet], chain: Array, start_s: float) -> None:
    """Mark the things of the ball's chain (3, N: seconds, x, z) to which it came as a ball does."""
    for (before, was), (thing, now) in pairwise(zip(things, chain.T.tolist(), strict=True)):
        if thing is before or now[0] + start_s > thing.settled_s:
            continue
        gap_s, way_m = now[0] - was[0], math.hypot(now[1] - was[1], now[2] - was[2])
        is_near = gap_s <= ARRIVAL_S and way_m <= ARRIVAL_M + ARRIVAL_M_S * gap_s
        if is_near and (before.arrived or before.age_s <= FAST_S):
            thing.arrived = True


def _isolated(sight_s: Array) -> NDArray[np.bool_]:
    """Which sightings are alone: far in time from both neighbours, compared with the usual step."""
    if len(sight_s) < 5:
        return np.zeros(len(sight_s), np.bool_)
    step = np.diff(sight_s)
    far = np.concatenate([[True], step > max(0.5, 4.0 * float(np.median(step))), [True]])
    alone: NDArray[np.bool_] = far[:-1] & far[1:]
    return alone
