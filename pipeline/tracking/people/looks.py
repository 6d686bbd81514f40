"""Looks: the mean colour of somebody's shirt over many frames, and how alike two of them are."""

from __future__ import annotations

import numpy as np

from pipeline.tracking.ground import Array

LUMA_SHARE = 0.4
"""Brightness counts so much, because light and shadow change it; colour differences count fully."""

NOISE_LEVELS = 14.0
"""The standard deviation of one reading of a shirt, in levels."""

FLOOR_LEVELS = 7.0
"""The standard deviation of somebody's mean over time: light, pose and background change slowly."""

MOST_UNLIKE = 12.0
"""The largest cost of different looks; more certainty is not in a shirt."""

WEIGHTS = np.array([LUMA_SHARE, 1.0, 1.0])


class Looks:
    """The mean of shirts (3,), Y, U, V, and how often a detector took the person for an official. One thread at a
    time."""

    __slots__ = ("_sum", "official", "seen", "weight")

    def __init__(self) -> None:
        self._sum = np.zeros(3)
        self.weight = 0
        """How many shirts were read."""
        self.seen = self.official = 0

    def add(self, shirt: Array, *, is_official: bool) -> None:
        """Add one sight; a shirt with nan was not read."""
        self.seen += 1
        self.official += is_official
        if np.isfinite(shirt).all():
            self._sum = self._sum + shirt
            self.weight += 1

    def merge(self, other: Looks) -> None:
        """Add all sights of another."""
        self.seen += other.seen
        self.official += other.official
        self._sum = self._sum + other._sum
        self.weight += other.weight

    @property
    def mean(self) -> Array:
        """The mean shirt (3,); nan without a reading."""
        return self._sum / self.weight if self.weight else np.full(3, np.nan)


def unlike(means: Array, weights: Array, shirts: Array, shirt_weights: Array) -> Array:
    """The costs (n, m) of taking looks (n, 3) of n readings for shirts (m, 3): half of the squared distance in
    standard deviations. 0 where one is unknown."""
    difference = (means[:, None] - shirts[None]) * WEIGHTS
    variance = (
        NOISE_LEVELS**2 / np.maximum(weights, 1)[:, None]
        + NOISE_LEVELS**2 / np.maximum(shirt_weights, 1)
        + FLOOR_LEVELS**2
    )
    cost = 0.5 * (difference**2).sum(axis=-1) / variance
    return np.asarray(np.minimum(np.nan_to_num(cost, nan=0.0), MOST_UNLIKE))
