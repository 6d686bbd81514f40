"""Tension of the match: how near play is to a goal, and how long no goal was in danger."""

from __future__ import annotations

import math
from typing import Final

from pipeline.match.ball import Ball
from pipeline.match.field import BOX_DEPTH_M, HALF_LENGTH_M

_PATIENT_S: Final = 45.0
"""After this long without danger both teams play as directly as they can."""


class Tension:
    """Follows the danger to a goal, which rises fast and falls slowly. One thread at a time."""

    def __init__(self) -> None:
        self.danger = 0.0
        """0 to 1: how near play is to a goal; 1 during a celebration."""
        self._near_goal_at_s = 0.0

    def step(self, ball: Ball, dt_s: float, now_s: float, *, dead: bool, cheering: bool) -> None:
        """Advance by `dt_s` to `now_s`; `dead`: the ball is out of play; `cheering`: a goal is celebrated."""
        to_goal = math.hypot(HALF_LENGTH_M - abs(ball.u), ball.v)
        if abs(ball.u) > HALF_LENGTH_M - BOX_DEPTH_M:
            self._near_goal_at_s = now_s
        danger = math.exp(-((to_goal / 21.0) ** 2))
        danger = max(danger * (0.45 if dead else 1.0), 1.0 if cheering else 0.0)
        rate = 2.5 if danger > self.danger else 0.45
        self.danger += (danger - self.danger) * rate * dt_s

    def haste(self, now_s: float) -> float:
        """0 to 1: the longer no goal was in danger, the more directly both teams play."""
        return min(1.0, (now_s - self._near_goal_at_s) / _PATIENT_S)
