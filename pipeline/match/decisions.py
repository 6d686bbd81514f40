"""Decisions of the player on the ball: shoot, pass, cross, clear or dribble."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.match import ball as ballistics
from pipeline.match.field import GOAL_HALF_WIDTH_M, HALF_LENGTH_M, HALF_WIDTH_M
from pipeline.match.formation import FORWARD, KEEPERS, TEAM, offside_depth
from pipeline.match.restart import Restart, nearest

Array = NDArray[np.float64]

SHOT_RANGE_M: Final = 27.0
_SHORTEST_PASS_M, _LONGEST_PASS_M = 5.0, 52.0
_ARRIVAL_SPEED = 7.5
"""The speed in m/s with which a pass along the ground reaches its receiver."""
_LOFT_FROM_M = 20.0
_THROUGH_M = 9.0
_AIM_ERROR_DEG = 2.0


@dataclass(frozen=True, slots=True)
class Kick:
    """The ball's new velocity in m/s, the intended receiver, if any, and the target (u, v)."""

    speed_u: float
    speed_v: float
    speed_z: float
    receiver: int | None = None
    target: tuple[float, float] | None = None
    shot: bool = False


def on_the_ball(
    rng: random.Random,
    player: int,
    origin: Array,
    position: Array,
    velocity: Array,
    *,
    crowding_m: float,
    came_from: int,
    haste: float,
) -> Kick | None:
    """What `player` does with the ball at `origin` (2,): a kick, or None to keep it.

    ``position``, ``velocity``: (22, 2), all players'; `crowding_m`: the distance to the nearest opponent;
    `came_from`: who kicked it last; `haste`: see ``best_pass``.
    """
    if wants_to_shoot(rng, player, origin, crowding_m):
        return shoot(rng, player, origin)
    if wants_to_cross(rng, player, origin):
        return cross(rng, player, origin, position)
    worth, kick = best_pass(rng, player, position, velocity, origin, not_to=came_from, haste=haste)
    if crowding_m < 2.5 and worth < 0.3 and origin[0] * FORWARD[player] < -HALF_LENGTH_M + 22.0:
        return clearance(rng, player, origin)
    # Free space ahead makes it worthwhile to keep the ball.
    patience = 1.3 if crowding_m > 6.0 else 0.6 if crowding_m > 3.0 else 0.0
    return kick if worth > patience else None


def restart_kick(rng: random.Random, stop: Restart, origin: Array, position: Array, velocity: Array) -> Kick:
    """The kick with which the taker restarts play at `origin` (2,); not for throw-ins."""
    taker, forward = stop.taker, float(FORWARD[stop.taker])
    if stop.kind == "corner":
        return cross(rng, taker, origin, position)
    if stop.kind == "goal kick" and rng.random() < 0.6:
        target = np.array([forward * rng.uniform(-12.0, 4.0), rng.uniform(-26.0, 26.0)])
        mate = nearest((target[0], target[1]), stop.team, position)
        return pass_to(rng, origin, target, mate, lofted=True)
    if stop.kind == "free kick" and goal_distance_m(taker, origin) < SHOT_RANGE_M:
        return shoot(rng, taker, origin)
    longest_m = 22.0 if stop.kind == "kick-off" else 45.0
    return best_pass(rng, taker, position, velocity, origin, longest_m=longest_m)[1]


def from_hands(
    rng: random.Random,
    holder: int,
    origin: Array,
    position: Array,
    velocity: Array,
    *,
    height_m: float | None,
) -> Kick:
    """How a held ball is played: thrown in from `height_m`, or, if that is None, distributed by a goalkeeper."""
    if height_m is not None:
        _, kick = best_pass(rng, holder, position, velocity, origin, longest_m=20.0)
        return by_hand(kick, origin, height_m)
    if rng.random() < 0.5:
        return clearance(rng, holder, origin)
    return best_pass(rng, holder, position, velocity, origin)[1]


def header(rng: random.Random, player: int, origin: Array) -> Kick:
    """A header: at goal if that is near, otherwise away and forward."""
    if goal_distance_m(player, origin) < 12.0:
        aimed = shoot(rng, player, origin)
        return Kick(aimed.speed_u * 0.6, aimed.speed_v * 0.6, 0.5, shot=True)
    speed, heading = rng.uniform(7.0, 11.0), rng.gauss(0.0, 0.8)
    forward = float(FORWARD[player])
    return Kick(forward * speed * math.cos(heading), speed * math.sin(heading), rng.uniform(0.0, 3.0))


def goal_distance_m(player: int, position: Array) -> float:
    """The distance from a position (2,) to the centre of the goal that `player` attacks."""
    return math.hypot(HALF_LENGTH_M - position[0] * FORWARD[player], position[1])


