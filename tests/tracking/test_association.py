"""The association of sightings, part by part, against plain loops over the candidates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fields import FOOTBALL_PLAY, load_field
from pipeline.tracking.association import (
    MOTION,
    Candidates,
    allow_flights,
    best_chain,
    lies_still,
    motion_in,
    pairs,
    step_cost,
)

rows = st.lists(
    st.tuples(st.integers(0, 30), st.floats(-30, 30), st.floats(10, 60)), min_size=1, max_size=12
).map(sorted)


def candidates(
    rows: list[tuple[float, float, float]], gain: float = 1.0, height_m: float = 8.0
) -> Candidates:
    """Seconds, x and z of sightings on the ground, seen from that height."""
    time_s, x_m, z_m = np.array(rows, float).T
    same, number = np.ones(len(rows)), np.arange(len(rows), dtype=float)
    return Candidates(
        time_s, x_m, z_m, gain * same, -height_m / np.hypot(x_m, z_m), same, number, time_s, time_s
    )


@given(rows, st.sampled_from([0.25, 1.0, 2.0, 10.0]))
def test_pairs_are_the_times_and_distances_back_to_the_earlier_ones(
    tenths: list[tuple[int, float, float]], longest_s: float
) -> None:
    found = candidates([(0.1 * tenth, x, z) for tenth, x, z in tenths])
    seconds, metres = pairs(found, longest_s)
    size, width = len(found), seconds.shape[1]
    assert seconds.shape == metres.shape
    counts = [sum(found.time_s[i] - longest_s <= found.time_s[j] for j in range(i)) for i in range(size)]
    assert width == max(1, *counts)
    for i in range(size):
        for column in range(width):
            earlier = i - width + column
            if earlier < 0:
                assert seconds[i, column] > 1e8
                assert metres[i, column] > 1e8
                continue
            assert seconds[i, column] == found.time_s[i] - found.time_s[earlier]
            away = found.x_m[i] - found.x_m[earlier], found.z_m[i] - found.z_m[earlier]
            assert metres[i, column] == pytest.approx(np.hypot(*away))


def test_nothing_has_no_pairs_and_no_chain() -> None:
    nothing = Candidates(*np.zeros((9, 0)))
    assert pairs(nothing, 1.0)[0].shape == (0, 1)
    assert best_chain(nothing).tolist() == []


@pytest.mark.parametrize(
    ("times_s", "place", "away_m", "is_still"),
    [
        ((0.0, 0.4, 0.6, 0.8, 1.0), 0, 0.8, True),
        ((0.0, 0.4, 0.6, 0.8, 1.0), 0, 0.81, False),
        ((0.0, 0.4, 0.6, 0.8, 1.1), 0, 0.0, False),
        ((0.0, 0.3, 0.6, 0.8, 1.0), 0, 0.0, False),
        ((0.0, 0.2, 0.4, 0.6, 1.0), 0, 0.0, False),
        ((0.0, 0.2, 0.4, 0.6, 1.0), 4, 0.8, True),
        ((0.0, 0.2, 0.4, 0.6, 1.0), 4, 0.9, False),
        ((0.0, 0.5, 1.0, 1.5, 2.0), 2, 0.5, True),
        ((0.0, 0.5, 1.0, 1.5, 2.0), 1, 0.5, False),
        ((0.0, 0.5, 1.0, 1.5, 2.0), 3, 0.5, False),
        ((0.0, 0.0, 0.5, 1.0, 1.0), 2, 0.5, True),
    ],
)
def test_what_was_near_four_times_half_a_second_before_or_after_lies_still(
    times_s: tuple[float, ...], place: int, away_m: float, is_still: bool
) -> None:
    """All but the one at `place`, which is `away_m` from them, are at one point."""
    found = candidates([(time_s, away_m * (one == place), 30.0) for one, time_s in enumerate(times_s)])
    assert lies_still(*pairs(found, 5.0))[place] == is_still


@pytest.mark.parametrize(
    ("seconds", "metres", "cost"),
    [
        (1.0, 6.0, 0.0),  # 1 m of noise and 5 m/s are free
        (1.0, 19.0, 1.0),  # 13 m more, over 12 m/s and a metre
        (0.5, 17.0, (13.5 / 7) ** 2),
        (0.04, 1.2, 0.0),
        (0.04, 2.4, (1.2 / 1.48) ** 2),
        (1.0, 36.0, (30 / 13) ** 2),  # 35 m/s and the metre are just possible
        (1.0, 36.1, np.inf),
        (5.0, 10.0, 0.0),
        (5.1, 10.0, np.inf),
        (0.0, 0.0, np.inf),
        (-0.5, 0.0, np.inf),
        (1e9, 1e9, np.inf),
    ],
)
def test_what_a_step_costs(seconds: float, metres: float, cost: float) -> None:
    assert step_cost(np.array([[seconds]]), np.array([[metres]]), MOTION)[0, 0] == pytest.approx(
        cost + MOTION.unseen_cost * max(seconds - 0.5, 0.0)
    )


def cost_of(found: Candidates, *, flies: bool) -> np.ndarray:
    seconds, metres = pairs(found, MOTION.longest_skip_s)
    cost = step_cost(seconds, metres, MOTION)
    if flies:
        allow_flights(found, seconds, metres, cost, MOTION)
    return cost


@pytest.mark.parametrize(
    ("second", "after_s", "allowed"),
    [
        ((0.0, 45.0), 0.1, True),  # away along the ray, by what no ball rolls: it rises
        ((0.0, 45.0), 0.29, True),
        ((0.0, 45.0), 0.31, False),  # too long for a flight's next sighting
        ((15.0, 45.0), 0.1, False),  # but sideways it may not be quicker than a ball is
        ((0.0, 32.0), 0.1, False),  # near enough to have rolled
    ],
)
def test_a_ball_in_the_air_may_seem_to_leap_away_or_back(
    second: tuple[float, float], after_s: float, allowed: bool
) -> None:
    for places in (((0.0, 30.0), second), (second, (0.0, 30.0))):
        found = candidates([(0.0, *places[0]), (after_s, *places[1])])
        plain, flown = cost_of(found, flies=False)[1, 0], cost_of(found, flies=True)[1, 0]
        assert (flown < plain) == allowed
        if allowed:
            assert MOTION.flight_step <= flown < 0.5


@pytest.mark.parametrize("far_m", [20.0, 60.0, 120.0])
def test_a_flight_is_as_far_away_as_the_nearer_sighting_but_not_beyond_the_play(far_m: float) -> None:
    """Half a radian sideways, and twice the distance: on the ground 35 m/s is far exceeded."""
    turned = 0.1
    found = candidates([(0.0, 0.0, far_m), (0.1, 2 * far_m * np.sin(turned), 2 * far_m * np.cos(turned))])
    near_m = min(far_m, MOTION.flight_distance_m)
    lifted = 8.0 / far_m - 8.0 / (2 * far_m)
    flown_m = near_m * np.hypot(np.sin(turned), lifted)
    expected = step_cost(np.array([[0.1]]), np.array([[flown_m]]), MOTION)[0, 0] + MOTION.flight_step
    assert cost_of(found, flies=True)[1, 0] == pytest.approx(expected)
    assert cost_of(found, flies=False)[1, 0] == np.inf


@settings(deadline=None)
@given(rows)
def test_flights_make_no_step_dearer_and_no_later_one_an_earlier_one(
    rows: list[tuple[int, float, float]],
) -> None:
    found = candidates([(0.05 * tick, x, z) for tick, x, z in rows])
    plain, flown = cost_of(found, flies=False), cost_of(found, flies=True)
    assert (flown <= plain).all()
    seconds = pairs(found, MOTION.longest_skip_s)[0]
    assert np.isinf(flown[seconds <= 0]).all()


def run_of(
    count: int, x_m: float, *, begin_s: float = 0.0, every_s: float = 0.1
) -> list[tuple[float, float, float]]:
    """Sightings of a ball that runs at 5 m/s from `x_m` on."""
    return [(begin_s + every_s * i, x_m + 5.0 * every_s * i, 40.0) for i in range(count)]


@pytest.mark.parametrize(
    ("gap_s", "before", "is_kept"), [(0.3, 9, True), (0.3, 5, False), (6.0, 9, True), (6.0, 5, False)]
)
def test_a_ball_is_elsewhere_if_that_gains_more_than_a_fresh_start_costs(
    gap_s: float, before: int, is_kept: bool
) -> None:
    """A fresh start costs 6: nine sightings before a leap are kept, five are given up."""
    far = run_of(before, -40.0, every_s=0.5)
    near = run_of(20, 40.0, begin_s=far[-1][0] + gap_s)
    chain = best_chain(candidates(far + near)).tolist()
    assert chain == list(range(0 if is_kept else before, before + 20))


def test_a_chain_goes_on_after_a_gap_and_leaves_out_what_is_beside_it() -> None:
    ball = run_of(10, 0.0) + run_of(10, 15.0, begin_s=3.0)
    false = [(0.45, -30.0, 20.0), (3.25, -30.0, 20.0)]
    both = sorted(ball + false)
    chain = best_chain(candidates(both))
    assert [both[i] for i in chain] == ball


@pytest.mark.parametrize(("factor", "chosen"), [(0.2, "rolls"), (1.0, "lies")])
def test_what_lies_still_counts_by_a_share_of_its_gain(factor: float, chosen: str) -> None:
    lies = [(0.1 * i, 20.0, 30.0) for i in range(30)]
    rolls = [(0.1 * i + 0.05, -20.0 + 0.5 * i, 30.0) for i in range(25)]
    both = sorted(lies + rolls)
    chain = best_chain(candidates(both), replace(MOTION, fresh_start=1e6), still_factor=factor)
    assert [both[i] for i in chain] == (lies if chosen == "lies" else rolls)


def test_of_two_balls_at_one_time_one_is_in_the_chain() -> None:
    found = candidates([(0.1 * (i // 2), 0.05 * i + 3.0 * (i % 2), 40.0) for i in range(40)])
    gain = np.where(np.arange(40) % 2, 1.0, 0.9)
    chain = best_chain(replace(found, gain=gain), still_factor=1.0)
    assert chain.tolist() == list(range(1, 40, 2))


def test_a_ball_moves_at_the_pace_of_its_sport() -> None:
    assert motion_in(FOOTBALL_PLAY) == MOTION
    shot = np.array([[1.0]]), np.array([[44.0]])
    assert step_cost(*shot, MOTION)[0, 0] > 1e3
    assert step_cost(*shot, motion_in(load_field("ice_hockey").play))[0, 0] < 10
