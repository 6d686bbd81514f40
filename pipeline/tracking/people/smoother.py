"""Smoother: the places of several people over a span of time, from what was seen before and after each moment.

A Kalman filter forward, then Rauch, Tung and Striebel (1965) backward, for all people at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.timebase import ns_to_seconds
from pipeline.tracking.ground import Array
from pipeline.tracking.people.motion import beginning, transition, updated


@dataclass(slots=True)
class State:
    """Place and velocity (4,) of one person at a time, with covariance (4, 4)."""

    time_ns: int
    mean: Array
    spread: Array


@dataclass(frozen=True, slots=True)
class Seen:
    """Where one person was seen: the indices of the times, places (k, 2) and covariances (k, 2, 2)."""

    steps: NDArray[np.intp]
    xy_m: Array
    covariance: Array


@dataclass(frozen=True, slots=True)
class Smoothed:
    """The filtered and the smoothed states of n people at t times: (t, n, 4) and (t, n, 4, 4).

    A person has no state before the first place, unless there was one before: nan.
    """

    filtered: Array
    filtered_spread: Array
    mean: Array
    spread: Array


def smoothed(times_ns: Sequence[int], people: Sequence[Seen], before: Sequence[State | None]) -> Smoothed:
    """The states of `people` at `times_ns`, in order; `before`: each one's state at an earlier time, if any."""
    size, count = len(times_ns), len(people)
    seen_xy, seen_covariance = np.zeros((size, count, 2)), np.zeros((size, count, 2, 2))
    is_seen = np.zeros((size, count), np.bool_)
    for n, one in enumerate(people):
        seen_xy[one.steps, n], seen_covariance[one.steps, n] = one.xy_m, one.covariance
        is_seen[one.steps, n] = True
    filtered, filtered_spread = np.full((size, count, 4), np.nan), np.zeros((size, count, 4, 4))
    ahead, ahead_spread = np.full((size, count, 4), np.nan), np.zeros((size, count, 4, 4))
    mean, spread = np.full((count, 4), np.nan), np.tile(np.eye(4), (count, 1, 1))
    began = np.zeros(count, np.bool_)
    for n, state in enumerate(before):
        if state is not None:
            step, noise = transition(ns_to_seconds(times_ns[0] - state.time_ns))
            mean[n], spread[n] = step @ state.mean, step @ state.spread @ step.T + noise
            began[n] = True
    steps = [transition(ns_to_seconds(b - a)) for a, b in pairwise(times_ns)]
    for t in range(size):
        if t:
            step, noise = steps[t - 1]
            mean, spread = mean @ step.T, step @ spread @ step.T + noise
        ahead[t], ahead_spread[t] = mean, spread
        now = is_seen[t]
        fresh, known = now & ~began, now & began
        if fresh.any():
            mean[fresh], spread[fresh] = beginning(seen_xy[t, fresh], seen_covariance[t, fresh])
            began |= fresh
        if known.any():
            mean[known], spread[known] = updated(
                mean[known], spread[known], seen_xy[t, known], seen_covariance[t, known]
            )
        filtered[t], filtered_spread[t] = mean, spread
    smooth, smooth_spread = filtered.copy(), filtered_spread.copy()
    for t in range(size - 2, -1, -1):
        step, _ = steps[t]
        gain = filtered_spread[t] @ step.T @ np.linalg.inv(ahead_spread[t + 1])
        smooth[t] = filtered[t] + (gain @ (smooth[t + 1] - ahead[t + 1])[..., None])[..., 0]
        smooth_spread[t] += gain @ (smooth_spread[t + 1] - ahead_spread[t + 1]) @ gain.swapaxes(1, 2)
    return Smoothed(filtered, filtered_spread, smooth, smooth_spread)
