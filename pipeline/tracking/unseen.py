"""Unseen: for how long the ball has not been seen, or will not be, and where it rests meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.tracking.flight import Sightings
from pipeline.tracking.ground import Array

PACE_S = 0.5, 1.0
"""The pace at a sighting is the higher one of those over these times: a ball may turn back in the longer one."""

LEAST_S = 0.3
"""Over less time than this a pace says nothing."""

NOISE_M = 1.0
"""So much of a way is noise of the detections."""

STEEP = 2.0
"""How far away a ball is says less of its movement the flatter it is seen: where it bounces by a metre, it seems to
move away by several. This times the slope of the sight is what it says, at most all."""

FAST_M_S, SLOWEST = 4.0, 0.5
"""Time unseen counts whole for a ball this fast, and less for a slower one, down to the second share: a ball that
is out of play waits where it is."""

RESTS_S = 0.1
"""A slow ball that is not seen for longer rests where it was seen."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """At each moment of a grid, arrays (N,)."""

    seconds: Array
    """To or from the nearest sighting, fewer for a slow ball; infinite without any."""
    rests: NDArray[np.bool_]
    """Whether the ball is not seen and waits at the place ``x_m``, ``z_m`` of that sighting."""
    x_m: Array
    z_m: Array

    @classmethod
    def of(cls, grid_s: Array, sights: Sightings) -> Unseen:
        """From the sightings of one ball. Pure."""
        time_s, size = sights.time_s, len(sights.time_s)
        if size == 0:
            nowhere = np.full(len(grid_s), np.nan)
            return cls(np.full(len(grid_s), np.inf), np.zeros(len(grid_s), np.bool_), nowhere, nowhere)
        since, until = _shares(sights)
        later = np.searchsorted(time_s, grid_s)
        last, following = np.maximum(later - 1, 0), np.minimum(later, size - 1)
        back = np.where(later > 0, (grid_s - time_s[last]) * since[last], np.inf)
        ahead = np.where(later < size, (time_s[following] - grid_s) * until[following], np.inf)
        seconds = np.minimum(back, ahead)
        nearest = np.where(back <= ahead, last, following)
        slow = np.where(back <= ahead, since[last], until[following]) <= SLOWEST
        rests = slow & (np.abs(grid_s - time_s[nearest]) > RESTS_S)
        return cls(seconds, rests, sights.x_m[nearest], sights.z_m[nearest])


def _shares(sights: Sightings) -> tuple[Array, Array]:
    """How much the time unseen counts after and before each sighting (N,), by its pace."""
    time_s, each = sights.time_s, np.arange(len(sights.time_s))
    first = [np.searchsorted(time_s, time_s - pace_s) for pace_s in PACE_S]
    last = [np.searchsorted(time_s, time_s + pace_s, "right") - 1 for pace_s in PACE_S]
    since, until = (
        np.max([_share(sights, other, each) for other in others], axis=0) for others in (first, last)
    )
    return since, until


def _share(sights: Sightings, one: NDArray[np.intp], other: NDArray[np.intp]) -> Array:
    """How much the time unseen counts of a ball that moves from one sighting to another (N,)."""
    seconds = np.abs(sights.time_s[other] - sights.time_s[one])
    away_m = np.hypot(sights.x_m, sights.z_m)
    bearing = np.arctan2(sights.x_m, sights.z_m)
    aside_m = away_m[one] * (bearing[other] - bearing[one])
    steep = np.minimum(STEEP * np.abs(sights.slope[one]), 1.0)
    way_m = np.hypot(aside_m, steep * (away_m[other] - away_m[one]))
    speed_m_s = np.maximum(way_m - NOISE_M, 0.0) / np.maximum(seconds, LEAST_S)
    share: Array = np.where(seconds < LEAST_S, 1.0, np.clip(speed_m_s / FAST_M_S, SLOWEST, 1.0))
    return share
