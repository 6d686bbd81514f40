"""Association: selects the ball candidates that are one ball, as the chain with the highest score in a window."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.fields import Play
from pipeline.tracking.ground import Array


@dataclass(frozen=True, slots=True)
class Candidates:
    """Ball candidates in time order, arrays of equal length: seconds, metres on the ground, gain for the chain.

    ``slope``: the tangent of the elevation angle of each, upward positive. ``moving``: the fraction of the gain
    that remains for a thing that has moved no faster than a person for as long as this one (see `tracklets`), whose
    number is ``thing`` and which is seen from ``begun_s`` to ``ended_s``.
    """

    time_s: Array
    x_m: Array
    z_m: Array
    gain: Array
    slope: Array
    moving: Array
    thing: Array
    begun_s: Array
    ended_s: Array

    @property
    def rows(self) -> Array:
        """All arrays as rows, (9, N)."""
        return np.stack([getattr(self, name) for name in self.__dataclass_fields__])

    def __len__(self) -> int:
        return len(self.time_s)


GAIN_ROW, THING_ROW, SIGHT_ROWS = 3, 6, [0, 1, 2, 4]
"""The rows of gains, of things, and of what makes a sighting (seconds, x, z, slope) in `Candidates.rows`."""


@dataclass(frozen=True, slots=True)
class Motion:
    """How a ball may move from one sighting to the next."""

    free_speed_m_s: float = 5.0
    """Steps up to this speed are free."""
    usual_speed_m_s: float = 12.0
    """A long step this much faster costs about as much as one sighting gains."""
    highest_speed_m_s: float = 35.0
    """Faster steps are impossible."""
    slack_m: float = 1.0
    """The distance that detection noise may add to a step without a cost."""
    unseen_cost: float = 0.3
    """The cost of each second for which the ball is not seen, after the first half, or the usual second step."""
    longest_skip_s: float = 5.0
    """After a longer gap the ball may be anywhere, and the chain starts afresh."""
    flight_step_s: float = 0.3
    """Sightings of a flight follow each other within that time."""
    flight_distance_m: float = 60.0
    """The largest assumed distance of a flight."""
    flight_step: float = 0.15
    """The additional cost of each step of a flight; less than a good sighting gains."""
    fresh_start: float = 6.0
    """The cost of continuing at an unrelated position: as much as about a second of sightings gains. So is the gain
    of continuing where the ball was known to be: the score of a chain exceeds that of another by no more."""


MOTION = Motion()


def motion_in(play: Play) -> Motion:
    """How the ball of a sport may move: as a football does, at the pace of its fastest."""
    pace = play.fastest_m_s / MOTION.highest_speed_m_s
    return replace(MOTION, usual_speed_m_s=pace * MOTION.usual_speed_m_s, highest_speed_m_s=play.fastest_m_s)


PERSON_S = 10.0
"""Only a thing of this age, or one that lies still, is surely one: a player with the ball is seen on when the ball
has left him."""

TOGETHER_S = 0.6
"""Two things seen at the same time for up to this long may be one."""

EASY = 0.3
"""A step of this cost or less is an easy one."""

NEAR_S = 0.5
"""The ball is usually seen again within this time, or within two steps of a slower detector."""

SLOW_S = 1.2
"""A thing that has moved no faster than a person for longer than this is slow."""

SHORTEST_WINDOW_S = 2.0
"""Gains a second are not judged over less."""

IN_PLAY_PER_S = 0.7
"""So much gain a second of things that are not slow is a ball that is certainly in play: a slow one is another."""

OUT_OF_REACH = -1e9
"""Time in seconds and position in metres of the padding before the first candidate, out of reach of all."""


def pairs(candidates: Candidates, longest_s: float) -> tuple[Array, Array]:
    """Time in seconds and distance in metres from each candidate back to the earlier ones, both (N, W).

    Column k of row i is candidate i - W + k; W is the largest number of earlier candidates within `longest_s`. Both
    are about a billion before the first candidate.
    """
    time_s = candidates.time_s
    width = int(np.max(np.arange(len(time_s)) - np.searchsorted(time_s, time_s - longest_s), initial=1))

    def back(values: Array) -> Array:
        earlier = np.concatenate([np.full(width, OUT_OF_REACH), values[:-1]])
        difference: Array = values[:, None] - sliding_window_view(earlier, width)
        return difference

    x_m, z_m = back(candidates.x_m), back(candidates.z_m)
    return back(time_s), np.sqrt(x_m * x_m + z_m * z_m)


def lies_still(seconds: Array, metres: Array) -> NDArray[np.bool_]:
    """Whether 4 or more others were seen within 0.8 m, 0.4 to 1 s before or after, (N,); arguments as from
    `pairs`."""
    row, column = np.nonzero((metres <= 0.8) & (seconds >= 0.4) & (seconds <= 1.0))
    size, width = seconds.shape
    earlier, later = np.bincount(row, minlength=size), np.bincount(row - width + column, minlength=size)
    still: NDArray[np.bool_] = earlier + later >= 4
    return still


def forbid_leaving(candidates: Candidates, seconds: Array, cost: Array, still: NDArray[np.bool_]) -> None:
    """Make infinite the `cost`, in place, of steps from a sure thing that is seen on, or to one seen before.

    A thing is sure if it is old or ``still`` (N,).

    A ball is not in two places: who leaves one thing for another was wrong about one of them, and starts afresh.
    """
    width = seconds.shape[1]

    def earlier(values: Array) -> Array:
        return sliding_window_view(np.concatenate([np.full(width, OUT_OF_REACH), values[:-1]]), width)

    time_s = candidates.time_s[:, None]
    seen_on = earlier(candidates.ended_s) > time_s + TOGETHER_S
    seen_before = candidates.begun_s[:, None] < time_s - seconds - TOGETHER_S
    other = earlier(candidates.thing) != candidates.thing[:, None]
    age_s = candidates.ended_s - candidates.begun_s
    sure = (age_s > PERSON_S) | still
    was_sure = earlier(sure.astype(np.float64)) > 0
    cost[other & ((seen_on & was_sure) | (seen_before & sure[:, None]))] = np.inf


def usual_step_s(time_s: Array) -> float:
    """The median time in seconds from one moment with candidates to the next; 0 if there is but one."""
    steps = np.diff(time_s)
    steps = steps[steps > 0.0]
    return float(np.median(steps)) if len(steps) else 0.0


def is_alone(seconds: Array, cost: Array, near_s: float = NEAR_S) -> NDArray[np.bool_]:
    """Whether fewer than 2 others were seen within that time at places that a ball reaches easily, (N,)."""
    row, column = np.nonzero((seconds <= near_s) & (cost < EASY))
    size, width = seconds.shape
    earlier, later = np.bincount(row, minlength=size), np.bincount(row - width + column, minlength=size)
    alone: NDArray[np.bool_] = earlier + later < 2
    return alone


def step_cost(seconds: Array, metres: Array, motion: Motion, near_s: float = NEAR_S) -> Array:
    """The cost of steps of these times and distances; infinite for impossible speeds and for zero time."""
    excess_m = np.maximum(metres - motion.slack_m - motion.free_speed_m_s * seconds, 0.0)
    cost: Array = (excess_m / (motion.usual_speed_m_s * np.abs(seconds) + 1.0)) ** 2
    cost += motion.unseen_cost * np.maximum(seconds - near_s, 0.0)
    possible = (seconds > 0) & (seconds <= motion.longest_skip_s)
    possible &= metres <= motion.slack_m + motion.highest_speed_m_s * seconds
    cost[~possible] = np.inf
    return cost


def allow_flights(candidates: Candidates, seconds: Array, metres: Array, cost: Array, motion: Motion) -> None:
    """Lower the `cost`, in place, of steps that a ball makes in the air.

    A ball in the air seems far away (see `flight`) and on the ground would be too fast; sideways and upward, at the
    distance of the nearer sighting or of most of the play, its step is normal.
    """
    width = seconds.shape[1]
    row, column = np.nonzero(
        (seconds > 0) & (seconds < motion.flight_step_s) & (metres > motion.slack_m + 12.0 * seconds)
    )
    earlier = row - width + column
    x_m, z_m, slope = candidates.x_m, candidates.z_m, candidates.slope
    away_m = np.hypot(x_m, z_m)
    here_m, there_m = away_m[row], away_m[earlier]
    near_m = np.minimum(np.minimum(here_m, there_m), motion.flight_distance_m)
    turned = (x_m[row] * z_m[earlier] - z_m[row] * x_m[earlier]) / (here_m * there_m)
    flown_m = near_m * np.hypot(turned, slope[row] - slope[earlier])
    flown = step_cost(seconds[row, column], flown_m, motion) + motion.flight_step
    cost[row, column] = np.minimum(cost[row, column], flown)


def _doubt(candidates: Candidates, gain: Array) -> float:
    """How much is to say for a slow ball, from 0, if one moves as balls do, to 1, if nothing does."""
    quick = candidates.ended_s - candidates.begun_s <= SLOW_S
    seconds = max(float(candidates.time_s[-1] - candidates.time_s[0]), SHORTEST_WINDOW_S)
    return max(0.0, 1.0 - float(gain[quick].sum()) / seconds / IN_PLAY_PER_S)


def best_chain(
    candidates: Candidates,
    motion: Motion = MOTION,
    still_factor: float = 0.2,
    alone_factor: float = 0.15,
    prior: float | None = None,
    was_ball: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """The indices, in time order, of the chain of candidates with the highest sum of gains minus step costs.

    A candidate that lies still counts only with ``still_factor`` of its gain: a spare ball beside the pitch is
    seen in every frame, but so is the true ball before a free kick, so the factor is not 0. The first candidate
    gains `prior` if given: it is where the ball was known to be. ``was_ball``: the candidates (N,) of the thing
    that the ball was; while nothing moves as a ball does, it is the ball still, however slow. A candidate without
    others near it in time and place may be anything and keeps ``alone_factor``. A step costs
    ((d - slack - free speed * dt) / (usual speed * dt + 1 m))^2. The maximum is exact (Viterbi 1967).
    """
    size = len(candidates)
    if size == 0:
        return np.zeros(0, np.intp)
    seconds, metres = pairs(candidates, motion.longest_skip_s)
    near_s = max(NEAR_S, 2.0 * usual_step_s(candidates.time_s))
    cost = step_cost(seconds, metres, motion, near_s)
    is_still = lies_still(seconds, metres)
    still = np.where(is_still, still_factor, 1.0)
    allow_flights(candidates, seconds, metres, cost, motion)
    forbid_leaving(candidates, seconds, cost, is_still)
    alone = np.where(is_alone(seconds, cost, near_s), alone_factor, 1.0)
    whole = alone * candidates.gain
    gain = np.minimum(still, candidates.moving) * whole
    if was_ball is not None:
        gain = np.where(was_ball, np.maximum(gain, np.minimum(still, _doubt(candidates, gain)) * whole), gain)
    if prior is not None:
        gain[0] = prior
    width = cost.shape[1]
    # The scores are shifted by `width`, so that row i's costs align with the scores before candidate i.
    score = np.full(size + width, -np.inf)
    parent = [-1] * size
    scores: list[float] = []
    times_s, gains = candidates.time_s.tolist(), gain.tolist()  # plain floats: faster in the loop
    best_before, champion, begun = -math.inf, -1, 0
    for i, (time_s, own) in enumerate(zip(times_s, gains, strict=True)):
        reached = score[i : i + width] - cost[i]
        k = int(reached.argmax())
        best, origin = float(reached[k]), i - width + k
        while times_s[begun] < time_s:
            if scores[begun] > best_before:
                best_before, champion = scores[begun], begun
            begun += 1
        if best_before - motion.fresh_start > best:
            best, origin = best_before - motion.fresh_start, champion
        if best > 0.0:
            parent[i] = origin
        scores.append(own + max(best, 0.0))
        score[width + i] = scores[i]
    chain = [int(score[width:].argmax())]
    while parent[chain[-1]] >= 0:
        chain.append(parent[chain[-1]])
    return np.array(chain[::-1], np.intp)
