"""Which of the ball candidates are one ball: the chain of highest score through all that a window of time holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.analysis.ground import Array


@dataclass(frozen=True, slots=True)
class Candidates:
    """Ball candidates in time order, arrays of one length: seconds, metres on the ground, gain for the chain."""

    time_s: Array
    x_m: Array
    z_m: Array
    gain: Array

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
    excess_m = np.maximum(metres - motion.slack_m - motion.free_speed_m_s * seconds, 0.0)
    cost = excess_m / (motion.usual_speed_m_s * seconds + 1.0)
    cost *= cost
    possible = (seconds > 0) & (seconds <= motion.longest_skip_s)
    possible &= metres <= motion.slack_m + motion.highest_speed_m_s * seconds
    cost[~possible] = np.inf
    width = cost.shape[1]
    # The scores stand `width` places on, so that row i's costs lie beside the scores before candidate i.
    score = np.full(size + width, -np.inf)
    parent = np.full(size, -1, np.intp)
    best_before, champion, begun = -np.inf, -1, 0
    for i in range(size):
        reached = score[i : i + width] - cost[i]
        k = int(reached.argmax())
        best, origin = float(reached[k]), i - width + k
        while candidates.time_s[begun] < candidates.time_s[i]:
            if score[width + begun] > best_before:
                best_before, champion = float(score[width + begun]), begun
            begun += 1
        if best_before - motion.fresh_start > best:
            best, origin = best_before - motion.fresh_start, champion
        if best > 0.0:
            parent[i] = origin
        score[width + i] = gain[i] + max(best, 0.0)
    chain = [int(score[width:].argmax())]
    while parent[chain[-1]] >= 0:
        chain.append(int(parent[chain[-1]]))
    return np.array(chain[::-1], np.intp)
