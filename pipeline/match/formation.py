"""Formations: the positions that the players aim for, shifted with the ball, with marking by defenders.

Arrays hold the 22 players, team 0 first, each team's goalkeeper first. Pure; vectorised.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.match.field import HALF_LENGTH_M, HALF_WIDTH_M
from pipeline.match.match_state import PLAYERS

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

KEEPERS: Final = (0, 11)

# Depth towards the opponents' goal and distance to the left of the attack, metres: a 4-3-3 and a 4-4-2.
_SLOTS = np.array(
    [
        [-50, 0],
        *([-31, 23], [-35, 8], [-35, -8], [-31, -23]),
        *([-19, 0], [-7, 13], [-7, -13]),
        *([11, 24], [15, 0], [11, -24]),
        [-50, 0],
        *([-31, 22], [-35, 7], [-35, -7], [-31, -22]),
        *([-8, 24], [-15, 8], [-11, -8], [-8, -24]),
        *([10, 9], [15, -6]),
    ],
    np.float64,
)

TEAM: Final = np.repeat([0, 1], 11)
FORWARD: Final[Array] = np.where(TEAM == 0, 1.0, -1.0)
"""The sign of u towards the goal that a player attacks."""
OUTFIELD: Final[Mask] = ~np.isin(np.arange(PLAYERS), KEEPERS)

_HELD_DEPTH, _HELD_WIDTH = 0.82, 1.0
_LOST_DEPTH, _LOST_WIDTH = 0.72, 0.76
_MARKING_RANGE_M = 11.0


class Wander:
    """A slow random drift of each player around the formation's position, in metres, so that nobody stands
    still."""

    def __init__(self, rng: np.random.Generator, amplitude_m: float = 1.7) -> None:
        self._rate = rng.uniform(0.35, 1.0, (2, PLAYERS, 2))
        self._phase = rng.uniform(0.0, 2 * np.pi, (2, PLAYERS, 2))
        self._amplitude_m = amplitude_m

    def at(self, time_s: float) -> Array:
        """The drift at a time, (22, 2), metres."""
        drift: Array = self._amplitude_m * np.sin(self._rate * time_s + self._phase).sum(axis=0)
        return drift


def shape(ball_u: float, ball_v: float, holding_team: int, crowd_box: bool = False) -> Array:
    """The formation positions of both teams, (22, 2) in pitch metres, for a ball at u, v held by `holding_team`.

    The team in possession spreads wide and forward, the other stays narrow and goal-side. `crowd_box`: both move
    into the attacked penalty area, as for a corner.
    """
    held = holding_team == TEAM
    ball_depth = ball_u * FORWARD
    depth = np.where(
        held,
        _SLOTS[:, 0] * _HELD_DEPTH + 0.60 * ball_depth + 7.0,
        _SLOTS[:, 0] * _LOST_DEPTH + 0.50 * ball_depth - 6.0,
    )
    depth = np.clip(depth, -45.0, 46.0)
    across = _SLOTS[:, 1] * np.where(held, _HELD_WIDTH, _LOST_WIDTH) * FORWARD + 0.27 * ball_v
    across = np.clip(across, -HALF_WIDTH_M + 2.0, HALF_WIDTH_M - 2.0)
    if crowd_box:
        joins = OUTFIELD & (np.where(held, _SLOTS[:, 0], 20.0) > -20)
        goal_depth = np.where(held, 1.0, -1.0) * (HALF_LENGTH_M - 9.0)
        depth = np.where(joins, goal_depth + _SLOTS[:, 0] % 7 - 3.5, depth)
        across = np.where(joins, _SLOTS[:, 1] * FORWARD * 0.35, across)
    return np.stack([depth * FORWARD, across], axis=-1)


def kick_off_shape() -> Array:
    """The positions at kick-off, everyone in their own half, (22, 2) in pitch metres."""
    depth = np.minimum(_SLOTS[:, 0] * 0.8 - 4.0, -1.5)
    return np.stack([depth * FORWARD, _SLOTS[:, 1] * FORWARD * 0.8], axis=-1)


def with_marking(targets: Array, positions: Array, holding_team: int) -> Array:
    """`targets` with each defender near an opponent moved to that opponent's goal side, (22, 2)."""
    marked = targets.copy()
    defends = OUTFIELD & (holding_team != TEAM)
    attackers = positions[OUTFIELD & (holding_team == TEAM)]
    gaps = np.linalg.norm(targets[defends, None] - attackers[None], axis=-1)
    nearest = gaps.argmin(axis=1)
    goal_side = attackers[nearest] - np.stack([2.2 * FORWARD[defends], 0.06 * attackers[nearest, 1]], axis=-1)
    pull = 0.5 * np.clip(1.5 * (1.0 - gaps.min(axis=1) / _MARKING_RANGE_M), 0.0, 1.0)[:, None]
    marked[defends] = targets[defends] * (1.0 - pull) + goal_side * pull
    return marked


def keeper_targets(ball_u: float, ball_v: float) -> Array:
    """The positions of the two goalkeepers, (2, 2): between ball and goal, further out if the ball is far away."""
    places = []
    for side in (-1.0, 1.0):
        goal_u = side * HALF_LENGTH_M
        away = np.array([ball_u - goal_u, ball_v])
        distance_m = float(np.hypot(*away))
        out_m = np.clip(0.09 * distance_m + 0.8, 1.2, 7.0)
        place = np.array([goal_u, 0.0]) + away / max(distance_m, 1.0) * out_m
        place[1] = np.clip(place[1], -4.5, 4.5)
        places.append(place)
    return np.array(places)


def offside_depth(positions: Array, attacking_team: int) -> float:
    """The depth in metres of the second-last defender, beyond which an attacker is offside."""
    sign = 1.0 if attacking_team == 0 else -1.0
    depths = np.sort(positions[attacking_team != TEAM, 0] * sign)
    return float(max(depths[-2], 0.0))