def wants_to_shoot(rng: random.Random, player: int, position: Array, crowding_m: float) -> bool:
    """Whether a player at `position` shoots: more likely near the goal, in front of it, and unmarked."""
    distance_m = goal_distance_m(player, position)
    if distance_m > SHOT_RANGE_M:
        return False
    frontal = max(0.0, HALF_LENGTH_M - position[0] * FORWARD[player]) / max(distance_m, 0.1)
    eager = 2.2 * (1.06 - distance_m / SHOT_RANGE_M) * frontal**0.6
    return bool(rng.random() < eager * (1.0 if crowding_m > 1.5 else 0.6))


def shoot(rng: random.Random, player: int, origin: Array) -> Kick:
    """A shot at goal from `origin` (2,), aimed inside a post, with random errors."""
    forward = float(FORWARD[player])
    target_v = rng.choice((-1.0, 1.0)) * rng.uniform(1.0, GOAL_HALF_WIDTH_M - 0.4)
    away_u, away_v = forward * HALF_LENGTH_M - origin[0], target_v - origin[1]
    distance_m = math.hypot(away_u, away_v)
    heading = math.atan2(away_v, away_u) + math.radians(rng.gauss(0.0, 3.4))
    speed = min(27.5, rng.uniform(19.0, 25.0) + 0.12 * distance_m)
    height_m = abs(rng.gauss(0.5, 1.1))
    rise = ballistics.shot_rise(max(distance_m, 3.0), speed, height_m)
    return Kick(speed * math.cos(heading), speed * math.sin(heading), rise, shot=True)


def best_pass(
    rng: random.Random,
    player: int,
    position: Array,
    velocity: Array,
    origin: Array,
    *,
    longest_m: float = _LONGEST_PASS_M,
    not_to: int | None = None,
    haste: float = 0.0,
) -> tuple[float, Kick]:
    """The score of the best pass from `origin` (2,), worth playing above 0, and the pass.

    ``position``, ``velocity``: (22, 2), all players'. `not_to`: a player to avoid, the one it came from. `haste`
    (0..1): how much more than usual the pass should gain ground.
    """
    team, forward = int(TEAM[player]), float(FORWARD[player])
    mates = np.flatnonzero((team == TEAM) & (np.arange(TEAM.size) != player))
    rivals = position[team != TEAM]
    lead_s = np.linalg.norm(position[mates] - origin, axis=1) / 13.0
    target = position[mates] + velocity[mates] * np.minimum(lead_s, 1.6)[:, None]
    # A team-mate receives the ball at his feet or, the second half of the rows, as a through ball into space.
    ahead = np.stack([np.full(mates.size, _THROUGH_M * forward), -0.15 * position[mates, 1]], axis=-1)
    target = np.concatenate([target, target + ahead])
    mates = np.concatenate([mates, mates])
    through = np.arange(mates.size) >= mates.size // 2
    target[:, 0] = np.clip(target[:, 0], -HALF_LENGTH_M + 2, HALF_LENGTH_M - 2)
    target[:, 1] = np.clip(target[:, 1], -HALF_WIDTH_M + 2, HALF_WIDTH_M - 2)
    away = target - origin
    distance_m = np.maximum(np.linalg.norm(away, axis=1), 0.1)
    open_m = np.linalg.norm(target[:, None] - rivals[None], axis=-1).min(axis=1) - 2.5 * through
    lane_m = _lane(origin, away, distance_m, rivals)
    lofted = (distance_m > _LOFT_FROM_M) & ((lane_m < 2.0) | (distance_m > 34.0))
    progress_m = away[:, 0] * forward
    switch = np.abs(away[:, 1]) > 22.0
    score = (
        (0.06 + 0.05 * haste) * progress_m
        + 0.15 * np.minimum(open_m, 7.0)
        + np.where(lofted, 0.2, 0.35 * np.minimum(lane_m, 3.0))
        - 0.022 * np.abs(distance_m - 15.0)
        + np.where(switch & (open_m > 4.0), 1.2, 0.0)
        - 1.1
    )
    limit = max(offside_depth(position, team), float(origin[0]) * forward)
    score[position[mates, 0] * forward > limit + 0.4] -= 5.0
    score[(distance_m < _SHORTEST_PASS_M) | (distance_m > longest_m)] -= 5.0
    score[~lofted & (lane_m < 1.0)] -= 2.0
    score[np.isin(mates, KEEPERS)] -= np.where(through[np.isin(mates, KEEPERS)], 5.0, 0.9)
    if not_to is not None:
        score[mates == not_to] -= 0.8
    score += np.array([rng.gauss(0.0, 0.35) for _ in mates])
    best = int(score.argmax())
    kick = pass_to(rng, origin, target[best], int(mates[best]), lofted=bool(lofted[best]))
    return float(score[best]), kick


