"""Restarts of play: after goals, balls out of play and fouls; where, by whom, and the ball's way there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.match.ball import ROLLING_DECELERATION, Ball
from pipeline.match.field import (
    BOX_DEPTH_M,
    BOX_HALF_WIDTH_M,
    GOAL_AREA_DEPTH_M,
    GOAL_AREA_HALF_WIDTH_M,
    GOAL_HALF_WIDTH_M,
    GOAL_HEIGHT_M,
    HALF_LENGTH_M,
    HALF_WIDTH_M,
)
from pipeline.match.formation import FORWARD, KEEPERS, OUTFIELD, TEAM

Array = NDArray[np.float64]
Stop = Literal["kick-off", "throw-in", "goal kick", "corner", "free kick"]

_SHORTEST_S: dict[Stop, float] = {
    "kick-off": 9.0,
    "throw-in": 2.5,
    "goal kick": 4.5,
    "corner": 5.0,
    "free kick": 3.0,
}
_GIVE_UP_S = 25.0
_LEFT_ROLLING_S: dict[Stop, float] = {"kick-off": 4.5}
_LEFT_ROLLING_ELSE_S = 1.2
"""How long nobody fetches the ball, longer after a goal."""


@dataclass(slots=True)
class Restart:
    """A restart: the ball rolls out, is returned to the spot, and the taker walks up to it."""

    kind: Stop
    team: int
    spot: tuple[float, float]
    taker: int
    since_s: float
    sent_back: bool = False

    def bring_ball(self, ball: Ball, now_s: float) -> None:
        """Let the ball roll for a moment, then return it to the spot, where it comes to rest."""
        away_u, away_v = self.spot[0] - ball.u, self.spot[1] - ball.v
        distance_m = math.hypot(away_u, away_v)
        if self.sent_back and ball.ground_speed < 0.3 and distance_m < 0.4:
            ball.kick(0.0, 0.0)
        elif (
            now_s - self.since_s > _LEFT_ROLLING_S.get(self.kind, _LEFT_ROLLING_ELSE_S)
            and not ball.flying
            and (not self.sent_back or ball.ground_speed < 0.3)
        ):
            self.sent_back = True
            speed = min(20.0, math.sqrt(2 * ROLLING_DECELERATION * distance_m) + 0.02)
            ball.kick(speed * away_u / max(distance_m, 0.1), speed * away_v / max(distance_m, 0.1))

    def ready(self, ball: Ball, taker_at: Array, now_s: float) -> bool:
        """Whether ball and taker are at the spot and everyone has had time to take up position."""
        waited_s = now_s - self.since_s
        there = (
            math.hypot(ball.u - self.spot[0], ball.v - self.spot[1]) < 0.5
            and ball.ground_speed < 0.5
            and math.hypot(*(taker_at - self.spot)) < 1.2
        )
        return (there and waited_s > _SHORTEST_S[self.kind]) or waited_s > _GIVE_UP_S


def is_goal(before: tuple[float, float, float], ball: Ball) -> bool:
    """Whether the ball crossed a goal line between the posts on its way from `before` (u, v, z)."""
    if not abs(ball.u) > HALF_LENGTH_M >= abs(before[0]):
        return False
    part = (HALF_LENGTH_M - abs(before[0])) / max(abs(ball.u) - abs(before[0]), 1e-9)
    v = before[1] + part * (ball.v - before[1])
    z = before[2] + part * (ball.z - before[2])
    return abs(v) < GOAL_HALF_WIDTH_M and z < GOAL_HEIGHT_M


def after_goal(conceding_team: int, now_s: float) -> Restart:
    """The kick-off for the team that conceded the goal."""
    forwards = [player for player in range(22) if TEAM[player] == conceding_team][-2:]
    return Restart("kick-off", conceding_team, (0.0, 0.0), forwards[0], now_s)


def after_out(ball: Ball, last_team: int, position: Array, now_s: float) -> Restart:
    """The throw-in, corner or goal kick for a ball that `last_team` put out of play."""
    other = 1 - last_team
    if abs(ball.u) <= HALF_LENGTH_M:
        u = float(np.clip(ball.u, -HALF_LENGTH_M + 2, HALF_LENGTH_M - 2))
        spot = (u, math.copysign(HALF_WIDTH_M + 0.2, ball.v))
        return Restart("throw-in", other, spot, nearest(spot, other, position), now_s)
    end = math.copysign(1.0, ball.u)
    defending = 0 if end < 0 else 1
    side = math.copysign(1.0, ball.v)
    if last_team == defending:
        spot = (end * (HALF_LENGTH_M - 0.5), side * (HALF_WIDTH_M - 0.5))
        return Restart("corner", other, spot, nearest(spot, other, position), now_s)
    spot = (end * (HALF_LENGTH_M - GOAL_AREA_DEPTH_M), side * GOAL_AREA_HALF_WIDTH_M * 0.6)
    return Restart("goal kick", defending, spot, KEEPERS[defending], now_s)


def after_foul(place: tuple[float, float], team: int, position: Array, now_s: float) -> Restart:
    """A free kick for `team`; instead of a penalty, it is taken from the edge of the penalty area."""
    u, v = place
    inside = abs(u) > HALF_LENGTH_M - BOX_DEPTH_M and abs(v) < BOX_HALF_WIDTH_M
    if inside:
        u = math.copysign(HALF_LENGTH_M - BOX_DEPTH_M - 1.0, u)
    spot = (u, float(np.clip(v, -HALF_WIDTH_M + 1, HALF_WIDTH_M - 1)))
    return Restart("free kick", team, spot, nearest(spot, team, position), now_s)


def nearest(place: tuple[float, float], team: int, position: Array) -> int:
    """The outfield player of `team` nearest to a position."""
    gap = np.linalg.norm(position - place, axis=1)
    return int(np.where(OUTFIELD & (team == TEAM), gap, np.inf).argmin())


def behind_ball(spot: tuple[float, float], taker: int, kind: Stop) -> tuple[float, float]:
    """Where the taker waits: outside the line for a throw-in, otherwise behind the ball."""
    if kind == "throw-in":
        return spot[0], spot[1] + math.copysign(0.5, spot[1])
    return spot[0] - 0.8 * float(FORWARD[taker]), spot[1]
