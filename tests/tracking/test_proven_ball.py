"""Tests of what proves a ball: a long, physical chain that belongs to players, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.timebase import Nanoseconds
from pipeline.tracking.proven_ball import proven_ball

RIG = match_rig(MatchSettings())
STEP_S = 0.08
Spot = tuple[float, float]
"""Along and across, in metres from the pitch's middle."""
PLAYERS = [(-8.0, 2.0), (2.0, -5.0), (12.0, 3.0), (-20.0, 10.0), (25.0, -8.0), (0.0, 20.0), (9.0, -14.0)]


def angles(spot: Spot, up_m: float = 0.0) -> tuple[float, float]:
    assert RIG.pitch is not None
    x, z = RIG.pitch.to_world(*spot)
    yaw, tilt = RIG.metres_to_angles(x, z, up_m)
    return float(yaw), float(tilt)


def seen(number: int, balls: list[tuple[Spot, float]], players: list[Spot]) -> DetectionSet:
    """A frame with balls (place, score) on the ground and players."""
    found = []
    for spot in players:
        yaw, foot = angles(spot)
        _, head = angles(spot, 1.8)
        found.append(Detection("player", 0.9, yaw, (foot + head) / 2, 0.4 * (head - foot), head - foot))
    for spot, score in balls:
        yaw, tilt = angles(spot)
        found.append(Detection("ball", score, yaw, tilt, 0.2, 0.2))
    return DetectionSet(Nanoseconds(round(number * STEP_S * 1e9)), tuple(found))


def passed(number: int) -> Spot:
    """A ball that is passed to and fro between three players, 12 m/s fast, for a second and a half each time."""
    corners = np.array([*PLAYERS[:3], PLAYERS[0]])
    part = number * STEP_S / 1.6 % 3.0
    leg = int(part)
    place = corners[leg] + (corners[leg + 1] - corners[leg]) * min(1.0, 1.1 * (part - leg))
    return float(place[0]), float(place[1])


def test_a_passed_ball_is_proven_where_it_is_also_between_sightings() -> None:
    sets = [
        seen(number, [] if number % 5 == 3 else [(passed(number), 0.6)], PLAYERS) for number in range(200)
    ]
    proven = proven_ball(sets, RIG, RIG.pitch)
    assert len(proven) > 150
    for number, place in proven.items():
        yaw, tilt = angles(passed(number))
        # On the way between two sightings the ball may turn at a player.
        assert np.hypot(place.yaw_deg - yaw, place.tilt_deg - tilt) < (0.05 if place.is_seen else 1.0)
        assert not (place.is_seen and number % 5 == 3)
    assert any(not place.is_seen for place in proven.values())


def test_what_lies_beside_a_passed_ball_is_not_proven() -> None:
    flag = (30.0, 33.9)
    sets = [seen(number, [(passed(number), 0.5), (flag, 0.9)], PLAYERS) for number in range(200)]
    proven = proven_ball(sets, RIG, RIG.pitch)
    yaw, tilt = angles(flag)
    assert len(proven) > 50
    assert all(np.hypot(one.yaw_deg - yaw, one.tilt_deg - tilt) > 1.0 for one in proven.values())


@pytest.mark.parametrize(
    "walks",
    [
        lambda number: (5.0, -5.0),
        lambda number: (-20.0 + 1.5 * number * STEP_S, -5.0),
        lambda number: (-40.0 + 5.0 * number * STEP_S, -34.5),
    ],
    ids=["lies", "is walked with", "is carried along the line"],
)
def test_what_moves_as_no_ball_does_proves_nothing(walks) -> None:  # type: ignore[no-untyped-def]
    sets = [seen(number, [(walks(number), 0.9)], [*PLAYERS, walks(number)]) for number in range(200)]
    assert proven_ball(sets, RIG, RIG.pitch) == {}


def test_what_no_player_is_beside_proves_nothing() -> None:
    far = [(-45.0, -30.0)] * 3
    assert proven_ball([seen(n, [(passed(n), 0.9)], far) for n in range(200)], RIG, RIG.pitch) == {}
    assert proven_ball([seen(n, [(passed(n), 0.9)], []) for n in range(200)], RIG, RIG.pitch) == {}


def test_what_is_seen_shortly_proves_nothing() -> None:
    sets = [seen(n, [(passed(n), 0.9)] if 100 <= n < 115 else [], PLAYERS) for n in range(200)]
    assert proven_ball(sets, RIG, RIG.pitch) == {}


def test_places_that_a_ball_cannot_reach_prove_nothing() -> None:
    """A good candidate at another place in each frame is no chain."""
    random = np.random.default_rng(5)
    places = random.uniform((-50.0, -33.0), (50.0, 33.0), (200, 2)).tolist()
    sets = [seen(number, [((u, v), 0.9)], PLAYERS) for number, (u, v) in enumerate(places)]
    assert proven_ball(sets, RIG, RIG.pitch) == {}


def test_nothing_seen_proves_nothing() -> None:
    assert proven_ball([], RIG, RIG.pitch) == {}
    assert proven_ball([seen(number, [], PLAYERS) for number in range(50)], RIG, RIG.pitch) == {}