def pass_to(rng: random.Random, origin: Array, target: Array, receiver: int, *, lofted: bool) -> Kick:
    """A pass from `origin` to `target` (2,), with random errors of direction and strength."""
    away = target - origin
    distance_m = max(float(np.hypot(*away)), 1.0)
    heading = math.atan2(away[1], away[0]) + math.radians(rng.gauss(0.0, _AIM_ERROR_DEG))
    strength = rng.gauss(1.0, 0.04)
    rise = 0.0
    if lofted:
        speed, rise = ballistics.lofted_speeds(0.93 * distance_m * strength, rng.uniform(24.0, 40.0))
    else:
        speed = ballistics.rolling_speed(distance_m, _ARRIVAL_SPEED) * strength
    return Kick(
        speed * math.cos(heading),
        speed * math.sin(heading),
        rise,
        receiver,
        (float(target[0]), float(target[1])),
    )


def wants_to_cross(rng: random.Random, player: int, position: Array) -> bool:
    """Whether a player at `position` (2,) crosses: only out wide near the goal line."""
    return bool(
        position[0] * FORWARD[player] > HALF_LENGTH_M - 19.0
        and abs(position[1]) > 15.0
        and rng.random() < 0.7
    )


def cross(rng: random.Random, player: int, origin: Array, position: Array) -> Kick:
    """A high ball in front of the goal, for the team-mate nearest to where it lands."""
    target = np.array([FORWARD[player] * (HALF_LENGTH_M - rng.uniform(5.5, 12.0)), rng.uniform(-6.0, 6.0)])
    mates = (TEAM[player] == TEAM) & (np.arange(TEAM.size) != player)
    gap = np.where(mates, np.linalg.norm(position - target, axis=1), np.inf)
    return pass_to(rng, origin, target, int(gap.argmin()), lofted=True)


def clearance(rng: random.Random, player: int, origin: Array) -> Kick:
    """A clearance: a long high ball forward and outward."""
    forward = float(FORWARD[player])
    target = np.array([origin[0] + forward * rng.uniform(30, 46), origin[1] + rng.uniform(-24, 24)])
    target[1] = np.clip(target[1], -HALF_WIDTH_M, HALF_WIDTH_M)
    kick = pass_to(rng, origin, target, player, lofted=True)
    return Kick(kick.speed_u, kick.speed_v, kick.speed_z)


def dribble_heading(rng: random.Random, player: int, position: Array) -> float:
    """The direction (radians, atan2(v, u)) with the most space, mostly forward. ``position``: (22, 2)."""
    rivals = position[TEAM[player] != TEAM]
    here = position[player]
    goal_u = FORWARD[player] * HALF_LENGTH_M
    depth = here[0] * FORWARD[player]
    # Wingers run along the touchline until level with the penalty area, then everyone cuts in on goal.
    aim_v = here[1] * (0.9 if depth < 30.0 else 0.15)
    ahead = math.atan2(aim_v - here[1], goal_u - here[0])
    headings = ahead + np.radians(np.array([-75, -50, -25, 0, 25, 50, 75]))
    ends = here + 6.0 * np.stack([np.cos(headings), np.sin(headings)], axis=-1)
    room = np.linalg.norm(ends[:, None] - rivals[None], axis=-1).min(axis=1)
    room = np.minimum(room, 9.0)
    outside = (np.abs(ends[:, 1]) > HALF_WIDTH_M - 1.0) | (np.abs(ends[:, 0]) > HALF_LENGTH_M - 1.0)
    score = room - 0.03 * np.degrees(np.abs(headings - ahead)) - np.where(outside, 8.0, 0.0)
    score += np.array([rng.gauss(0.0, 0.8) for _ in headings])
    return float(headings[score.argmax()])


def _lane(origin: Array, away: Array, distance_m: Array, rivals: Array) -> Array:
    """The distance of the nearest opponent from each straight passing lane in metres, (team-mates,)."""
    direction = away / distance_m[:, None]
    offset = rivals - origin
    along = np.clip(direction @ offset.T, 0.0, distance_m[:, None])
    nearest = offset[None] - along[..., None] * direction[:, None]
    gap = np.linalg.norm(nearest, axis=-1)
    # An opponent next to the passer or the receiver counts as pressure elsewhere.
    between = (along > 1.5) & (along < distance_m[:, None] - 1.0)
    lane: Array = np.where(between, gap, 9.0).min(axis=1)
    return lane


def by_hand(kick: Kick, origin: Array, height_m: float) -> Kick:
    """A pass as a throw: the same receiver, thrown flat from `height_m`."""
    if kick.target is None:
        return kick
    away_u, away_v = kick.target[0] - origin[0], kick.target[1] - origin[1]
    distance_m = float(np.clip(math.hypot(away_u, away_v), 3.0, 20.0))
    heading = math.atan2(away_v, away_u)
    speed, rise = ballistics.lofted_speeds(distance_m * 0.9, 18.0, height_m)
    return Kick(speed * math.cos(heading), speed * math.sin(heading), rise, kick.receiver, kick.target)
