"""What the tracks suggest: the ball at a goal or in it, and a start of play at the centre spot."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from pipeline.media.track_rows import TrackRow
from pipeline.timebase import NS_PER_MS, NS_PER_S

End = Literal["left", "right"]

MOST_SIGMA_M: Final = 1.5
"""Where the ball may be farther than this from its place, nothing is said of it."""

KEPT_NS: Final = 150 * NS_PER_S
IN_GOAL_ROWS, IN_GOAL_NS = 2, 500 * NS_PER_MS
"""The ball is in the goal in so many rows within so long."""

BEYOND_M, BESIDE_POST_M, ABOVE_BAR_M = 0.3, 0.4, 0.4
"""It is so far behind the line, and not farther outside posts and bar."""

SPOT_M, LEFT_M, RESTING_NS = 1.5, 3.0, 600 * NS_PER_MS
"""The ball stays at the centre spot, within the first, for so long, and then leaves it by the second."""

OWN_HALF_M: Final = 1.0
"""So far beyond the halfway line a player still counts as in his half."""

MOST_IN_CIRCLE, CIRCLE_M = 5, 7.5
"""At a start of play so many stand around the ball: who takes it, the referee, and who is found wrongly."""

LEAST_EACH_SIDE: Final = 4


@dataclass(frozen=True, slots=True)
class GoalMouth:
    """The field's length and width in metres, and its goals: half their width, and their height."""

    length_m: float
    width_m: float
    half_width_m: float
    height_m: float


@dataclass(frozen=True, slots=True)
class BallInGoal:
    """The ball was behind a goal line between the posts."""

    captured_ns: int
    end: End


@dataclass(frozen=True, slots=True)
class CentreStart:
    """Play was started at the centre spot; ``sides``: both teams were in their halves."""

    captured_ns: int
    sides: bool


@dataclass(frozen=True, slots=True)
class _Place:
    time_ns: int
    x_m: float
    y_m: float


Cue = BallInGoal | CentreStart


class PlayWatch:
    """Follows the rows of tracks, frame by frame in order of time. Deterministic; one thread at a time."""

    def __init__(self, mouth: GoalMouth) -> None:
        self._mouth = mouth
        self._ball: deque[_Place] = deque()
        self._in_goal: list[int] = []
        self._rest: _Place | None = None
        self._rest_since_ns = 0
        self._starts: list[bool] = []
        self.known_ns: int | None = None
        """The captured time of the newest row."""

    def add(self, rows: Iterable[TrackRow]) -> list[Cue]:
        """What is found with these rows, whole frames."""
        found: list[Cue] = []
        for time_ns, frame in groupby(rows, key=_time_ns):
            self.known_ns = time_ns
            people = list(frame)
            ball = next((row for row in people if row.label == "ball" and row.sigma_m <= MOST_SIGMA_M), None)
            if ball is not None:
                found += self._follow(ball, people)
        return found

    def goal_distance_m(self, from_ns: int, to_ns: int) -> tuple[float, End] | None:
        """How near the ball came to a goal between two times, and which; None if it was not seen."""
        distances = [
            (math.hypot(place.x_m - x_m, place.y_m - self._mouth.width_m / 2), end)
            for place in self._ball
            if from_ns <= place.time_ns <= to_ns
            for x_m, end in self._goals()
        ]
        return min(distances, default=None)

    def last_at_goal_ns(self, from_ns: int, to_ns: int, within_m: float) -> int | None:
        """When the ball was last so near to a goal between two times."""
        return next(
            (
                place.time_ns
                for place in reversed(self._ball)
                if from_ns <= place.time_ns <= to_ns
                and any(
                    math.hypot(place.x_m - x_m, place.y_m - self._mouth.width_m / 2) <= within_m
                    for x_m, _ in self._goals()
                )
            ),
            None,
        )

    def _goals(self) -> tuple[tuple[float, End], tuple[float, End]]:
        return (0.0, "left"), (self._mouth.length_m, "right")

    def _follow(self, ball: TrackRow, people: Sequence[TrackRow]) -> list[Cue]:
        place = _Place(ball.time_ns, ball.x_m, ball.y_m)
        self._ball.append(place)
        while self._ball[0].time_ns < place.time_ns - KEPT_NS:
            self._ball.popleft()
        return [*self._goal(ball), *self._centre(place, people)]

    def _goal(self, ball: TrackRow) -> list[Cue]:
        mouth = self._mouth
        beyond_m = max(-ball.x_m, ball.x_m - mouth.length_m)
        is_in = (
            beyond_m > BEYOND_M
            and abs(ball.y_m - mouth.width_m / 2) < mouth.half_width_m + BESIDE_POST_M
            and ball.z_m < mouth.height_m + ABOVE_BAR_M
        )
        self._in_goal = [at_ns for at_ns in self._in_goal if at_ns > ball.time_ns - IN_GOAL_NS]
        if not is_in:
            return []
        self._in_goal.append(ball.time_ns)
        if len(self._in_goal) < IN_GOAL_ROWS:
            return []
        return [BallInGoal(self._in_goal[0], "left" if ball.x_m < 0 else "right")]

    def _centre(self, place: _Place, people: Sequence[TrackRow]) -> list[Cue]:
        mouth = self._mouth
        away_m = math.hypot(place.x_m - mouth.length_m / 2, place.y_m - mouth.width_m / 2)
        before = self._rest
        if away_m <= SPOT_M:
            if before is None:
                self._rest_since_ns, self._starts = place.time_ns, []
            self._starts.append(self._are_in_halves(people))
            self._rest = place
            return []
        if before is None or away_m < LEFT_M:
            return []
        self._rest = None
        rested_ns = before.time_ns - self._rest_since_ns
        left_soon = place.time_ns - before.time_ns < 3 * NS_PER_S
        last = self._starts[-5:]
        if rested_ns < RESTING_NS or not left_soon or not last:
            return []
        return [CentreStart(before.time_ns, 2 * sum(last) > len(last))]

    def _are_in_halves(self, people: Sequence[TrackRow]) -> bool:
        """Whether each team is in a half of its own; where teams are not known, whether the circle is empty."""
        middle_m = self._mouth.length_m / 2
        players = [row for row in people if row.label in ("player", "goalkeeper")]
        circle = [
            row
            for row in people
            if row.label != "ball"
            and math.hypot(row.x_m - middle_m, row.y_m - self._mouth.width_m / 2) < CIRCLE_M
        ]
        left = [row for row in players if row.x_m < middle_m]
        if min(len(left), len(players) - len(left)) < LEAST_EACH_SIDE or len(circle) > MOST_IN_CIRCLE:
            return False
        teams = {name: [row.x_m for row in players if row.team == name] for name in ("left", "right")}
        if min(map(len, teams.values())) < LEAST_EACH_SIDE:
            return True
        shares = {
            name: sum(x_m <= middle_m + OWN_HALF_M for x_m in xs) / len(xs) for name, xs in teams.items()
        }
        others = {
            name: sum(x_m >= middle_m - OWN_HALF_M for x_m in xs) / len(xs) for name, xs in teams.items()
        }
        least = 0.75
        return (shares["left"] >= least and others["right"] >= least) or (
            shares["right"] >= least and others["left"] >= least
        )


def _time_ns(row: TrackRow) -> int:
    return row.time_ns
