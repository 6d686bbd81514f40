"""Sightings: the detections of a frame as balls and players in metres on the ground, and how ball-like each is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.optics.rig_parts import Pitch
from pipeline.timebase import NS_PER_S
from pipeline.tracking.association import GAIN_ROW, Candidates
from pipeline.tracking.ground import Array, Geometry
from pipeline.tracking.tracklets import Tracklet, Tracklets

FARTHEST_M = 130.0
"""Detections farther away, or above the horizon, are placed at this distance, beyond any pitch."""

MOMENT_NS = NS_PER_S // 20
"""Of detection sets closer in time than this only one is used."""

LEAST_SCORE, BESIDE_GAIN = 0.25, 0.1
BESIDE_M, ALONE_M, FAR_M, FAR_FACTOR = 3.0, 6.0, 20.0, 0.25
"""A candidate closer to a player than the first is more likely the ball; from the second to the third distance from
all players it becomes less likely, down to the factor. Half-way, a usual pass is some 10 m from everybody."""

BESIDE_PITCH_M = 1.0
"""Who is farther outside the pitch takes no part."""

LINE_M, OUTSIDE_M = 0.5, 1.5
"""A ball touches the line up to the first distance outside the pitch; beyond, its likelihood is halved this far on
and falls with the square: a ball that is out comes back, and whoever holds another one there does not."""

SLOW_S = 1.2
"""Of a thing that moves no faster than a person for longer than this one sighting a moment is enough: how often it
is seen says nothing about whether it is the ball."""

MOMENT_S = 0.2, 0.4
"""These moments in seconds: usually, and of a thing older than `OLD_S`."""

OLD_S = 10.0

WEIGHT_S = 0.07
"""One sighting of a slow thing stands for sightings this far apart."""

AGE_S, ARRIVED_AGE_S, AGE_POWER, LEAST_MOVING = 6.0, 20.0, 3.0, 0.01
STRANGER = 0.5
"""A thing that has moved no faster than a person for the first time is the ball as likely as not, because a ball in
play is kicked before that; if it arrived there as a ball does, for the second time: a free kick takes as long. The
power and the least fraction."""


@dataclass(frozen=True, slots=True)
class GroundSet:
    """One set in metres: balls (4, n) as x, z, gain, slope; players (2, m) as x, z; the sum of the gains.

    ``tracklets``: the thing that each ball belongs to.
    """

    balls: Array
    players: Array
    total_gain: float
    tracklets: list[Tracklet]


class SightingReader:
    """Converts detection sets to metres, each only once. One thread at a time."""

    def __init__(self, geometry: Geometry, pitch: Pitch | None = None) -> None:
        self._geometry = geometry
        self._pitch = pitch
        # Each set is part of dozens of windows: its positions in metres are cached by identity.
        self._read: dict[int, tuple[DetectionSet, GroundSet]] = {}
        self._tracklets = Tracklets()

    def forget(self) -> None:
        """Begin anew, for example after a seek."""
        self._read = {}
        self._tracklets = Tracklets()

    @staticmethod
    def candidates(
        seen: Sequence[GroundSet], times_s: Array, start_s: float
    ) -> tuple[Candidates, list[Tracklet]]:
        """The ball candidates of these sets, seen at `times_s` (N,) after `start_s`, and the thing of each."""
        if not seen:
            return Candidates(*np.zeros((9, 0))), []
        x_m, z_m, gain, slope = np.concatenate([one.balls for one in seen], axis=1)
        time_s = np.repeat(times_s, [one.balls.shape[1] for one in seen])
        things = [thing for one in seen for thing in one.tracklets]
        numbers, begun_s, ended_s = np.array(
            [(thing.number, thing.begun_s - start_s, thing.last_s - start_s) for thing in things]
        ).reshape(-1, 3).T  # fmt: skip
        usual_s = np.where([thing.arrived for thing in things], ARRIVED_AGE_S, AGE_S)
        moving = np.maximum(1.0 / (1.0 + ((ended_s - begun_s) / usual_s) ** AGE_POWER), LEAST_MOVING)
        return Candidates(time_s, x_m, z_m, gain, slope, moving, numbers, begun_s, ended_s), things

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
        seen_at = [
            (
                d.yaw_deg,
                d.tilt_deg - (0.0 if d.label == "ball" else d.height_deg / 2),
                d.score,
                d.label == "ball",
            )
            for some in things
            for d in some
        ]
        yaw, tilt, score, ball = np.array(seen_at).reshape(-1, 4).T
        x, z = self._geometry.angles_to_metres(yaw, tilt)
        far = ~(np.hypot(x, z) <= FARTHEST_M)
        x[far], z[far] = FARTHEST_M * np.sin(np.radians(yaw[far])), FARTHEST_M * np.cos(np.radians(yaw[far]))
        outside_m = self._outside_m(x, z)
        is_inside = outside_m <= BESIDE_PITCH_M
        near_pitch = 1.0 / (1.0 + (np.maximum(outside_m - LINE_M, 0.0) / OUTSIDE_M) ** 2)
        seen, end = [], 0
        for one, some in zip(sets, things, strict=True):
            begin, end = end, end + len(some)
            is_ball = ball[begin:end] > 0
            metres = np.stack([x[begin:end], z[begin:end]])
            balls, players = metres[:, is_ball], metres[:, ~is_ball & is_inside[begin:end]]
            gain = _gain(balls, score[begin:end][is_ball], players) * near_pitch[begin:end][is_ball]
            slope = np.tan(np.radians(tilt[begin:end][is_ball]))
            linked = self._tracklets.link(one.time_ns / NS_PER_S, balls[0].tolist(), balls[1].tolist())
            rows = np.concatenate([balls, [gain, slope]])
            seen.append(GroundSet(rows, players, float(gain.sum()), linked))
        return seen

    def _outside_m(self, x_m: Array, z_m: Array) -> Array:
        """How far these places (N,) are outside the pitch; 0 if it is unknown."""
        if self._pitch is None:
            return np.zeros(len(x_m))
        along, across = self._pitch.from_world(x_m, z_m)
        out = np.maximum(np.abs(along) - self._pitch.length_m / 2, np.abs(across) - self._pitch.width_m / 2)
        return np.maximum(out, 0.0)


def enough(seen: Candidates) -> tuple[NDArray[np.intp], Candidates]:
    """The candidates that suffice to find the ball, and their indices; of a slow thing one a moment."""
    age_s = seen.ended_s - seen.begun_s
    slow = age_s > SLOW_S
    moment_s = np.where(age_s > OLD_S, *MOMENT_S[::-1])
    kept = ~slow
    kept[
        np.unique(np.stack([seen.thing, np.floor(seen.time_s / moment_s)]), axis=1, return_index=True)[1]
    ] = True
    rows = seen.rows
    rows[GAIN_ROW] *= np.where(slow, moment_s / WEIGHT_S, 1.0)
    return np.flatnonzero(kept), Candidates(*rows[:, kept])


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
        gain *= np.interp(nearest_m, (ALONE_M, FAR_M), (1.0, FAR_FACTOR))
    return gain
