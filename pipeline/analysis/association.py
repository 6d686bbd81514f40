"""Which of the ball candidates are one ball: the chain of highest score through all that a window of time holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
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

    usual_speed_m_s: float = 14.0
    """A step of this speed costs about one sight's whole confidence."""
    highest_speed_m_s: float = 35.0
    """A faster step is no step of one ball."""
    slack_m: float = 1.0
    """What detection noise may add to a step for nothing."""
    longest_skip_s: float = 5.0
    """Steps over a longer gap tell nothing about where the ball is and cost ``restart``."""
    restart: float = 1.0
    """The cost of a step over a gap longer than that."""


MOTION = Motion()


def pairs(candidates: Candidates, longest_s: float) -> tuple[Array, Array, NDArray[np.intp]]:
    """Seconds and metres from each candidate back to the earlier ones, both (N, W), and their indices.

    Column k of row i is candidate i - 1 - k; W is the most earlier candidates anyone has within `longest_s`.
    Before the first candidate the seconds are infinite.
    """
    time_s = candidates.time_s
    count = np.arange(len(time_s))
    width = int(np.max(count - np.searchsorted(time_s, time_s - longest_s), initial=1))
    index = count[:, None] - 1 - np.arange(width)[None, :]
    before = np.maximum(index, 0)
    seconds = np.where(index >= 0, time_s[:, None] - time_s[before], np.inf)
    metres = np.hypot(
        candidates.x_m[:, None] - candidates.x_m[before], candidates.z_m[:, None] - candidates.z_m[before]
    )
    return seconds, metres, before


def lies_still(seconds: Array, metres: Array, before: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether 4 or more others were seen within 0.8 m, 0.4 to 1 s before or after; arguments as `pairs` gives."""
    near = (seconds >= 0.4) & (seconds <= 1.0) & (metres <= 0.8)
    earlier = near.sum(axis=1)
    later = np.bincount(before[near], minlength=len(earlier))
    still: NDArray[np.bool_] = earlier + later >= 4
    return still


def best_chain(
    candidates: Candidates, motion: Motion = MOTION, still_factor: float = 0.2
) -> NDArray[np.intp]:
    """The indices, rising in time, of the chain of candidates with the highest sum of gains less step costs.

    A candidate that lies still gains only ``still_factor`` of its gain: a spare ball by the line is seen
    in every frame, but so is the true one before a free kick, hence not nothing. A step costs
    ((d - slack) / (usual speed * dt + 0.5 m))^2. The maximum is exact (Viterbi, each candidate once).
    """
    size = len(candidates)
    if size == 0:
        return np.zeros(0, np.intp)
    seconds, metres, before = pairs(candidates, motion.longest_skip_s)
    gain = np.where(lies_still(seconds, metres, before), still_factor, 1.0) * candidates.gain
    cost = (np.maximum(metres - motion.slack_m, 0.0) / (motion.usual_speed_m_s * seconds + 0.5)) ** 2
    possible = (
        (seconds > 0)
        & (seconds <= motion.longest_skip_s)
        & (metres <= motion.slack_m + motion.highest_speed_m_s * seconds)
    )
    cost[~possible] = np.inf
    width = cost.shape[1]
    # Reversed and padded, each row of costs lines up with the slice of scores before its candidate.
    cost = np.ascontiguousarray(cost[:, ::-1])
    score = np.full(size + width, -np.inf)
    parent = np.full(size, -1, np.intp)
    long_ago = np.searchsorted(candidates.time_s, candidates.time_s - motion.longest_skip_s)
    best_long_ago, longest_ago = -np.inf, 0
    champion = -1
    for i in range(size):
        reached = score[i : i + width] - cost[i]
        k = int(reached.argmax())
        best, origin = float(reached[k]), i - width + k
        while longest_ago < long_ago[i]:
            if score[width + longest_ago] > best_long_ago:
                best_long_ago, champion = float(score[width + longest_ago]), longest_ago
            longest_ago += 1
        if best_long_ago - motion.restart > best:
            best, origin = best_long_ago - motion.restart, champion
        if best > 0.0:
            parent[i] = origin
        score[width + i] = gain[i] + max(best, 0.0)
    chain = [int(score[width:].argmax())]
    while parent[chain[-1]] >= 0:
        chain.append(int(parent[chain[-1]]))
    return np.array(chain[::-1], np.intp)
