"""What tracks suggest, from rows made up for it: the ball in the goal, and starts at the centre spot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pipeline.media.track_rows import TeamName, TrackRow
from pipeline.proposals.play import BallInGoal, CentreStart, Cue, GoalMouth, PlayWatch
from pipeline.timebase import NS_PER_S

FIELD = GoalMouth(105.0, 68.0, 3.66, 2.44)
STEP_NS = NS_PER_S // 12
Ball = tuple[float, float, float, float]
"""x, y, z and sigma in metres."""


def cues(balls: Sequence[Ball | None], people: Sequence[TrackRow] = ()) -> list[Cue]:
    watch, found = PlayWatch(FIELD), []
    for step, ball in enumerate(balls):
        time_ns = step * STEP_NS
        rows = [] if ball is None else [row(time_ns, 0, "", *ball)]
        rows += [row(time_ns, one.track_id, one.team, one.x_m, one.y_m) for one in people]
        found += watch.add(rows)
    return found


def row(
    time_ns: int, number: int, team: TeamName, x_m: float, y_m: float, z_m: float = 0.0, sigma_m: float = 0.3
) -> TrackRow:
    label = "ball" if number == 0 else "player"
    return TrackRow(time_ns, number, label, team, x_m, y_m, z_m, sigma_m, 1.0)  # type: ignore[arg-type]


def crowd(place: Callable[[int], tuple[float, float]], teams: bool) -> list[TrackRow]:
    """Twenty-two players; the first eleven began on the left."""
    return [
        row(0, number, ("left" if number <= 11 else "right") if teams else "", *place(number))
        for number in range(1, 23)
    ]


def kick_off(number: int) -> tuple[float, float]:
    if number == 1:
        return 52.0, 34.0  # takes it
    return (40.0 - number if number <= 11 else 65.0 + number - 11), 10.0 + 4 * (number % 11)


def changed_ends(number: int) -> tuple[float, float]:
    x_m, y_m = kick_off(number)
    return 105.0 - x_m, y_m


def mixed(number: int) -> tuple[float, float]:
    return (30.0 if number % 2 else 75.0), 10.0 + 4 * (number % 11)


def crowded(number: int) -> tuple[float, float]:
    return (50.0, 30.0 + number / 3) if number < 9 else kick_off(number)


SHOT = [(95.0 + 1.5 * step, 34.0, 1.0, 0.3) for step in range(8)]
AT_REST = [(52.4, 34.1, 0.0, 0.3)] * 20
PLAYED = [(52.4 - 0.8 * step, 34.0, 0.0, 0.3) for step in range(12)]


def test_a_ball_behind_the_line_between_the_posts_is_in_the_goal() -> None:
    assert cues([*SHOT, (106.5, 34.0, 0.0, 0.3)])[0] == BallInGoal(7 * STEP_NS, "right")
    left = [(105.0 - x, y, z, sigma) for x, y, z, sigma in [*SHOT, (106.5, 34.0, 0.0, 0.3)]]
    assert cues(left)[0] == BallInGoal(7 * STEP_NS, "left")


@pytest.mark.parametrize(
    "ball",
    [(106.5, 41.0, 0.0, 0.3), (106.5, 34.0, 4.0, 0.3), (106.5, 34.0, 0.0, 5.0), (104.9, 34.0, 0.0, 0.3)],
    ids=["beside the post", "over the bar", "nobody knows where", "on the line"],
)
def test_a_ball_beside_over_or_nowhere_is_not(ball: Ball) -> None:
    assert cues([ball] * 10) == []


@pytest.mark.parametrize("teams", [True, False])
@pytest.mark.parametrize("place", [kick_off, changed_ends])
def test_a_start_at_the_centre_spot_with_the_teams_in_their_halves(
    place: Callable[[int], tuple[float, float]], teams: bool
) -> None:
    assert cues([*AT_REST, *PLAYED], crowd(place, teams)) == [CentreStart(21 * STEP_NS, True)]


def test_players_all_over_the_field_are_not_in_their_halves() -> None:
    assert cues([*AT_REST, *PLAYED], crowd(mixed, True)) == [CentreStart(21 * STEP_NS, False)]
    assert cues([*AT_REST, *PLAYED], crowd(crowded, False)) == [CentreStart(21 * STEP_NS, False)]
    assert cues([*AT_REST, *PLAYED]) == [CentreStart(21 * STEP_NS, False)]


@pytest.mark.parametrize(
    "balls",
    [
        PLAYED * 3,
        [*AT_REST[:4], *PLAYED],
        AT_REST,
        [*AT_REST, *[None] * 60, (20.0, 20.0, 0.0, 0.3)],
        [(70.0, 34.0, 0.0, 0.3)] * 20,
    ],
    ids=["runs through", "stays too shortly", "never played", "lost for seconds", "rests elsewhere"],
)
def test_a_ball_that_does_not_rest_there_and_leave_starts_nothing(balls: Sequence[Ball | None]) -> None:
    assert cues(balls, crowd(kick_off, True)) == []


def test_how_near_the_ball_came_to_a_goal_is_remembered() -> None:
    watch = PlayWatch(FIELD)
    watch.add([row(step * STEP_NS, 0, "", x, y) for step, (x, y, _, _) in enumerate(SHOT[:5])])
    assert watch.goal_distance_m(0, NS_PER_S) == (105.0 - SHOT[4][0], "right")
    assert watch.goal_distance_m(2 * NS_PER_S, 3 * NS_PER_S) is None
    assert watch.last_at_goal_ns(0, NS_PER_S, 6.0) == 4 * STEP_NS
    assert watch.last_at_goal_ns(0, NS_PER_S, 1.0) is None
