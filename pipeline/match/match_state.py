"""The output of the simulation: MatchState (everyone's position) and sound events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PLAYERS: Final = 22
REFEREE: Final = 22
ASSISTANTS: Final = (23, 24)
PEOPLE: Final = 25

EventKind = Literal["kick", "whistle", "goal", "shot", "kick-off"]
Act = Literal["kick", "throw", "cheer", "dive-left", "dive-right"]
"""Actions other than standing, walking and running."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: match time in seconds, kind, position (u, v in m), and loudness (0..1; 0 if it is not heard).

    A goal, a shot and a kick-off also have a kick, or a whistle, of their own.
    """

    time_s: float
    kind: EventKind
    place: tuple[float, float]
    strength: float


@dataclass(frozen=True, slots=True)
class MatchState:
    """All people and the ball at one instant, in pitch metres.

    ``position``, ``facing`` (unit vectors): (25, 2), rows 0-10 and 11-21 the teams, goalkeepers first, then the
    referee and the assistants. ``speed`` (m/s) and ``stride`` (gait cycle, 0..1): (25,). ``ball``: u, v and the
    height of its lowest point. ``danger``: 0..1, how near play is to a goal. ``acts``: actions by row.
    """

    time_s: float
    position: Array
    facing: Array
    speed: Array
    stride: Array
    ball: tuple[float, float, float]
    danger: float
    score: tuple[int, int]
    acts: Mapping[int, Act] = field(default_factory=dict)

    def towards(self, later: MatchState, part: float) -> MatchState:
        """The state `part` (0..1) of the way to the next tick's."""
        turn = (later.stride - self.stride + 0.5) % 1.0 - 0.5
        ball = tuple(a + (b - a) * part for a, b in zip(self.ball, later.ball, strict=True))
        return MatchState(
            self.time_s + (later.time_s - self.time_s) * part,
            self.position + (later.position - self.position) * part,
            self.facing + (later.facing - self.facing) * part,
            self.speed + (later.speed - self.speed) * part,
            (self.stride + turn * part) % 1.0,
            (ball[0], ball[1], ball[2]),
            self.danger + (later.danger - self.danger) * part,
            self.score,
            self.acts,
        )
