"""Play: simulates the match, 22 players, three officials and a ball, tick by tick from a seed."""

from __future__ import annotations

import math
import random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.match import decisions, movement, restart
from pipeline.match.ball import Ball
from pipeline.match.decisions import Kick
from pipeline.match.field import (
    BOX_DEPTH_M,
    BOX_HALF_WIDTH_M,
    HALF_LENGTH_M,
    HALF_WIDTH_M,
)
from pipeline.match.formation import FORWARD, KEEPERS, TEAM, kick_off_shape
from pipeline.match.match_state import PEOPLE, PLAYERS, Act, Event, EventKind, MatchState
from pipeline.match.restart import Restart
from pipeline.match.running import Runners
from pipeline.match.tension import Tension

Array = NDArray[np.float64]

TICK_HZ: Final = 30
TICK_S: Final = 1.0 / TICK_HZ

_PLAN_EVERY = 2
"""Ticks between two plans: the reaction time."""
_REACH_M = 0.95
_KEEPER_REACH_M = 1.3
_DIVE_REACH_M = 2.7
_DIVE_FROM_M = 0.9
_CHEST_M, _HEAD_M, _HANDS_M = 1.1, 2.2, 2.5
_LOST_BALL_M = 2.6
_BESIDE_M = 2.0
"""Players this near a kick react too late to reach the ball at once."""
_COMING_IN_S = 1.0
"""A ball that is thrown or kicked in may be outside the lines for this long."""
_HAND_SPEED = 7.0
"""The speed of a ball held in the hands, m/s."""


