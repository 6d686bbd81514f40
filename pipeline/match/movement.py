"""Movement: plans where everyone runs: formation, marking, pressing, receiving, goalkeeping, refereeing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.match import formation, restart
from pipeline.match.ball import Ball
from pipeline.match.field import HALF_LENGTH_M, HALF_WIDTH_M
from pipeline.match.formation import FORWARD, KEEPERS, OUTFIELD, TEAM
from pipeline.match.match_state import ASSISTANTS, PEOPLE, PLAYERS, REFEREE
from pipeline.match.restart import Restart

Array = NDArray[np.float64]

_LOOK_AHEAD_S: Final = np.concatenate([np.arange(0.1, 1.0, 0.15), np.arange(1.0, 4.1, 0.3)])
_WALK, _JOG, _RUN, _SPRINT = 1.5, 4.4, 6.8, 8.4
_TOUCHLINE_GAP_M = 0.9


@dataclass(frozen=True, slots=True)
class Situation:
    """The inputs of a plan. ``position``, ``velocity``: (25, 2), pitch metres and m/s."""

    now_s: float
    ball: Ball
    position: Array
    velocity: Array
    team: int
    owner: int | None
    holder: int | None
    receiver: int | None
    restart: Restart | None
    shot: bool
    cheering: bool


class Mover:
    """Plans the next steps of all people; remembers who makes a run behind the defence."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._wander = formation.Wander(rng)
        self._run_until_s = np.zeros(PLAYERS)
        self._run_across_m = np.zeros(PLAYERS)
        self._next_run_s = 0.0

    def start(self, players: Array) -> Array:
        """The starting positions, (25, 2), officials included."""
        officials = [
            [-4.0, 9.0],
            [12.0, -HALF_WIDTH_M - _TOUCHLINE_GAP_M],
            [-12.0, HALF_WIDTH_M + _TOUCHLINE_GAP_M],
        ]
        return np.concatenate([players, np.array(officials)])

    def plan(self, now: Situation) -> tuple[Array, Array]:
        """The targets of all people, (25, 2) in pitch metres, and their maximum speeds, (25,) in m/s."""
        targets = np.empty((PEOPLE, 2))
        players = now.position[:PLAYERS]
        targets[:PLAYERS] = self._shape(now, players)
        gap = np.hypot(*(targets[:PLAYERS] - players).T)
        speeds = np.full(PEOPLE, _RUN)
        speeds[:PLAYERS] = np.clip(0.55 * gap + 0.5, _WALK, _RUN)
        if now.restart is not None:
            self._for_restart(now.restart, now, targets, speeds)
        else:
            self._in_play(now, targets, speeds)
        self._officials(now, targets)
        return targets, speeds

    def _shape(self, now: Situation, players: Array) -> Array:
        kick_off = now.restart is not None and now.restart.kind == "kick-off"
        if kick_off and not now.cheering:
            targets = formation.kick_off_shape()
        else:
            corner = now.restart is not None and now.restart.kind == "corner"
            targets = formation.shape(now.ball.u, now.ball.v, now.team, crowd_box=corner)
            targets += self._wander.at(now.now_s)
            self._make_runs(now, targets, players)
            targets = formation.with_marking(targets, players, now.team)
        targets[list(KEEPERS)] = formation.keeper_targets(now.ball.u, now.ball.v)
        return targets

    def _make_runs(self, now: Situation, targets: Array, players: Array) -> None:
        """Let a forward of the team in possession run behind the defence now and then, but stay onside."""
        held = OUTFIELD & (now.team == TEAM)
        if now.now_s >= self._next_run_s and now.restart is None:
            self._next_run_s = now.now_s + self._rng.uniform(0.6, 1.6)
            candidates = np.flatnonzero(held & (np.hypot(*(players - [now.ball.u, now.ball.v]).T) < 38.0))
            if candidates.size:
                runner = int(self._rng.choice(candidates))
                self._run_until_s[runner] = now.now_s + self._rng.uniform(2.0, 3.5)
                self._run_across_m[runner] = self._rng.uniform(-9.0, 9.0)
        running = held & (self._run_until_s > now.now_s)
        targets[running, 0] += 13.0 * FORWARD[running]
        targets[running, 1] += self._run_across_m[running]
        line = max(formation.offside_depth(players, now.team), now.ball.u * (1.0 if now.team == 0 else -1.0))
        depth = np.minimum(targets[:, 0] * FORWARD, np.where(held, line - 0.4, HALF_LENGTH_M))
        targets[:, 0] = depth * FORWARD
        targets[:, 1] = np.clip(targets[:, 1], -HALF_WIDTH_M + 1.0, HALF_WIDTH_M - 1.0)

    def _in_play(self, now: Situation, targets: Array, speeds: Array) -> None:
        ball, players = now.ball, now.position[:PLAYERS]
        here = np.array([ball.u, ball.v])
        if now.holder is not None:
            targets[now.holder] = players[now.holder]
            return
        if now.owner is not None:
            targets[now.owner] = here + 0.35 * np.array([ball.speed_u, ball.speed_v])
            speeds[now.owner] = 7.6
            self._press(now, here, targets, speeds)
            return
        point, arrival_s = _interceptions(ball, players)
        for team in (0, 1):
            mine = np.where((team == TEAM) & OUTFIELD, arrival_s, np.inf)
            chaser = int(mine.argmin())
            if now.receiver is not None and TEAM[now.receiver] == team:
                chaser = now.receiver
            targets[chaser], speeds[chaser] = point[chaser], _SPRINT
        for keeper in KEEPERS:
            self._keep_goal(keeper, now, point[keeper], float(arrival_s[keeper]), arrival_s, targets, speeds)

    def _press(self, now: Situation, here: Array, targets: Array, speeds: Array) -> None:
        """The nearest opponent attacks the ball, the second covers behind him."""
        rivals = OUTFIELD & (now.team != TEAM)
        own_goal = np.array([-HALF_LENGTH_M * (1.0 if now.team == 1 else -1.0), 0.0])
        goalward = own_goal - here
        goalward /= max(float(np.hypot(*goalward)), 1.0)
        gap = np.where(rivals, np.hypot(*(now.position[:PLAYERS] - here - goalward).T), np.inf)
        first, second = np.argsort(gap)[:2]
        speed = np.array([now.ball.speed_u, now.ball.speed_v])
        targets[first], speeds[first] = here + 0.3 * speed + 0.4 * goalward, 5.9
        targets[second], speeds[second] = here + 0.4 * speed + 5.0 * goalward, 5.6

    def _keep_goal(
        self,
        keeper: int,
        now: Situation,
        point: Array,
        arrival_s: float,
        arrivals_s: Array,
        targets: Array,
        speeds: Array,
    ) -> None:
        ball, goal_u = now.ball, -HALF_LENGTH_M * float(FORWARD[keeper])
        if now.shot and ball.speed_u * goal_u > 0:
            line_u = goal_u + 0.7 * float(FORWARD[keeper])
            time_s = (line_u - ball.u) / ball.speed_u
            cross = float(np.clip(ball.v + ball.speed_v * max(time_s, 0.0), -4.0, 4.0))
            targets[keeper], speeds[keeper] = (line_u, cross), _SPRINT
            return
        in_box = abs(point[0] - goal_u) < 15.0 and abs(point[1]) < 18.0
        if in_box and arrival_s < arrivals_s[TEAM[keeper] != TEAM].min():
            targets[keeper], speeds[keeper] = point, _SPRINT

    def _for_restart(self, stop: Restart, now: Situation, targets: Array, speeds: Array) -> None:
        targets[stop.taker] = restart.behind_ball(stop.spot, stop.taker, stop.kind)
        gap = float(np.hypot(*(targets[stop.taker] - now.position[stop.taker])))
        speeds[stop.taker] = np.clip(0.8 * gap, _WALK, _JOG + 1.0)
        speeds[:PLAYERS] = np.minimum(speeds[:PLAYERS], _JOG + 1.4)
        # Opponents keep the distance that the laws require.
        away = targets[:PLAYERS] - stop.spot
        distance_m = np.maximum(np.hypot(*away.T), 0.1)
        keep_m = 2.5 if stop.kind == "throw-in" else 9.3
        close = (stop.team != TEAM) & OUTFIELD & (distance_m < keep_m)
        targets[:PLAYERS][close] = stop.spot + away[close] / distance_m[close, None] * keep_m

    def _officials(self, now: Situation, targets: Array) -> None:
        ball, forward = now.ball, 1.0 if now.team == 0 else -1.0
        targets[REFEREE] = (0.86 * ball.u - 6.0 * forward, 0.62 * ball.v + 5.0 * math.cos(now.now_s / 9.0))
        for assistant, team, side in zip(ASSISTANTS, (0, 1), (-1.0, 1.0), strict=True):
            depth = formation.offside_depth(now.position[:PLAYERS], team)
            ball_depth = ball.u * (1.0 if team == 0 else -1.0)
            depth = float(np.clip(max(depth, ball_depth), 0.0, HALF_LENGTH_M))
            targets[assistant] = (
                depth * (1.0 if team == 0 else -1.0),
                side * (HALF_WIDTH_M + _TOUCHLINE_GAP_M),
            )


def _interceptions(ball: Ball, players: Array) -> tuple[Array, Array]:
    """Where (22, 2) and when (22,) each player can first reach the ball; the last chance for those who cannot."""
    path = ball.future(_LOOK_AHEAD_S)
    path[:, 0] = np.clip(path[:, 0], -HALF_LENGTH_M - 1, HALF_LENGTH_M + 1)
    path[:, 1] = np.clip(path[:, 1], -HALF_WIDTH_M - 1, HALF_WIDTH_M + 1)
    gap = np.linalg.norm(players[:, None] - path[None, :, :2], axis=-1)
    needed_s = np.maximum(gap - 0.7, 0.0) / 6.6 + 0.15
    possible = (needed_s <= _LOOK_AHEAD_S) & (path[:, 2] < 2.0)
    first = np.where(possible.any(axis=1), possible.argmax(axis=1), _LOOK_AHEAD_S.size - 1)
    late_s = np.where(possible.any(axis=1), 0.0, needed_s[:, -1])
    return path[first, :2], _LOOK_AHEAD_S[first] + late_s
