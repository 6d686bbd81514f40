"""Two people who meet are one box for a while, and come out with the numbers that they had."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.timebase import Nanoseconds
from pipeline.tracking.people.tracker import FieldTracker
from tests.tracking.people.seen import RIG, SHIRTS, STEP_NS

HALF_M = 0.35
MEET = 75
"""The frame in which the two meet."""


def box(left: tuple[float, float], right: tuple[float, float]) -> Detection:
    """The box around two people on the field, or one."""
    assert RIG.pitch is not None
    u, v = np.array([left, right]).T - np.array([[52.5], [34.0]])
    x, z = RIG.pitch.to_world(np.array([u[0] - HALF_M, u[1] + HALF_M]), v)
    yaw, foot = RIG.metres_to_angles(x, z)
    _, head = RIG.metres_to_angles(x, z, np.full(2, 1.75))
    low, high = float(min(foot)), float(max(head))
    return Detection("player", 0.9, float(yaw.mean()), (low + high) / 2, float(yaw[1] - yaw[0]), high - low)


def places(frame: int, *, turns: bool, y_m: float) -> list[tuple[float, float]]:
    """The two: they walk towards each other and past, or meet and turn around."""
    away_m = 1.6 * 0.08 * (frame - MEET)
    away_m = -abs(away_m) if turns else away_m
    return [(60.0 + away_m, y_m), (60.0 - away_m, y_m + 0.2)]


@pytest.mark.parametrize("turns", [False, True])
@pytest.mark.parametrize("y_m", [15.0, 34.0, 55.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_two_opponents_who_share_a_box_keep_their_numbers(*, turns: bool, y_m: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracker = FieldTracker(RIG)
    colours = [np.array(SHIRTS["player", team]) for team in ("left", "right")]
    rows = []
    for frame in range(2 * MEET):
        pair = places(frame, turns=turns, y_m=y_m)
        if abs(pair[0][0] - pair[1][0]) < 1.4:  # their pictures touch
            found, shirts = [box(*sorted(pair))], [colours[int(rng.integers(2))]]
        else:
            found, shirts = [box(one, one) for one in pair], colours
        worn = tuple((y, u, v) for y, u, v in (rng.normal(shirt, 5.0).tolist() for shirt in shirts))
        rows += tracker.add(DetectionSet(Nanoseconds(frame * STEP_NS), tuple(found), worn))
    rows += tracker.finish()
    at = defaultdict(list)
    for row in rows:
        if row.label != "ball":
            at[row.time_ns].append(row)
    numbers = []
    for frame in (MEET // 2, MEET + MEET // 2):
        pair = places(frame, turns=turns, y_m=y_m)
        here = at[frame * STEP_NS]
        assert len(here) == 2
        numbers.append([min(here, key=lambda row: abs(row.x_m - x)).track_id for x, _ in pair])
    assert numbers[0] == numbers[1]
    assert len(at[MEET * STEP_NS]) == 2, "and both are there while one hides the other"
