"""Which of the ball candidates are one ball: the chain of highest score through all that a window of time holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.tracking.ground import Array


@dataclass(frozen=True, slots=True)
class Candidates:
    """Ball candidates in time order, arrays of one length: seconds, metres on the ground, gain for the chain.

    ``slope``: the tangent of the angle under which each was seen, upward positive.
    """

    time_s: Array
    x_m: Array
    z_m: Array
    gain: Array
    slope: Array

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True, slots=True)
class Motion:
    """How a ball may move from one sight to the next."""

    free_speed_m_s: float = 5.0
    """A step up to this speed costs nothing."""
    usual_speed_m_s: float = 12.0
    """A step this much faster, over a long time, costs about as much as one sight is worth."""
    highest_speed_m_s: float = 35.0
    """A faster step is no step of one ball."""
    slack_m: float = 1.0
    """What detection noise may add to a step for nothing."""
    longest_skip_s: float = 5.0
    """A step over a longer gap tells nothing of where the ball was and counts as a fresh start."""
    flight_step_s: float = 0.3
    """Sights of a flight follow each other within that time."""
    flight_distance_m: float = 60.0
    """No flight is taken to be farther away than that."""
    flight_step: float = 0.15
    """What each of its steps costs beyond its metres; less than a good sight gains."""
    fresh_start: float = 6.0
    """The cost of going on somewhere else altogether: as much as a ball's sights of about a second."""


MOTION = Motion()

BEFORE_ALL = -1e9
"""Seconds and metres no candidate has: what stands before the first one, out of reach of all."""


def pairs(candidates: Candidates, longest_s: float) -> tuple[Array, Array]:
    """Seconds and metres from each candidate back to the earlier ones, both (N, W).

    Column k of row i is candidate i - W + k; W is the most earlier candidates anyone has within `longest_s`.
    Before the first candidate both are about a billion.
    """
    time_s = candidates.time_s
    width = int(np.max(np.arange(len(time_s)) - np.searchsorted(time_s, time_s - longest_s), initial=1))

    def back(values: Array) -> Array:
        earlier = np.concatenate([np.full(width, BEFORE_ALL), values[:-1]])
        difference: Array = values[:, None] - sliding_window_view(earlier, width)
        return difference

    x_m, z_m = back(candidates.x_m), back(candidates.z_m)
    return back(time_s), np.sqrt(x_m * x_m + z_m * z_m)


def lies_still(seconds: Array, metres: Array) -> NDArray[np.bool_]:
    """Whether 4 or more others were seen within 0.8 m, 0.4 to 1 s before or after; arguments as `pairs` gives."""
    row, column = np.nonzero((metres <= 0.8) & (seconds >= 0.4) & (seconds <= 1.0))
    size, width = seconds.shape
    earlier, later = np.bincount(row, minlength=size), np.bincount(row - width + column, minlength=size)
    still: NDArray[np.bool_] = earlier + later >= 4
    return still


def step_cost(seconds: Array, metres: Array, motion: Motion) -> Array:
    """What steps of so many seconds and metres cost; infinite where no ball is that fast, or time stands still."""
    excess_m = np.maximum(metres - motion.slack_m - motion.free_speed_m_s * seconds, 0.0)
    cost: Array = (excess_m / (motion.usual_speed_m_s * np.abs(seconds) + 1.0)) ** 2
    possible = (seconds > 0) & (seconds <= motion.longest_skip_s)
    possible &= metres <= motion.slack_m + motion.highest_speed_m_s * seconds
    cost[~possible] = np.inf
    return cost


def fly(candidates: Candidates, seconds: Array, metres: Array, cost: Array, motion: Motion) -> None:
    """Lower the `cost` of steps, in place, that are one ball's in the air.

    A ball in the air looks far away (see `flight`): over the ground it would be too fast, while sideways
    and upward, at the nearer sight's distance or where most play is, it makes a ball's usual step.
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


def best_chain(
    candidates: Candidates, motion: Motion = MOTION, still_factor: float = 0.2
) -> NDArray[np.intp]:
    """The indices, rising in time, of the chain of candidates with the highest sum of gains less step costs.

    A candidate that lies still gains only ``still_factor`` of its gain: a spare ball by the line is seen
    in every frame, but so is the true one before a free kick, hence not nothing. A step costs
    ((d - slack - free speed * dt) / (usual speed * dt + 1 m))^2. The maximum is exact (Viterbi).
    """
    size = len(candidates)
    if size == 0:
        return np.zeros(0, np.intp)
    seconds, metres = pairs(candidates, motion.longest_skip_s)
    gain = np.where(lies_still(seconds, metres), still_factor, 1.0) * candidates.gain
    cost = step_cost(seconds, metres, motion)
    fly(candidates, seconds, metres, cost, motion)
    width = cost.shape[1]
    # The scores stand `width` places on, so that row i's costs lie beside the scores before candidate i.
    score = np.full(size + width, -np.inf)
    parent = [-1] * size
    scores: list[float] = []
    times_s, gains = candidates.time_s.tolist(), gain.tolist()  # plain floats: the loop is the whole cost
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
