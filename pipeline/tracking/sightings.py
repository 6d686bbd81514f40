"""Sightings: the detections of a frame as balls and players in metres on the ground, and how ball-like each is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.timebase import NS_PER_S
from pipeline.tracking.ground import Array, Geometry

FARTHEST_M = 130.0
"""Detections farther away, or above the horizon, are placed at this distance, beyond any pitch."""

MOMENT_NS = NS_PER_S // 20
"""Of detection sets closer in time than this only one is used."""

LEAST_SCORE, BESIDE_GAIN = 0.25, 0.1
BESIDE_M, ALONE_M = 3.0, 20.0
"""A candidate closer to a player is more likely the ball; one farther from all players is less likely."""


@dataclass(frozen=True, slots=True)
class GroundSet:
    """One set in metres: balls (4, n) as x, z, gain, slope; players (2, m) as x, z; the sum of the gains."""

    balls: Array
    players: Array
    total_gain: float


class SightingReader:
    """Converts detection sets to metres, each only once. One thread at a time."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        # Each set is part of dozens of windows: its positions in metres are cached by identity.
        self._read: dict[int, tuple[DetectionSet, GroundSet]] = {}

    def read(self, sets: Sequence[DetectionSet]) -> list[GroundSet]:
        """The contents of each set in metres, cached from earlier windows."""
        fresh = [one for one in sets if id(one) not in self._read]
        for one, seen in zip(fresh, self._metres(fresh), strict=True):
            self._read[id(one)] = (one, seen)
        found = [self._read[id(one)][1] for one in sets]
        if len(self._read) > 2 * len(sets) + 64:
            self._read = {id(one): self._read[id(one)] for one in sets}
        return found

    def _metres(self, sets: Sequence[DetectionSet]) -> list[GroundSet]:
        """Balls and players of the sets in metres on the ground, converted in one batch."""
        things = [[d for d in one.detections if _usable(d)] for one in sets]
        # The position of a player is the bottom of the box; that of a ball is the centre.
        rows = [
            (
                d.yaw_deg,
                d.tilt_deg - (0.0 if d.label == "ball" else d.height_deg / 2),
                d.score,
                d.label == "ball",
            )
            for some in things
            for d in some
        ]
        yaw, tilt, score, ball = np.array(rows).reshape(-1, 4).T
        x, z = self._geometry.angles_to_metres(yaw, tilt)
        far = ~(np.hypot(x, z) <= FARTHEST_M)
        x[far], z[far] = FARTHEST_M * np.sin(np.radians(yaw[far])), FARTHEST_M * np.cos(np.radians(yaw[far]))
        seen, end = [], 0
        for some in things:
            begin, end = end, end + len(some)
            is_ball = ball[begin:end] > 0
            metres = np.stack([x[begin:end], z[begin:end]])
            balls, players = metres[:, is_ball], metres[:, ~is_ball]
            gain = _gain(balls, score[begin:end][is_ball], players)
            slope = np.tan(np.radians(tilt[begin:end][is_ball]))
            seen.append(GroundSet(np.concatenate([balls, [gain, slope]]), players, float(gain.sum())))
        return seen


def _usable(one: Detection) -> bool:
    """Whether a detection is a ball or a player with a position."""
    return one.label in ("ball", "player") and math.isfinite(one.yaw_deg + one.tilt_deg + one.score)


def thinned(
    sets: Sequence[DetectionSet], seen: Sequence[GroundSet]
) -> tuple[list[DetectionSet], list[GroundSet]]:
    """The set with the largest ball gain of each twentieth of a second; more sets only cost time."""
    best: dict[int, int] = {}
    for i, one in enumerate(sets):
        moment = one.time_ns // MOMENT_NS
        if moment not in best or seen[i].total_gain > seen[best[moment]].total_gain:
            best[moment] = i
    return [sets[i] for i in best.values()], [seen[i] for i in best.values()]


def _gain(balls_m: Array, score: Array, players_m: Array) -> Array:
    """The gain of candidates for the chain: the score above 0.25, more next to a player, less far from all players.

    Low scores get only a small bonus next to a player, because otherwise a runner's boots form a chain of their
    own.
    """
    gain: Array = np.maximum(score - LEAST_SCORE, 0.05)
    if players_m.size and gain.size:
        apart_m = balls_m[:, :, None] - players_m[:, None, :]
        nearest_m = np.sqrt((apart_m * apart_m).sum(axis=0).min(axis=1))
        gain += np.where(nearest_m < BESIDE_M, BESIDE_GAIN * np.minimum(score / LEAST_SCORE, 1.0), 0.0)
        gain[nearest_m > ALONE_M] *= 0.5
    return gain
