"""The ball: from all candidates of a window of time to one track with its uncertainty, players where it is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.timebase import NS_PER_S
from pipeline.tracking.association import Candidates, best_chain
from pipeline.tracking.flight import lifted
from pipeline.tracking.ground import Array, Geometry, camera_height_m
from pipeline.tracking.players import Crowd

GRID_S = 0.1
"""The spacing of a track's targets."""

FARTHEST_M = 130.0
"""What is seen farther away, or above the horizon, is taken to be this far: no pitch reaches beyond."""


COMPANY_CELLS = 10
"""Every how many cells of the grid the players around the ball are looked up."""

MOMENT_NS = NS_PER_S // 20
"""Of sets nearer to each other in time than this only one is used."""

LEAST_SCORE, BESIDE_GAIN = 0.25, 0.1
BESIDE_M, ALONE_M = 3.0, 20.0
"""Nearer to a player a candidate is likelier the ball; farther from all of them less likely."""


class Following(IntEnum):
    """What a track's target is."""

    NOTHING = 0
    PLAYERS = 1
    BALL = 2


@dataclass(frozen=True, slots=True)
class Track:
    """Targets every `GRID_S` from ``start_ns`` on; arrays of one length.

    ``uncertainty_m``: how far from the target the thing may be: it grows in gaps and past the last sight.
    """

    start_ns: int
    x_m: Array
    z_m: Array
    above_m: Array
    yaw_deg: Array
    tilt_deg: Array
    uncertainty_m: Array
    company_m: Array
    """How far to the side of the ball those players stand who are near it."""
    following: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """What the tracker assumes; metres, seconds."""

    past_s: float = 4.0
    """How far before the present the association looks."""
    noise_m: float = 0.3
    """A sight's standard deviation on the ground."""
    acceleration_m_s2: float = 25.0
    """A ball's usual change of speed, over a touch."""
    speed_m_s: float = 8.0
    """How fast the uncertainty grows where nothing is seen, and the usual speed there."""
    largest_uncertainty_m: float = 15.0
    """Where that growth ends."""
    company_radius_m: float = 7.0
    """Players this near to the ball belong to what it does."""
    lost_after_s: float = 3.0
    """A gap this far from any sight is filled by the players, where any are seen."""


SETTINGS = TrackerSettings()


