"""Ball tracker: turns the candidates in a window of time into one track, of the players if the ball is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from pipeline.analysis.detector import DetectionSet
from pipeline.timebase import NS_PER_S
from pipeline.tracking.association import Candidates, best_chain
from pipeline.tracking.flight import lift_flights
from pipeline.tracking.ground import Array, Geometry, camera_height_m
from pipeline.tracking.players import Crowd
from pipeline.tracking.sightings import SightingReader, thinned

GRID_S = 0.1
"""The spacing of a track's targets."""

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
    noise_m: float = 0.3
    """The standard deviation of a sighting on the ground."""
    acceleration_m_s2: float = 25.0
    """The typical change of the ball's speed at a touch."""
    speed_m_s: float = 8.0
    """How fast the uncertainty grows while the ball is not seen, and the typical speed then."""
    largest_uncertainty_m: float = 15.0
    """The largest uncertainty."""
    players_radius_m: float = 7.0
    """Players within this distance of the ball should be in view with it."""
    lost_after_s: float = 3.0
    """At this time from any sighting the players are followed instead, if any are seen."""


SETTINGS = TrackerSettings()


class BallTracker:
    """Turns the detections of a window of time into a `Track`; deterministic. One thread at a time."""

    def __init__(self, geometry: Geometry, settings: TrackerSettings = SETTINGS) -> None:
        self._geometry = geometry
        self._settings = settings
        self._height_m = camera_height_m(geometry)
        self._reader = SightingReader(geometry)

    @property
    def past_s(self) -> float:
        """Seconds before the present at which a window should begin."""
        return self._settings.past_s

    def track(self, sets: Sequence[DetectionSet], start_ns: int, end_ns: int) -> Track:
        """The track over [start_ns, end_ns] from `sets` in time order, which may begin and end at any time."""
        sets, seen = thinned(sets, self._reader.read(sets))
        times_s = np.array([(one.time_ns - start_ns) / NS_PER_S for one in sets])
        crowd = Crowd(
            np.repeat(times_s, [one.players.shape[1] for one in seen]) if seen else np.zeros(0),
            *(np.concatenate([one.players for one in seen], axis=1) if seen else np.zeros((2, 0))),
        )
        balls = np.concatenate([one.balls for one in seen], axis=1) if seen else np.zeros((4, 0))
        ball_times_s = np.repeat(times_s, [one.balls.shape[1] for one in seen]) if seen else np.zeros(0)
        chain = best_chain(Candidates(ball_times_s, *balls))
        grid_s: Array = GRID_S * np.arange(
            round((end_ns - start_ns) / NS_PER_S / GRID_S) + 1, dtype=np.float64
        )
        sight_s = ball_times_s[chain]
        sights = lift_flights(sight_s, balls[0, chain], balls[1, chain], balls[3, chain], self._height_m)
        x_m, z_m, above_m = self._smooth(grid_s, sight_s, np.stack([sights.x_m, sights.z_m, sights.above_m]))
        unseen_s = _unseen_s(grid_s, sight_s)
        uncertainty_m = np.minimum(
            np.maximum(unseen_s - 0.15, 0.0) * self._settings.speed_m_s, self._settings.largest_uncertainty_m
        )
        following = np.full(len(grid_s), Following.BALL, np.int8)
        lost = unseen_s > self._settings.lost_after_s
        following[lost] = Following.NOTHING
        for i in np.flatnonzero(lost):
            play = crowd.centre(float(grid_s[i]))
            if play is not None:
                x_m[i], z_m[i], uncertainty_m[i] = play
                above_m[i], following[i] = 0.0, Following.PLAYERS
        known = following == Following.PLAYERS
        if len(chain) == 0 and known.any():
            # Before the first and after the last sighting of a player, the play is at the nearest known position.
            nearest = _nearest(known)
            x_m, z_m, uncertainty_m = x_m[nearest], z_m[nearest], uncertainty_m[nearest]
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

    def _smooth(self, grid_s: Array, sight_s: Array, sights_m: Array) -> tuple[Array, Array, Array]:
        """x, z and height on the grid, smoothed by least squares of noise, acceleration and speed.

        Whittaker 1923, with an additional term of first differences, which keeps gaps straight and the ends at
        rest.
        """
        size = len(grid_s)
        if len(sight_s) == 0:
            return np.zeros(size), np.full(size, 40.0), np.zeros(size)
        settings = self._settings
        place = np.clip((sight_s - grid_s[0]) / GRID_S, 0.0, size - 1.000001)
        cell = place.astype(np.intp)
        part = place - cell
        inside = (sight_s >= grid_s[0] - GRID_S) & (sight_s <= grid_s[-1] + GRID_S)
        if not inside.any():
            nearest = 0 if sight_s[0] > grid_s[-1] else -1
            return np.full(size, sights_m[0, nearest]), np.full(size, sights_m[1, nearest]), np.zeros(size)
        cell, part, sights_m = cell[inside], part[inside], sights_m[:, inside]
        weight = 1.0 / settings.noise_m**2
        bands = np.zeros((3, size))  # upper banded form: [2] is the diagonal
        bands[2] += weight * np.bincount(cell, (1 - part) ** 2, size)
        bands[2] += weight * np.bincount(cell + 1, part**2, size)
        bands[1, 1:] += weight * np.bincount(cell, part * (1 - part), size)[:-1]
        right = np.stack(
            [
                weight
                * (np.bincount(cell, (1 - part) * axis, size) + np.bincount(cell + 1, part * axis, size))
                for axis in sights_m
            ],
            axis=1,
        )
        stiff = 1.0 / (settings.acceleration_m_s2 * GRID_S**2) ** 2
        slow = 1.0 / (settings.speed_m_s * GRID_S) ** 2
        bands[2, :-2] += stiff
        bands[2, 1:-1] += 4 * stiff
        bands[2, 2:] += stiff
        bands[1, 1:-1] -= 2 * stiff
        bands[1, 2:] -= 2 * stiff
        bands[0, 2:] += stiff
        bands[2, :-1] += slow
        bands[2, 1:] += slow
        bands[1, 1:] -= slow
        smooth = solveh_banded(bands, right, check_finite=False)
        return smooth[:, 0], smooth[:, 1], np.maximum(smooth[:, 2], 0.0)


def _unseen_s(grid_s: Array, sight_s: Array) -> Array:
    """Seconds from each grid time to the nearest sighting; infinite without one."""
    if len(sight_s) == 0:
        return np.full(len(grid_s), np.inf)
    after = np.searchsorted(sight_s, grid_s)
    back = np.where(after > 0, grid_s - sight_s[np.maximum(after - 1, 0)], np.inf)
    ahead = np.where(after < len(sight_s), sight_s[np.minimum(after, len(sight_s) - 1)] - grid_s, np.inf)
    nearest: Array = np.minimum(back, ahead)
    return nearest


def _nearest(known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The index of the nearest known cell for each cell."""
    places = np.flatnonzero(known)
    cells = np.arange(len(known))
    nearest: NDArray[np.intp] = places[np.abs(cells[:, None] - places[None, :]).argmin(axis=1)]
    return nearest
