"""Proven ball: where the ball certainly was, as the chain through a whole window of known time says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.analysis.detector import DetectionSet
from pipeline.optics.rig_parts import Pitch
from pipeline.timebase import NS_PER_S
from pipeline.tracking.association import MOTION, SIGHT_ROWS, best_chain
from pipeline.tracking.ground import Array, Geometry
from pipeline.tracking.sightings import BESIDE_M, SightingReader, enough

LONGEST_GAP_S = 0.5
"""A run of sightings ends where the ball is unseen for longer."""

LEAST_S, LEAST_SIGHTINGS = 1.6, 12
"""A run that is shorter, or seen less often, proves nothing."""

LEAST_WAY_M, KICKED_M_S, KICKED_S = 6.0, 8.0, 0.4
"""A ball goes some way, and once faster than a person runs, for so long."""

LEAST_GAIN = 0.3
"""The mean gain of a run; a runner's boots gain less."""


@dataclass(frozen=True, slots=True)
class ProvenPlace:
    """Where the ball was in one frame, in rig angles, and whether it was seen there or must have passed there."""

    yaw_deg: float
    tilt_deg: float
    is_seen: bool


def proven_ball(
    sets: Sequence[DetectionSet], geometry: Geometry, pitch: Pitch | None
) -> dict[int, ProvenPlace]:
    """The ball's place in each frame, by its number in `sets`, in which it is proven. Pure.

    A run of sightings proves it if it is long, moves as only a ball does, and belongs to players: somebody was
    beside it. ``sets``: some ten seconds or more, in time order.
    """
    if not sets:
        return {}
    reader = SightingReader(geometry, pitch)
    seen = reader.read(sets)
    start_s = sets[0].time_ns / NS_PER_S
    times_s = np.array([one.time_ns / NS_PER_S for one in sets]) - start_s
    candidates, _ = reader.candidates(seen, times_s, start_s)
    _, few = enough(candidates)
    chain = best_chain(few)
    sights = few.rows[SIGHT_ROWS][:, chain]
    gain = few.gain[chain]
    players = [one.players for one in seen]
    frames = np.searchsorted(times_s, sights[0] - 1e-6)
    found: dict[int, ProvenPlace] = {}
    for run in _runs(sights):
        if _is_ball(sights[:, run], gain[run]) and _is_played(sights[1:3, run], frames[run], players):
            found |= _places(sights[:, run], frames[run], times_s)
    return found


def _runs(sights: Array) -> list[slice]:
    """The parts of a chain (4, N) in which the ball is seen on and makes no impossible step."""
    if sights.shape[1] == 0:
        return []
    step_s = np.diff(sights[0])
    yaw, slope = np.arctan2(sights[1], sights[2]), sights[3]
    away_m = np.minimum(np.hypot(sights[1], sights[2]), MOTION.flight_distance_m)
    # Across the line of sight: how far away a ball in flight seems says nothing.
    across_m = np.minimum(away_m[1:], away_m[:-1]) * np.hypot(np.diff(yaw), np.diff(slope))
    broken = (step_s > LONGEST_GAP_S) | (across_m > MOTION.slack_m + MOTION.highest_speed_m_s * step_s)
    ends = [0, *(np.flatnonzero(broken) + 1).tolist(), sights.shape[1]]
    return [slice(begin, end) for begin, end in pairwise(ends)]


def _is_ball(sights: Array, gain: Array) -> bool:
    """Whether a run of sightings (4, N) is long and moves as only a ball does."""
    time_s, x_m, z_m, _ = sights
    if len(time_s) < LEAST_SIGHTINGS or time_s[-1] - time_s[0] < LEAST_S or gain.mean() < LEAST_GAIN:
        return False
    way_m = math.hypot(np.ptp(x_m), np.ptp(z_m))
    later = np.searchsorted(time_s, time_s + KICKED_S)
    kept = later < len(time_s)
    begin, end = np.flatnonzero(kept), later[kept]
    steps_m = np.hypot(x_m[end] - x_m[begin], z_m[end] - z_m[begin]) - MOTION.slack_m
    speed_m_s = steps_m / (time_s[end] - time_s[begin])
    return way_m >= LEAST_WAY_M and float(speed_m_s.max(initial=0.0)) >= KICKED_M_S


def _is_played(places_m: Array, frames: Array, players: Sequence[Array]) -> bool:
    """Whether a player is beside one of these places (2, N) in these frames."""
    for x_m, z_m, frame in zip(*places_m.tolist(), frames.tolist(), strict=True):
        there = players[frame]
        if there.size and float(np.hypot(there[0] - x_m, there[1] - z_m).min()) < BESIDE_M:
            return True
    return False


def _places(sights: Array, frames: Array, times_s: Array) -> dict[int, ProvenPlace]:
    """The place in every frame of a run of sightings (4, N) seen in `frames`, on the way where it is not seen."""
    every = np.arange(frames[0], frames[-1] + 1)
    yaw = np.unwrap(np.arctan2(sights[1], sights[2]))
    yaw_deg = np.degrees(np.interp(times_s[every], sights[0], yaw))
    tilt_deg = np.degrees(np.arctan(np.interp(times_s[every], sights[0], sights[3])))
    is_seen = np.isin(every, frames)
    rows = zip(every.tolist(), yaw_deg.tolist(), tilt_deg.tolist(), is_seen.tolist(), strict=True)
    return {frame: ProvenPlace(yaw, tilt, there) for frame, yaw, tilt, there in rows}