class BallTracker:
    """Detections of a window of time in, `Track` out; the same window gives the same bits. One thread at a time."""

    def __init__(self, geometry: Geometry, settings: TrackerSettings = SETTINGS) -> None:
        self._geometry = geometry
        self._settings = settings
        self._height_m = camera_height_m(geometry)
        # Sets arrive once and are asked for in dozens of windows: their metres are kept, by identity.
        self._read: dict[int, tuple[DetectionSet, _Seen]] = {}

    @property
    def past_s(self) -> float:
        """How far before the present a window should begin."""
        return self._settings.past_s

    def track(self, sets: Sequence[DetectionSet], start_ns: int, end_ns: int) -> Track:
        """The track over [start_ns, end_ns] from `sets`, which are in time order and may begin and end anywhere."""
        sets, seen = _thinned(sets, self._see(sets))
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
        sights = lifted(sight_s, balls[0, chain], balls[1, chain], balls[3, chain], self._height_m)
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
            # Before the first and after the last sight of a player the play is where it was nearest in time.
            nearest = _nearest(known)
            x_m, z_m, uncertainty_m = x_m[nearest], z_m[nearest], uncertainty_m[nearest]
        yaw_deg, tilt_deg = self._geometry.metres_to_angles(x_m, z_m, above_m)
        company_m = self._company(crowd, grid_s, x_m, z_m)
        return Track(start_ns, x_m, z_m, above_m, yaw_deg, tilt_deg, uncertainty_m, company_m, following)

    def _company(self, crowd: Crowd, grid_s: Array, x_m: Array, z_m: Array) -> Array:
        """The players' reach around the ball on the grid, looked up once a second."""
        if len(crowd.time_s) == 0:
            return np.zeros(len(grid_s))
        some = np.arange(0, len(grid_s), COMPANY_CELLS)
        radius_m = self._settings.company_radius_m
        reach = [crowd.reach_m(float(grid_s[i]), float(x_m[i]), float(z_m[i]), radius_m) for i in some]
        return np.interp(grid_s, grid_s[some], reach)

    def _see(self, sets: Sequence[DetectionSet]) -> list[_Seen]:
        """What each set holds, in metres; sets of earlier windows are not read again."""
        fresh = [one for one in sets if id(one) not in self._read]
        for one, seen in zip(fresh, self._metres(fresh), strict=True):
            self._read[id(one)] = (one, seen)
        found = [self._read[id(one)][1] for one in sets]
        if len(self._read) > 2 * len(sets) + 64:
            self._read = {id(one): self._read[id(one)] for one in sets}
        return found

    def _metres(self, sets: Sequence[DetectionSet]) -> list[_Seen]:
        """Balls and players of the sets on the ground, all turned into metres at once."""
        things = [[d for d in one.detections if _usable(d)] for one in sets]
        # A player stands where his box ends; a ball is where its middle is.
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
            seen.append(_Seen(np.concatenate([balls, [gain, slope]]), players, float(gain.sum())))
        return seen

    def _smooth(self, grid_s: Array, sight_s: Array, sights_m: Array) -> tuple[Array, Array, Array]:
        """x, z and height on the grid: the least squares of noise, of acceleration and of speed together.

        (Whittaker 1923, with a term of first differences, which keeps gaps straight and ends at rest.)
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
        bands = np.zeros((3, size))  # upper form: [2] diagonal, [1] next to it, [0] two away
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """One set in metres: balls (4, n) as x, z, gain for the chain, slope; players (2, m) as x, z; all gain."""

    balls: Array
    players: Array
    told: float


def _usable(one: Detection) -> bool:
    """Whether it is a ball or a player at a place."""
    return one.label in ("ball", "player") and math.isfinite(one.yaw_deg + one.tilt_deg + one.score)


def _thinned(sets: Sequence[DetectionSet], seen: Sequence[_Seen]) -> tuple[list[DetectionSet], list[_Seen]]:
    """Of each twentieth of a second the set that tells most of the ball: more cost time and help nobody."""
    best: dict[int, int] = {}
    for i, one in enumerate(sets):
        moment = one.time_ns // MOMENT_NS
        if moment not in best or seen[i].told > seen[best[moment]].told:
            best[moment] = i
    return [sets[i] for i in best.values()], [seen[i] for i in best.values()]


def _gain(balls_m: Array, score: Array, players_m: Array) -> Array:
    """What a candidate adds to a chain: its score over 0.25, more beside a player, less far from everybody.

    What hardly looks like a ball gets little of the former, else a runner's boots made a chain of their own.
    """
    gain: Array = np.maximum(score - LEAST_SCORE, 0.05)
    if players_m.size and gain.size:
        apart_m = balls_m[:, :, None] - players_m[:, None, :]
        nearest_m = np.sqrt((apart_m * apart_m).sum(axis=0).min(axis=1))
        gain += np.where(nearest_m < BESIDE_M, BESIDE_GAIN * np.minimum(score / LEAST_SCORE, 1.0), 0.0)
        gain[nearest_m > ALONE_M] *= 0.5
    return gain


def _unseen_s(grid_s: Array, sight_s: Array) -> Array:
    """Seconds from each grid time to the nearest sight; infinite when there is none."""
    if len(sight_s) == 0:
        return np.full(len(grid_s), np.inf)
    after = np.searchsorted(sight_s, grid_s)
    back = np.where(after > 0, grid_s - sight_s[np.maximum(after - 1, 0)], np.inf)
    ahead = np.where(after < len(sight_s), sight_s[np.minimum(after, len(sight_s) - 1)] - grid_s, np.inf)
    nearest: Array = np.minimum(back, ahead)
    return nearest


def _nearest(known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """For each cell the index of the nearest known one."""
    places = np.flatnonzero(known)
    cells = np.arange(len(known))
    nearest: NDArray[np.intp] = places[np.abs(cells[:, None] - places[None, :]).argmin(axis=1)]
    return nearest
