"""Ball tracker: turns the candidates in a window of time into one track, of the players if the ball is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.detector import DetectionSet
from pipeline.optics.rig_parts import Pitch, play_on
from pipeline.timebase import NS_PER_S
from pipeline.tracking.association import motion_in
from pipeline.tracking.ball_memory import BallMemory
from pipeline.tracking.flight import lift_flights
from pipeline.tracking.ground import Array, Geometry, camera_height_m
from pipeline.tracking.players import Crowd
from pipeline.tracking.sightings import SightingReader, thinned
from pipeline.tracking.smoother import GRID_S, SMOOTHNESS, Smoothness, smooth
from pipeline.tracking.unseen import Unseen

REACH_CELLS = 10
"""The players around the ball are evaluated at every so many cells of the grid."""


class Following(IntEnum):
    """What a track's target stands for."""

    NOTHING = 0
    PLAYERS = 1
    BALL = 2


@dataclass(frozen=True, slots=True)
class Track:
    """Targets every `GRID_S` from ``start_ns`` on; arrays of equal length.

    ``uncertainty_m``: how far the ball may be from the target; it grows in gaps and after the last sighting.
    """

    start_ns: int
    x_m: Array
    z_m: Array
    above_m: Array
    yaw_deg: Array
    tilt_deg: Array
    uncertainty_m: Array
    players_reach_m: Array
    """The sideways distance from the ball to the players near it."""
    following: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """The parameters of the tracker, in metres and seconds."""

    past_s: float = 4.0
    """How far before the present the association starts."""
    movement: Smoothness = SMOOTHNESS
    speed_m_s: float = 8.0
    """How fast the uncertainty grows while the ball is not seen."""
    largest_uncertainty_m: float = 15.0
    """The largest uncertainty."""
    players_radius_m: float = 7.0
    """Players within this distance of the ball should be in view with it."""
    doubt_after_s: float = 1.5
    """At this time from any sighting the players begin to draw the track towards them."""
    lost_after_s: float = 3.0
    """At this time from any sighting the players are followed instead, if any are seen."""


SETTINGS = TrackerSettings()


class BallTracker:
    """Turns the detections of a window of time into a `Track`; deterministic. One thread at a time."""

    def __init__(
        self, geometry: Geometry, settings: TrackerSettings = SETTINGS, pitch: Pitch | None = None
    ) -> None:
        """``pitch``: where the game is, if known, and of which sport; nobody else's ball is followed then."""
        self._geometry = geometry
        self._settings = settings
        self._height_m = camera_height_m(geometry)
        self._reader = SightingReader(geometry, pitch)
        self._motion = motion_in(play_on(pitch))
        self._memory = BallMemory(self._motion)

    @property
    def past_s(self) -> float:
        """Seconds before the present at which a window should begin."""
        return self._settings.past_s

    def forget(self) -> None:
        """Begin anew, for example after a seek."""
        self._reader.forget()
        self._memory = BallMemory(self._motion)

    def track(self, sets: Sequence[DetectionSet], start_ns: int, end_ns: int) -> Track:
        """The track over [start_ns, end_ns] from `sets` in time order, which may begin and end at any time."""
        sets, seen = thinned(sets, self._reader.read(sets))
        times_s = np.array([(one.time_ns - start_ns) / NS_PER_S for one in sets])
        crowd = Crowd(
            np.repeat(times_s, [one.players.shape[1] for one in seen]) if seen else np.zeros(0),
            *(np.concatenate([one.players for one in seen], axis=1) if seen else np.zeros((2, 0))),
        )
        seen_balls, things = self._reader.candidates(seen, times_s, start_ns / NS_PER_S)
        sight_s, x, z, slope = self._memory.sightings(seen_balls, things, start_ns)
        grid_s: Array = GRID_S * np.arange(
            round((end_ns - start_ns) / NS_PER_S / GRID_S) + 1, dtype=np.float64
        )
        sights = lift_flights(sight_s, x, z, slope, self._height_m)
        unseen = Unseen.of(grid_s, sights)
        doubtful = unseen.seconds > self._settings.doubt_after_s
        centre = crowd.centres(grid_s, doubtful)
        rests = unseen.rests & ~doubtful
        centre[:2, rests] = unseen.x_m[rests], unseen.z_m[rests]
        led = np.flatnonzero(np.isfinite(centre[0]))
        x_m, z_m, above_m = smooth(
            len(grid_s), (sight_s - grid_s[0]) / GRID_S, np.stack([sights.x_m, sights.z_m, sights.above_m]),
            led, centre[:2, led], self._settings.movement,
        )  # fmt: skip
        uncertainty_m = np.minimum(
            np.maximum(unseen.seconds - 0.15, 0.0) * self._settings.speed_m_s,
            self._settings.largest_uncertainty_m,
        )
        following = np.full(len(grid_s), Following.BALL, np.int8)
        lost = unseen.seconds > self._settings.lost_after_s
        following[lost] = Following.NOTHING
        by_players = lost & np.isfinite(centre[0])
        following[by_players] = Following.PLAYERS
        uncertainty_m[by_players] = np.minimum(uncertainty_m, centre[2])[by_players]
        yaw_deg, tilt_deg = self._geometry.metres_to_angles(x_m, z_m, above_m)
        players_reach_m = self._players_reach(crowd, grid_s, x_m, z_m)
        return Track(
            start_ns, x_m, z_m, above_m, yaw_deg, tilt_deg, uncertainty_m, players_reach_m, following
        )

    def _players_reach(self, crowd: Crowd, grid_s: Array, x_m: Array, z_m: Array) -> Array:
        """The sideways reach of the players around the ball on the grid, evaluated once a second."""
        if len(crowd.time_s) == 0:
            return np.zeros(len(grid_s))
        some = np.arange(0, len(grid_s), REACH_CELLS)
        radius_m = self._settings.players_radius_m
        reach = [crowd.reach_m(float(grid_s[i]), float(x_m[i]), float(z_m[i]), radius_m) for i in some]
        return np.interp(grid_s, grid_s[some], reach)
