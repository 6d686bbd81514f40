"""The track of a ball, part by part: what a sighting is worth, the smoothed path, doubt, and who is followed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.timebase import NS_PER_S, Nanoseconds
from pipeline.tracking.ball import BallTracker, Following, Track
from pipeline.tracking.ground import LevelGround
from pipeline.tracking.sightings import FARTHEST_M, SightingReader
from pipeline.tracking.smoother import GRID_S, SMOOTHNESS
from tests.tracking.test_ball import GROUND, seen

S = NS_PER_S


def track(sets: Sequence[DetectionSet], seconds: float, begin_s: float = 0.0) -> Track:
    begin_ns = round(begin_s * S)
    return BallTracker(GROUND).track(sets, begin_ns, begin_ns + round(seconds * S))


def one_ball(time_s: float, x_m: float, z_m: float = 40.0, score: float = 0.9) -> DetectionSet:
    return seen(time_s, (x_m, z_m, 0.0, score, "ball"))


def smoothest(times_s: np.ndarray, places_m: np.ndarray, size: int) -> np.ndarray:
    """The values on the grid with the least squared noise, acceleration and speed, each by its usual size."""
    cells = np.minimum((times_s / GRID_S).astype(int), size - 2)
    part = times_s / GRID_S - cells
    at = np.zeros((len(times_s), size))
    at[np.arange(len(times_s)), cells] = 1 - part
    at[np.arange(len(times_s)), cells + 1] = part
    rows = [
        at / SMOOTHNESS.noise_m,
        np.diff(np.eye(size), n=2, axis=0) / GRID_S**2 / SMOOTHNESS.acceleration_m_s2,
        np.diff(np.eye(size), axis=0) / GRID_S / SMOOTHNESS.speed_m_s,
    ]
    wanted = np.concatenate([places_m / SMOOTHNESS.noise_m, np.zeros(2 * size - 3)])
    return np.linalg.lstsq(np.concatenate(rows), wanted)[0]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=10).map(lambda steps: np.cumsum(steps).tolist()),
    st.sampled_from([0.0, 0.03, 0.05]),
    st.floats(6, 9) | st.floats(-9, -6),
)
def test_the_track_is_the_smoothest_that_passes_near_the_sightings(
    tenths: list[int], shift_s: float, speed_m_s: float
) -> None:
    """Of a ball too fast to wait anywhere."""
    times_s = 0.1 * np.array(tenths) + shift_s
    x_m = speed_m_s * times_s + 0.2 * np.cos(9.0 * times_s)
    z_m = 40.0 + 0.1 * np.array(tenths)
    found = track([one_ball(*row) for row in zip(times_s, x_m, z_m, strict=True)], 3.1)
    np.testing.assert_allclose(found.x_m, smoothest(times_s, x_m, 32), atol=1e-3)
    np.testing.assert_allclose(found.z_m, smoothest(times_s, z_m, 32), atol=1e-3)
    np.testing.assert_array_equal(found.above_m, 0.0)
    yaw, tilt = GROUND.metres_to_angles(found.x_m, found.z_m)
    np.testing.assert_allclose((found.yaw_deg, found.tilt_deg), (yaw, tilt), atol=1e-9)


@pytest.mark.parametrize("begin_s", [0.0, 100.0, -3.0])
def test_a_track_has_a_target_each_tenth_from_its_start_to_its_end(begin_s: float) -> None:
    found = track([one_ball(begin_s + 0.5, 4.0)], 2.0, begin_s)
    assert found.start_ns == begin_s * S
    assert len(found.x_m) == 21
    np.testing.assert_allclose(found.x_m, 4.0, atol=1e-6)


@pytest.mark.parametrize(("at_s", "x_m"), [(-9.0, 2.0), (-0.2, 2.0), (5.2, -7.0), (30.0, -7.0)])
def test_a_ball_that_was_seen_only_before_or_after_the_track_is_where_it_was_nearest(
    at_s: float, x_m: float
) -> None:
    sets = [one_ball(at_s, x_m), one_ball(at_s + np.sign(at_s), x_m + 1.0)]
    found = track(sorted(sets, key=lambda one: one.time_ns), 5.0)
    np.testing.assert_allclose(found.x_m, x_m, atol=1e-6)
    np.testing.assert_allclose(found.z_m, 40.0, atol=1e-6)


@pytest.mark.parametrize("at_s", [-0.1, 3.1])
def test_a_sighting_just_outside_the_track_counts_at_its_end(at_s: float) -> None:
    sets = sorted([one_ball(1.5, 0.0), one_ball(at_s, 3.0)], key=lambda one: one.time_ns)
    found = track(sets, 3.0)
    assert found.x_m[0 if at_s < 0 else -1] == pytest.approx(3.0, abs=0.1)


def test_doubt_grows_with_the_time_to_the_nearest_sighting_up_to_a_limit() -> None:
    found = track([one_ball(1.0, 0.0), one_ball(2.0, 0.0)], 6.0)
    nearest_s = np.minimum(abs(np.arange(61) * 0.1 - 1.0), abs(np.arange(61) * 0.1 - 2.0))
    expected = np.clip(8.0 * (nearest_s - 0.15), 0.0, 15.0)
    known = found.following == Following.BALL
    np.testing.assert_allclose(found.uncertainty_m[known], expected[known], atol=1e-9)
    np.testing.assert_array_equal(known, nearest_s <= 3.0 + 1e-9)
    assert (found.following[~known] == Following.NOTHING).all()
    np.testing.assert_allclose(found.uncertainty_m[~known], 15.0)


def players(
    time_s: float, *places: tuple[float, float], ball: tuple[float, float] | None = None
) -> DetectionSet:
    things = [(*place, 0.0, 0.9, "player") for place in places]
    return seen(time_s, *things, *([(*ball, 0.0, 0.9, "ball")] if ball else []))


def test_a_lost_ball_gives_way_to_the_players_and_doubt_to_their_spread() -> None:
    sets = [
        players(0.2 * i, (18.0, 40.0), (22.0, 40.0), ball=(1.6 * (i - 4), 40.0) if i < 5 else None)
        for i in range(40)
    ]
    found = track(sets, 7.0)
    assert (found.following[:38] == Following.BALL).all()
    assert (found.following[39:] == Following.PLAYERS).all()
    np.testing.assert_allclose(found.x_m[39:], 20.0, atol=0.2)
    np.testing.assert_allclose(found.z_m[39:], 40.0, atol=1e-6)
    assert np.diff(found.x_m[8:40]).max() < 1.5, "smoothly, at a ball's speed"
    np.testing.assert_allclose(found.uncertainty_m[39:], 2.0, atol=1e-6)
    np.testing.assert_array_equal(found.above_m[39:], 0.0)


def test_without_any_ball_the_play_moves_smoothly_to_where_players_are_seen() -> None:
    sets = [players(1.0, (10.0, 30.0)), players(4.0, (-10.0, 50.0))]
    found = track(sets, 5.0)
    np.testing.assert_allclose(found.x_m[:8], 10.0, atol=1.0)
    np.testing.assert_allclose(found.z_m[:8], 30.0, atol=1.0)
    np.testing.assert_allclose(found.x_m[-8:], -10.0, atol=1.1)
    assert np.diff(found.x_m).max() <= 0.0
    assert np.diff(found.x_m).min() > -1.5, "smoothly, at a ball's speed"
    near = np.minimum(abs(np.arange(51) - 10), abs(np.arange(51) - 40)) < 5
    assert (found.following[near] == Following.PLAYERS).all()
    assert set(found.following) == {Following.PLAYERS, Following.NOTHING}


def test_the_reach_is_that_of_the_players_near_the_ball_each_second_and_between_them() -> None:
    sets = [players(0.1 * i, (0.1 * i, 40.0), (20.0, 40.0), ball=(0.0, 40.0)) for i in range(41)]
    found = track(sets, 4.0)
    at_seconds = found.players_reach_m[::10]
    np.testing.assert_allclose(at_seconds, 0.25 + np.arange(5), atol=0.26)
    assert at_seconds[1] - at_seconds[0] == pytest.approx(1.0, abs=0.26)
    np.testing.assert_allclose(found.players_reach_m[15], (at_seconds[1] + at_seconds[2]) / 2)
    np.testing.assert_array_equal(track([one_ball(0.0, 0.0)], 1.0).players_reach_m, 0.0)


def test_of_several_sets_in_a_twentieth_of_a_second_the_one_that_shows_most_of_the_ball_counts() -> None:
    sets = [
        one_ball(0.05 * i + 0.002 * k, 1.0 * k, score=(0.5, 0.9, 0.7)[k]) for i in range(40) for k in range(3)
    ]
    np.testing.assert_allclose(track(sets, 1.9).x_m, 1.0, atol=1e-3)


def test_equal_sets_in_a_twentieth_of_a_second_are_one_the_first() -> None:
    sets = [one_ball(0.05 * i + 0.002 * k, 1.0 * k) for i in range(40) for k in range(2)]
    np.testing.assert_allclose(track(sets, 1.9).x_m, 0.0, atol=1e-3)


def chosen(first: DetectionSet, second: DetectionSet) -> str:
    """Which of two balls of one moment is followed: the first lies left, the second right."""
    both = tuple(first.detections) + tuple(second.detections)
    found = track([DetectionSet(Nanoseconds(0), both)], 0.1)
    return "first" if found.x_m[0] < 0 else "second"


@pytest.mark.parametrize(
    ("first", "second", "better"),
    [
        ((0.60, None), (0.59, None), "first"),
        ((0.60, None), (0.61, None), "second"),
        ((0.60, 2.0), (0.65, 10.0), "first"),  # beside a player: a tenth more
        ((0.60, 2.0), (0.85, 10.0), "second"),  # 10 m from all players: 0.79 of it
        ((0.60, 4.0), (0.61, 5.0), "second"),  # 4 m is not beside
        ((0.60, 25.0), (0.45, 10.0), "second"),  # far from all players: a quarter
        ((0.60, 25.0), (0.35, 10.0), "first"),
        ((0.60, 15.0), (0.45, 10.0), "first"),
        ((0.05, 2.0), (0.31, 10.0), "first"),  # 0.05 and a fifth of the tenth
        ((0.05, 2.0), (0.36, 10.0), "second"),
        ((0.10, None), (0.29, None), "first"),  # the least that any is worth
        ((0.10, None), (0.31, None), "second"),
    ],
)
def test_what_a_sighting_is_worth(
    first: tuple[float, float | None], second: tuple[float, float | None], better: str
) -> None:
    """Each with its score and its distance to the nearest player."""
    sets = []
    for x, (score, away_m) in ((-60.0, first), (60.0, second)):
        things = [(x, 60.0, 0.0, score, "ball")]
        if away_m is not None:
            things.append((x, 60.0 - away_m, 0.0, 0.9, "player"))
        sets.append(seen(0.0, *things))
    assert chosen(*sets) == better


@pytest.mark.parametrize(
    ("tilt_deg", "distance_m"), [(-45.0, 8.0), (-10.0, 45.37), (-3.0, FARTHEST_M), (20.0, FARTHEST_M)]
)
@pytest.mark.parametrize("yaw_deg", [-40.0, 0.0, 30.0])
def test_a_ball_at_or_above_the_horizon_is_beyond_any_pitch(
    yaw_deg: float, tilt_deg: float, distance_m: float
) -> None:
    ball = Detection("ball", 0.9, yaw_deg, tilt_deg, 0.0, 0.0)
    found = track([DetectionSet(Nanoseconds(0), (ball,))], 0.1)
    assert np.hypot(found.x_m[0], found.z_m[0]) == pytest.approx(distance_m, rel=1e-3)
    assert np.degrees(np.arctan2(found.x_m[0], found.z_m[0])) == pytest.approx(yaw_deg, abs=1e-6)


def test_a_player_stands_at_the_bottom_of_its_box_and_a_ball_is_the_middle_of_its_own() -> None:
    """Boxes 4 degrees high, both centred 10 degrees down."""
    for label, tilt_deg in (("player", -12.0), ("ball", -10.0)):
        one = Detection(label, 0.9, 0.0, -10.0, 1.0, 4.0)
        found = track([DetectionSet(Nanoseconds(0), (one,))], 0.1)
        assert found.tilt_deg[0] == pytest.approx(tilt_deg, abs=1e-6)


@pytest.mark.parametrize(
    "unusable",
    [
        Detection("ball", float("nan"), 0.0, -10.0, 0.0, 0.0),
        Detection("ball", 0.9, float("inf"), -10.0, 0.0, 0.0),
        Detection("ball", 0.9, 0.0, float("nan"), 0.0, 0.0),
        Detection("referee", 0.9, 0.0, -10.0, 0.0, 0.0),  # type: ignore[arg-type]
    ],
)
def test_what_has_no_place_or_is_something_else_is_not_followed(unusable: Detection) -> None:
    assert (track([DetectionSet(Nanoseconds(0), (unusable,))], 0.1).following == Following.NOTHING).all()


def test_a_window_begins_some_seconds_before_the_present() -> None:
    assert BallTracker(LevelGround(8.0)).past_s == 4.0


def test_each_set_is_converted_once_and_old_ones_are_forgotten() -> None:
    class Counting(LevelGround):
        converted = 0

        def angles_to_metres(self, yaw_deg: object, tilt_deg: object) -> tuple[np.ndarray, np.ndarray]:
            type(self).converted += np.size(yaw_deg)
            return super().angles_to_metres(yaw_deg, tilt_deg)  # type: ignore[arg-type]

    reader = SightingReader(Counting(8.0))
    sets = [one_ball(0.1 * i, 0.0) for i in range(600)]
    Counting.converted = 0
    for end in range(20, 600, 20):
        reader.read(sets[max(0, end - 60) : end])
    assert Counting.converted == 580
    assert len(reader._read) <= 2 * 60 + 64
