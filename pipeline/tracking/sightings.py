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
from pipeline.tracking.association import GAIN_ROW, SLOW_S, Candidates, usual_step_s
from pipeline.tracking.ground import Array, Geometry
from pipeline.tracking.play_area import PlayArea, Seen, Whereabouts
from pipeline.tracking.tracklets import Tracklet, Tracklets

FARTHEST_M = 130.0
"""Detections farther away, or above the horizon, are placed at this distance, beyond any pitch."""

MOMENT_NS = NS_PER_S // 20
"""Of detection sets closer in time than this only one is used."""

LEAST_SCORE, BESIDE_GAIN = 0.25, 0.1
BESIDE_M, ALONE_M, FAR_M, FAR_FACTOR = 3.0, 6.0, 20.0, 0.25
"""A candidate closer to a player than the first is more likely the ball; from the second to the third distance from
all players it becomes less likely, down to the factor. Half-way, a usual pass is some 10 m from everybody."""

FLIGHT_S, FLIGHT_GAIN = 2.0, 0.6
"""What is beyond the pitch for no longer than this may fly over it, and keeps this fraction of its gain."""

MOMENT_S = 0.2, 0.4
"""Of a slow thing one sighting in each of these moments is enough, in seconds, the second for a thing older than
`OLD_S`: how often it is seen says nothing about whether it is the ball."""

OLD_S = 10.0

WEIGHT_S, WEAK_GAIN = 0.07, 0.1
"""One sighting of a slow thing stands for sightings this far apart, or as far as the detector's; one that gains no
more than the second, a runner's boot, stands for itself."""

AGE_S, BESIDE_AGE_S, ARRIVED_AGE_S, AGE_POWER, LEAST_MOVING = 6.0, 3.0, 20.0, 3.0, 0.01
"""A thing that has moved no faster than a person beside play for the first time, or beside a known pitch for the
second one, is the ball as likely as not: a ball in play is kicked before that. If it arrived there as a ball does,
for the third: a free kick takes as long. The power and the least fraction."""

NO_BALL = 0.1
"""Beside a known pitch on which players are seen, what keeps less is no ball at all: the players lead then."""


@dataclass(frozen=True, slots=True)
class GroundSet:
    """One set in metres: balls (4, n) as x, z, gain, slope; players (2, m) as x, z; the sum of the gains.

    ``where``: the whereabouts of each ball; ``things``: what each belongs to.
    """

    balls: Array
    players: Array
    total_gain: float
    where: Whereabouts
    things: list[Tracklet]


