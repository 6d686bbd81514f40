"""Tests of tracklets and of the ball among things that look like it: flags, spare balls, balls beside the pitch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.hard_play import TRIALS, Trial, scene
from pipeline.direction.tracks import RecordedTrack
from pipeline.timebase import NS_PER_S
from pipeline.tracking.ball import BallTracker
from pipeline.tracking.tracklets import Tracklet, Tracklets

STRIDE_NS = 8 * NS_PER_S // 10


def linked(places: list[list[tuple[float, float]]], rate_hz: float = 25.0) -> list[list[Tracklet]]:
    """The tracklets of each set's places."""
    tracklets = Tracklets()
    return [
        tracklets.link(i / rate_hz, [x for x, _ in some], [z for _, z in some], [True] * len(some))
        for i, some in enumerate(places)
    ]


@settings(max_examples=25, deadline=None)
@given(st.floats(-6.0, 6.0), st.floats(0.4, 1.0), st.integers(0, 1000))
def test_who_moves_like_a_person_stays_one_thing(speed_m_s: float, seen_share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ways = [
        [(speed_m_s * i / 25 + rng.normal(0, 0.3), 30.0 + rng.normal(0, 0.3))]
        if rng.random() < seen_share or i < 20
        else []
        for i in range(250)
    ]
    things = [one[0] for one in linked(ways) if one]
    ages = {thing.number: thing.age_s for thing in things}
    assert max(ages.values()) > 5.0


@settings(max_examples=25, deadline=None)
@given(st.floats(10.0, 30.0), st.integers(0, 1000))
def test_a_ball_faster_than_a_person_begins_anew_again_and_again(speed_m_s: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ways = [[(speed_m_s * i / 25 + rng.normal(0, 0.3), 30.0)] for i in range(100)]
    assert max(one[0].age_s for one in linked(ways)) < 2.5


def test_what_is_seen_together_is_not_one_thing() -> None:
    pairs = linked([[(0.0, 30.0), (1.0, 30.0)]] * 10)
    assert all(one.number != other.number for one, other in pairs)
    assert pairs[0][0] is pairs[9][0]
    assert linked([[]]) == [[]]


def lost_s(trial: Trial, seed: int, seconds: float = 40.0) -> float:
    """For how long the track is more than 10 m and its uncertainty beside the ball, seen from the camera."""
    one = scene(trial, seed, seconds, 8.0, 10.0)
    tracker, timeline = BallTracker(one.play.ground, pitch=one.pitch), RecordedTrack(one.sets)
    ball = one.play.angles
    lost = 0
    for now_ns in range(0, len(ball) * NS_PER_S // 25, STRIDE_NS):
        sets = timeline.between(now_ns - 4 * NS_PER_S, now_ns + 7 * NS_PER_S)
        track = tracker.track(sets, now_ns, now_ns + NS_PER_S)
        place = one.play.ball[now_ns * 25 // NS_PER_S] + [0.0, one.play.distance_m]
        away_m = np.hypot(place[0] - 52.5, place[1])
        off = abs(np.radians(track.yaw_deg[0] - ball[now_ns * 25 // NS_PER_S, 0])) * away_m
        lost += bool(off - track.uncertainty_m[0] > 10.0 and one.judged[now_ns * 25 // NS_PER_S])
    return lost * STRIDE_NS / NS_PER_S


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_the_ball_is_found_among_things_that_look_like_it(trial: Trial) -> None:
    # 4 s of it is a ball that waits for its throw-in beside the linesman, who has been there for longer.
    assert lost_s(trial, seed=102) <= 4.0


def test_without_the_pitch_the_ball_on_the_next_field_is_as_good() -> None:
    blind = Trial("next field, unknown", seen_share=0.1, gaps_per_min=8, second_field=True)
    told = Trial("next field, known", seen_share=0.1, gaps_per_min=8, second_field=True, with_pitch=True)
    assert lost_s(told, seed=102) < lost_s(blind, seed=102)