class Play:
    """A match without an end, simulated as far as it is asked for. Deterministic; one thread at a time."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._mover = movement.Mover(np.random.default_rng(seed))
        self._tick = 0
        self._ball = Ball()
        self._runners = Runners.standing(self._mover.start(kick_off_shape()))
        self._targets, self._speeds = self._runners.position.copy(), np.zeros(PEOPLE)
        self._owner: int | None = None
        self._holder: int | None = None
        self._hold_until_s = 0.0
        self._thrown_in = False
        self._receiver: int | None = None
        self._shot = False
        self._last_kicker = 9
        self._team = seed % 2
        self._restart: Restart | None = restart.after_goal(self._team, 0.0)
        self._restart.since_s = -8.0
        self._blocked_until_s = np.zeros(PLAYERS)
        self._decide_at_s = 0.0
        self._touched_at_s = 0.0
        self._restarted_at_s = 0.0
        self._heading = 0.0
        self._tension = Tension()
        self._cheer_until_s = 0.0
        self._score = [0, 0]
        self._events: list[Event] = []
        self._acts: dict[int, tuple[Act, float]] = {}
        self._now = self._state()
        self._next = self._now
        self._advance()

    def at(self, time_s: float) -> MatchState:
        """The state at a time of the match, not earlier than in the previous call.

        Positions are interpolated between ticks. Raises ValueError for an earlier time.
        """
        if time_s < self._now.time_s - 1e-9:
            raise ValueError(
                f"the match is at {self._now.time_s:.3f} s and does not run back to {time_s:.3f}"
            )
        while self._next.time_s < time_s:
            self._now = self._next
            self._advance()
        return self._now.towards(self._next, (time_s - self._now.time_s) / TICK_S)

    def heard(self) -> list[Event]:
        """The events since the previous call, in order, up to one tick after the last ``at``."""
        events, self._events = self._events, []
        return events

    def _advance(self) -> None:
        self._tick += 1
        self._step(self._tick * TICK_S)
        self._next = self._state()

    def _state(self) -> MatchState:
        runners, ball = self._runners, self._ball
        return MatchState(
            self._tick * TICK_S,
            runners.position.copy(),
            runners.facing.copy(),
            np.hypot(runners.velocity[:, 0], runners.velocity[:, 1]),
            runners.stride.copy(),
            (ball.u, ball.v, ball.z),
            self._tension.danger,
            (self._score[0], self._score[1]),
            {person: act for person, (act, until_s) in self._acts.items() if self._tick * TICK_S < until_s},
        )

    def _step(self, now_s: float) -> None:
        if self._tick % _PLAN_EVERY == 1:
            self._targets, self._speeds = self._plan(now_s)
        ball = self._ball
        self._runners.step(self._targets, self._speeds, np.array([ball.u, ball.v]), TICK_S)
        before = (ball.u, ball.v, ball.z)
        if self._holder is not None:
            self._in_hands(self._holder, now_s)
        else:
            ball.step(TICK_S)
        if self._restart is not None:
            self._dead_ball(self._restart, now_s)
        elif self._holder is None and not self._over_the_line(before, now_s):
            if self._owner is None:
                self._contest(now_s)
            else:
                self._on_the_ball(self._owner, now_s)
        self._tension.step(
            ball, TICK_S, now_s, dead=self._restart is not None, cheering=now_s < self._cheer_until_s
        )

    def _plan(self, now_s: float) -> tuple[Array, Array]:
        return self._mover.plan(
            movement.Situation(
                now_s,
                self._ball,
                self._runners.position,
                self._runners.velocity,
                self._team,
                self._owner,
                self._holder,
                self._receiver,
                self._restart,
                self._shot,
                now_s < self._cheer_until_s,
            )
        )

    # Dead balls

    def _dead_ball(self, stop: Restart, now_s: float) -> None:
        if self._holder is None:
            stop.bring_ball(self._ball, now_s)
        if not stop.ready(self._ball, self._runners.position[stop.taker], now_s):
            return
        self._restart = None
        self._restarted_at_s = now_s
        self._team, self._last_kicker, taker = stop.team, stop.taker, stop.taker
        if stop.kind == "throw-in":
            self._holder, self._thrown_in, self._hold_until_s = taker, True, now_s + 0.9
            self._acts[taker] = ("throw", now_s + 1.2)
            return
        if stop.kind == "kick-off":
            self._hear(now_s, "kick-off", 0.0)
            self._hear(now_s, "whistle", 0.7)
        kick = decisions.restart_kick(self._rng, stop, self._ball_place(), *self._players())
        self._kick(taker, kick, now_s)

    def _stop(self, stop: Restart, now_s: float, loudness: float) -> None:
        self._restart, self._team = stop, stop.team
        self._owner = self._holder = self._receiver = None
        self._shot = False
        self._hear(now_s, "whistle", loudness)

    def _over_the_line(self, before: tuple[float, float, float], now_s: float) -> bool:
        ball, position = self._ball, self._runners.position[:PLAYERS]
        if abs(ball.u) <= HALF_LENGTH_M and abs(ball.v) <= HALF_WIDTH_M:
            return False
        if now_s < self._restarted_at_s + _COMING_IN_S:
            return False
        if restart.is_goal(before, ball):
            scorer = 0 if ball.u > 0 else 1
            self._score[scorer] += 1
            self._cheer_until_s = now_s + 7.0
            self._celebrate(scorer, now_s)
            self._hear(now_s, "goal", 1.0)
            self._stop(restart.after_goal(1 - scorer, now_s), now_s, 1.0)
            return True
        stop = restart.after_out(ball, int(TEAM[self._last_kicker]), position, now_s)
        self._stop(stop, now_s, 0.35 if stop.kind == "throw-in" else 0.6)
        return True

    def _celebrate(self, team: int, now_s: float) -> None:
        for player in np.flatnonzero(team == TEAM):
            self._acts[int(player)] = ("cheer", now_s + self._rng.uniform(2.5, 5.5))

    # Hands

    def _in_hands(self, holder: int, now_s: float) -> None:
        place = self._runners.position[holder] + 0.3 * self._runners.facing[holder]
        ball = self._ball
        way = np.array([place[0] - ball.u, place[1] - ball.v, (2.0 if self._thrown_in else 1.0) - ball.z])
        way *= min(1.0, _HAND_SPEED * TICK_S / max(float(np.linalg.norm(way)), 1e-9))
        ball.u, ball.v, ball.z = ball.u + way[0], ball.v + way[1], ball.z + way[2]
        ball.kick(0.0, 0.0)
        if now_s < self._hold_until_s:
            return
        kick = decisions.from_hands(
            self._rng,
            holder,
            self._ball_place(),
            *self._players(),
            height_m=ball.z if self._thrown_in else None,
        )
        self._holder, self._thrown_in, self._restarted_at_s = None, False, now_s
        self._kick(holder, kick, now_s)

    # The free ball

    def _contest(self, now_s: float) -> None:
        ball, position = self._ball, self._runners.position[:PLAYERS]
        gap = np.hypot(position[:, 0] - ball.u, position[:, 1] - ball.v)
        reach = np.full(PLAYERS, _REACH_M)
        for keeper in KEEPERS:
            if self._in_own_box(keeper):
                reach[keeper] = _DIVE_REACH_M if self._shot else _KEEPER_REACH_M
        near = (gap < reach) & (now_s >= self._blocked_until_s)
        if not near.any() or ball.z > _HANDS_M:
            return
        player = int(np.where(near, gap, np.inf).argmin())
        if player in KEEPERS and self._in_own_box(player):
            self._keep(player, float(gap[player]), now_s)
        elif ball.z < _CHEST_M:
            self._trap(player, now_s)
        elif ball.z < _HEAD_M:
            self._kick(player, decisions.header(self._rng, player, self._ball_place()), now_s)

    def _trap(self, player: int, now_s: float) -> None:
        ball, velocity = self._ball, self._runners.velocity[player]
        closing = math.hypot(ball.speed_u - velocity[0], ball.speed_v - velocity[1])
        if player == self._receiver:
            sure = 0.97 if closing < 14.0 else 0.85
        elif TEAM[player] == self._team:
            sure = 0.9 if closing < 9.0 else 0.4
        else:
            sure = 0.6 if closing < 9.0 else 0.16
        self._last_kicker = player
        if self._rng.random() < sure:
            self._own(player, now_s)
            return
        self._blocked_until_s[player] = now_s + 0.5
        turn = math.radians(self._rng.gauss(0.0, 35.0))
        slower = self._rng.uniform(0.35, 0.75)
        u, v = ball.speed_u * slower, ball.speed_v * slower
        ball.kick(
            u * math.cos(turn) - v * math.sin(turn), u * math.sin(turn) + v * math.cos(turn), ball.speed_z
        )
        self._shot = False

    def _own(self, player: int, now_s: float) -> None:
        velocity = self._runners.velocity[player]
        ball = self._ball
        ball.kick(0.7 * velocity[0] + 0.12 * ball.speed_u, 0.7 * velocity[1] + 0.12 * ball.speed_v)
        self._owner, self._team, self._receiver, self._shot = player, int(TEAM[player]), None, False
        self._decide_at_s = now_s + self._rng.uniform(0.4, 1.5)
        self._touched_at_s = now_s
        self._heading = decisions.dribble_heading(self._rng, player, self._runners.position[:PLAYERS])

    def _keep(self, keeper: int, gap_m: float, now_s: float) -> None:
        ball, rng = self._ball, self._rng
        self._last_kicker = keeper
        if self._shot and gap_m > _DIVE_FROM_M:
            self._dive(keeper, now_s)
        if self._shot and rng.random() > 1.08 - 0.20 * gap_m - 0.004 * ball.ground_speed:
            self._blocked_until_s[keeper] = now_s + 1.0
            return
        if ball.ground_speed > 14.0 and rng.random() < 0.5:
            self._blocked_until_s[keeper] = now_s + 0.7
            wide = math.copysign(rng.uniform(5, 9), ball.v or 1.0)
            out = float(-FORWARD[keeper]) * rng.uniform(-3.0, 4.0)
            self._shot = False
            ball.kick(out, wide, rng.uniform(0, 3))
            return
        self._holder, self._team, self._owner = keeper, int(TEAM[keeper]), None
        self._receiver, self._shot = None, False
        self._hold_until_s = now_s + rng.uniform(2.0, 3.5)

    def _dive(self, keeper: int, now_s: float) -> None:
        (u, v), (facing_u, facing_v) = self._runners.position[keeper], self._runners.facing[keeper]
        to_the_left = -(self._ball.u - u) * facing_v + (self._ball.v - v) * facing_u
        self._acts[keeper] = ("dive-left" if to_the_left > 0 else "dive-right", now_s + 0.9)

    # The player on the ball

    def _on_the_ball(self, player: int, now_s: float) -> None:
        ball, position = self._ball, self._runners.position[:PLAYERS]
        gap_m = math.hypot(position[player, 0] - ball.u, position[player, 1] - ball.v)
        if gap_m > _LOST_BALL_M:
            self._owner = None
            return
        rivals = np.flatnonzero(TEAM[player] != TEAM)
        crowd = np.hypot(position[rivals, 0] - ball.u, position[rivals, 1] - ball.v)
        nearest = int(crowd.argmin())
        if self._tackled(player, int(rivals[nearest]), float(crowd[nearest]), now_s):
            return
        if gap_m > 0.85 or now_s - self._touched_at_s < 0.27:
            return
        crowding_m = float(crowd[nearest])
        if now_s >= self._decide_at_s or (crowding_m < 1.8 and now_s >= self._decide_at_s - 0.4):
            kick = decisions.on_the_ball(
                self._rng,
                player,
                self._ball_place(),
                *self._players(),
                crowding_m=crowding_m,
                came_from=self._last_kicker,
                haste=self._tension.haste(now_s),
            )
            self._decide_at_s = now_s + self._rng.uniform(0.6, 1.5)
            if kick is not None:
                self._kick(player, kick, now_s)
                return
            self._heading = decisions.dribble_heading(self._rng, player, position)
        self._dribble(player, crowding_m, now_s)

    def _dribble(self, player: int, crowding_m: float, now_s: float) -> None:
        velocity = self._runners.velocity[player]
        pace = 7.0 if crowding_m > 6.0 else 4.6 if crowding_m > 3.0 else 3.6
        along = velocity[0] * math.cos(self._heading) + velocity[1] * math.sin(self._heading)
        speed = 0.45 * pace + 0.6 * max(along, 0.0) + 0.5
        self._ball.kick(speed * math.cos(self._heading), speed * math.sin(self._heading))
        self._touched_at_s = now_s
        self._last_kicker = player
        if self._rng.random() < 0.3:
            self._heading = decisions.dribble_heading(self._rng, player, self._runners.position[:PLAYERS])

    def _tackled(self, player: int, rival: int, gap_m: float, now_s: float) -> bool:
        rng = self._rng
        if gap_m > 1.25 or now_s < self._blocked_until_s[rival] or rng.random() > 0.04:
            return False
        self._blocked_until_s[rival] = now_s + 0.8
        luck = rng.random()
        if luck < 0.36:
            self._blocked_until_s[player] = now_s + 0.8
            self._blocked_until_s[rival] = now_s
            self._last_kicker = rival
            self._own(rival, now_s)
            return True
        if luck < 0.60:
            self._blocked_until_s[player] = now_s + 0.5
            heading, speed = rng.uniform(-math.pi, math.pi), rng.uniform(4.0, 9.0)
            kick = Kick(speed * math.cos(heading), speed * math.sin(heading), 0.0)
            self._kick(rival, kick, now_s)
            return True
        if luck < 0.68:
            place = (self._ball.u, self._ball.v)
            stop = restart.after_foul(place, int(TEAM[player]), self._runners.position[:PLAYERS], now_s)
            self._stop(stop, now_s, 0.9)
            return True
        return False

    def _kick(self, player: int, kick: Kick, now_s: float) -> None:
        ball = self._ball
        ball.kick(kick.speed_u, kick.speed_v, kick.speed_z)
        self._owner, self._receiver, self._shot = None, kick.receiver, kick.shot
        if ball.z < _CHEST_M:
            self._acts[player] = ("kick", now_s + 0.27)
        self._last_kicker = player
        position = self._runners.position[:PLAYERS]
        beside = np.hypot(position[:, 0] - ball.u, position[:, 1] - ball.v) < _BESIDE_M
        self._blocked_until_s[beside] = np.maximum(self._blocked_until_s[beside], now_s + 0.25)
        self._blocked_until_s[player] = now_s + 0.6
        if kick.shot:
            self._hear(now_s, "shot", 0.0)
        self._hear(now_s, "kick", min(1.0, 0.1 + math.hypot(ball.ground_speed, ball.speed_z) / 28.0))

    # Shared parts

    def _players(self) -> tuple[Array, Array]:
        """The 22 players' positions and velocities."""
        return self._runners.position[:PLAYERS], self._runners.velocity[:PLAYERS]

    def _ball_place(self) -> Array:
        return np.array([self._ball.u, self._ball.v])

    def _in_own_box(self, player: int) -> bool:
        depth = self._ball.u * FORWARD[player]
        return bool(depth < -HALF_LENGTH_M + BOX_DEPTH_M and abs(self._ball.v) < BOX_HALF_WIDTH_M)

    def _hear(self, time_s: float, kind: EventKind, strength: float) -> None:
        self._events.append(Event(time_s, kind, (self._ball.u, self._ball.v), strength))