class SightingReader:
    """Converts detection sets to metres, each only once. One thread at a time."""

    def __init__(self, geometry: Geometry, pitch: Pitch | None = None) -> None:
        self._geometry = geometry
        self._area = PlayArea(pitch)
        # Each set is part of dozens of windows: its positions in metres are cached by identity.
        self._read: dict[int, tuple[DetectionSet, GroundSet]] = {}
        self._tracklets = Tracklets()

    def forget(self) -> None:
        """Begin anew, for example after a seek."""
        self._read = {}
        self._tracklets = Tracklets()

    def candidates(
        self, seen: Sequence[GroundSet], times_s: Array, start_s: float
    ) -> tuple[Candidates, list[Tracklet]]:
        """The ball candidates of these sets, seen at `times_s` (N,) after `start_s`, and the thing of each."""
        if not seen:
            return Candidates(*np.zeros((9, 0))), []
        x_m, z_m, gain, slope = np.concatenate([one.balls for one in seen], axis=1)
        near = np.concatenate([one.where.near for one in seen])
        aloft = np.concatenate([one.where.aloft for one in seen])
        time_s = np.repeat(times_s, [one.balls.shape[1] for one in seen])
        things = [thing for one in seen for thing in one.things]
        numbers, begun_s, ended_s, beside_s = np.array(
            [(thing.number, thing.begun_s - start_s, thing.last_s - start_s, thing.beside_s) for thing in things]
        ).reshape(-1, 4).T  # fmt: skip
        may_fly = aloft & (ended_s - begun_s <= FLIGHT_S)
        gain = gain * np.where(may_fly, np.maximum(near, FLIGHT_GAIN), near)
        moving = self._moving(beside_s, np.array([thing.arrived for thing in things], np.bool_))
        if self._area.is_known and any(one.players.size for one in seen):
            gain = np.where(moving < NO_BALL, 0.0, gain)
        return Candidates(time_s, x_m, z_m, gain, slope, moving, numbers, begun_s, ended_s), things

    def _moving(self, beside_s: Array, arrived: NDArray[np.bool_]) -> Array:
        """The fraction of its gain that a thing keeps after so many seconds beside play (N,)."""
        usual_s = np.where(arrived, ARRIVED_AGE_S, BESIDE_AGE_S if self._area.is_known else AGE_S)
        moving: Array = np.maximum(1.0 / (1.0 + (beside_s / usual_s) ** AGE_POWER), LEAST_MOVING)
        return moving

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
        rows = [
            (d.yaw_deg, d.tilt_deg, d.width_deg, d.height_deg, d.score, d.label == "ball")
            for some in things
            for d in some
        ]
        yaw, tilt, width, height, score, ball = np.array(rows, np.float64).reshape(-1, 6).T
        is_ball = ball > 0
        # The position of a player is the bottom of the box; that of a ball is the centre.
        x, z = self._geometry.angles_to_metres(yaw, tilt - np.where(is_ball, 0.0, height / 2))
        far = ~(np.hypot(x, z) <= FARTHEST_M)
        x[far], z[far] = FARTHEST_M * np.sin(np.radians(yaw[far])), FARTHEST_M * np.cos(np.radians(yaw[far]))
        seen, end = [], 0
        for one, some in zip(sets, things, strict=True):
            frame = slice(end, end := end + len(some))
            here = Seen(*(values[frame] for values in (x, z, yaw, tilt, width, height)))
            balls, people = here[is_ball[frame]], here[~is_ball[frame]]
            seen.append(self._ground_set(one.time_ns, balls, people, score[frame][is_ball[frame]]))
        return seen

    def _ground_set(self, time_ns: int, balls: Seen, people: Seen, score: Array) -> GroundSet:
        playing = people[self._area.taking_part(people)]
        where = self._area.whereabouts(balls, people)
        places = np.stack([balls.x_m, balls.z_m])
        players = np.stack([playing.x_m, playing.z_m])
        gain = _gain(places, score, players, where.aloft)
        slope = np.tan(np.radians(balls.tilt_deg))
        x_m, z_m, beside = balls.x_m.tolist(), balls.z_m.tolist(), where.beside.tolist()
        linked = self._tracklets.link(time_ns / NS_PER_S, x_m, z_m, beside)
        return GroundSet(
            np.concatenate([places, [gain, slope]]), players, float((gain * where.near).sum()), where, linked
        )


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
    weight = np.maximum(moment_s / max(WEIGHT_S, usual_step_s(seen.time_s)), 1.0)
    rows[GAIN_ROW] *= np.where(slow & (seen.gain > WEAK_GAIN), weight, 1.0)
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


def _gain(balls_m: Array, score: Array, players_m: Array, aloft: NDArray[np.bool_]) -> Array:
    """The gain of candidates for the chain: the score above 0.25, more next to a player, less far from all players.

    Low scores get only a small bonus next to a player, because otherwise a runner's boots form a chain of their
    own. A ball that would be in the air is somewhere on the line of sight; the players beside that line count.
    """
    gain: Array = np.maximum(score - LEAST_SCORE, 0.05)
    if players_m.size and gain.size:
        apart_m = balls_m[:, :, None] - players_m[:, None, :]
        nearest_m = np.sqrt((apart_m * apart_m).sum(axis=0).min(axis=1))
        gain += np.where(nearest_m < BESIDE_M, BESIDE_GAIN * np.minimum(score / LEAST_SCORE, 1.0), 0.0)
        gain *= np.interp(
            np.where(aloft, _sideways_m(balls_m, players_m), nearest_m), (ALONE_M, FAR_M), (1.0, FAR_FACTOR)
        )
    return gain


def _sideways_m(balls_m: Array, players_m: Array) -> Array:
    """The distance from the line of sight to each ball (2, N) to the nearest of the players (2, M), (N,)."""
    away_m = np.hypot(*balls_m)
    sight = balls_m / away_m
    along_m = np.clip(sight.T @ players_m, 0.0, away_m[:, None])
    apart_m = along_m * sight[:, :, None] - players_m[:, None, :]
    return np.asarray(np.sqrt((apart_m * apart_m).sum(axis=0).min(axis=1)))
