"""Tests of the director: causality, repeatability, limits, continuity, take-over."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.play import Play, clean, degraded, random_play
from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.direction.director import Director
from pipeline.direction.fixed import FixedDirector, PanoramaPath
from pipeline.direction.metrics import measure
from pipeline.direction.tracks import RecordedTrack
from pipeline.errors import ConfigError, StateError
from pipeline.optics.view import View
from pipeline.timebase import NS_PER_S, Nanoseconds
from pipeline.tracking.ground import LevelGround


@pytest.fixture(scope="module")
def play() -> Play:
    return random_play(seed=4, seconds=40.0, rate_hz=25.0, players=True)


def directed(director: Director, times_ns: list[int]) -> np.ndarray:
    views = [director.view_at(time_ns) for time_ns in times_ns]
    return np.array([(view.yaw_deg, view.tilt_deg, view.hfov_deg) for view in views])


def test_the_ball_is_in_the_middle_of_a_calm_view(play: Play) -> None:
    path = directed(Director(RecordedTrack(clean(play)), play.ground), play.times_ns)
    figures = measure(path, play.angles, play.rate_hz)
    assert figures.in_view_percent == 100.0
    assert figures.central_percent > 99.0
    assert figures.pan_acceleration_deg_s2 < 2.0


@pytest.mark.parametrize("lookahead_s", [0.0, 2.0, 7.0])
def test_a_view_uses_nothing_later_than_its_look_ahead(play: Play, lookahead_s: float) -> None:
    sets = degraded(play, seed=1)
    cut_ns = 6 * NS_PER_S + 123_456_789
    known = [one for one in sets if one.time_ns <= cut_ns + round(lookahead_s * NS_PER_S)]
    times_ns = [time_ns for time_ns in play.times_ns if time_ns <= cut_ns]
    whole = directed(Director(RecordedTrack(sets), play.ground, lookahead_s=lookahead_s), times_ns)
    cut = directed(Director(RecordedTrack(known), play.ground, lookahead_s=lookahead_s), times_ns)
    assert (whole == cut).all()


def test_two_runs_are_identical(play: Play) -> None:
    sets = degraded(play, seed=2)
    times_ns = play.times_ns[:300]
    first, second = (directed(Director(RecordedTrack(sets), play.ground), times_ns) for _ in range(2))
    assert (first == second).all()


def test_the_limits_hold_at_every_instant_also_in_take_over_and_back_to_auto(play: Play) -> None:
    director = Director(RecordedTrack(degraded(play, seed=3)), play.ground)
    times_ns = list(range(0, 40 * NS_PER_S, NS_PER_S // 100))
    rows = []
    for i, time_ns in enumerate(times_ns):
        if i == 1000:
            director.take_over(50.0, -20.0, 60.0)
        if i == 1700:
            assert director.state.follows == "operator"
            director.take_over(-50.0, -10.0, 30.0)
        if i == 2400:
            director.hand_back()
        view = director.view_at(time_ns)
        rows.append((view.yaw_deg, view.tilt_deg, view.hfov_deg))
    path = np.array(rows)
    speed = np.diff(path, axis=0) * 100
    acceleration = np.diff(speed, axis=0) * 100
    assert (np.abs(speed).max(axis=0) <= [30.0, 15.0, 20.0]).all()
    assert (np.abs(acceleration).max(axis=0) <= [45.0, 22.5, 20.0]).all()
    # Twice continuously differentiable: the acceleration never jumps between hundredths of a second.
    assert np.abs(np.diff(acceleration, axis=0)).max() < 2.5
    np.testing.assert_allclose(path[1690], [50.0, -20.0, 60.0], atol=0.5)
    np.testing.assert_allclose(path[2390], [-50.0, -10.0, 30.0], atol=0.5)


def test_hold_stops_the_camera_and_plan_gives_the_coming_path(play: Play) -> None:
    director = Director(RecordedTrack(clean(play)), play.ground)
    assert director.plan(0, NS_PER_S) == []
    directed(director, play.times_ns[:200])
    director.hold()
    path = directed(director, play.times_ns[200:400])
    assert np.ptp(path[-50:], axis=0).max() < 0.05
    coming = director.plan(15 * NS_PER_S, 17 * NS_PER_S)
    assert len(coming) > 5
    time_ns, view = coming[3]
    assert director.plan(time_ns, time_ns)[0][1] == view


def test_a_jump_back_or_a_reset_begins_a_new_path(play: Play) -> None:
    sets = clean(play)
    director = Director(RecordedTrack(sets), play.ground)
    directed(director, play.times_ns[:250])
    again = directed(director, play.times_ns[100:200])
    fresh = directed(Director(RecordedTrack(sets), play.ground), play.times_ns[100:200])
    np.testing.assert_allclose(again, fresh, atol=0.2)
    director.take_over(60.0, -30.0, 22.0)
    away = directed(director, play.times_ns[200:300])
    director.hand_back()
    director.reset(play.times_ns[300])
    again = directed(director, play.times_ns[300:400])
    fresh = directed(Director(RecordedTrack(sets), play.ground), play.times_ns[300:400])
    assert abs(away[-1, 0] - fresh[0, 0]) > 20.0, "without a reset the camera comes back slowly"
    np.testing.assert_allclose(again, fresh, atol=0.2)


def test_without_detections_the_view_is_wide_and_still_and_says_so(play: Play) -> None:
    director = Director(RecordedTrack([]), play.ground)
    assert director.state.follows == "waiting for video"
    path = directed(director, play.times_ns[:100])
    assert np.ptp(path, axis=0).max() < 0.1
    assert director.state.follows == "ball not found"


def test_without_a_ball_the_players_are_followed(play: Play) -> None:
    only = [
        type(one)(one.time_ns, tuple(d for d in one.detections if d.label == "player")) for one in clean(play)
    ]
    director = Director(RecordedTrack(only), play.ground)
    path = directed(director, play.times_ns[:400])
    assert director.state.follows == "players"
    assert measure(path, play.angles[:400], play.rate_hz).in_view_percent > 50.0


def test_unusable_arguments_are_refused(play: Play) -> None:
    track = RecordedTrack([])
    with pytest.raises(ConfigError, match="look-ahead"):
        Director(track, play.ground, lookahead_s=31.0)
    with pytest.raises(ConfigError, match="broadcast, calm, close"):
        Director(track, play.ground, style="wild")
    with pytest.raises(ConfigError, match="not a view"):
        Director(track, play.ground).take_over(float("nan"), 0.0, 30.0)


def test_a_fixed_view_does_not_move() -> None:
    view = View(1.0, 2.0, 30.0)
    fixed = FixedDirector(view)
    assert fixed.view_at(5) == view
    assert fixed.plan(5, 9) == [(5, view)]
    assert fixed.state.follows == "fixed view"
    for steer in (fixed.hold, fixed.hand_back, lambda: fixed.take_over(0.0, 0.0, 30.0)):
        with pytest.raises(StateError, match=r"^the view is fixed; there is no camera to take over$"):
            steer()


def test_the_panorama_stays_still_while_the_camera_moves_inside_it(play: Play) -> None:
    whole = View(0.0, -10.0, 180.0, projection="cylindrical")
    camera = Director(RecordedTrack(clean(play)), play.ground)
    path = PanoramaPath(whole, camera)
    times_ns = play.times_ns[:100]
    assert {path.view_at(time_ns) for time_ns in times_ns} == {whole}
    assert path.state.follows == camera.state.follows == "ball"
    assert path.plan(times_ns[-1], times_ns[-1] + NS_PER_S) == camera.plan(
        times_ns[-1], times_ns[-1] + NS_PER_S
    )
    assert len(path.plan(times_ns[-1], times_ns[-1] + NS_PER_S)) > 1
    path.take_over(20.0, -10.0, 30.0)
    path.view_at(times_ns[-1] + NS_PER_S)
    assert path.state.follows == "operator"
    path.hand_back()
    path.hold()
    path.view_at(times_ns[-1] + 2 * NS_PER_S)
    assert path.state.follows == "operator"


@pytest.mark.parametrize("after_s", [0.01, 0.11, 0.2])
def test_each_command_is_obeyed_before_the_next_stride(play: Play, after_s: float) -> None:
    director = Director(RecordedTrack(clean(play)), play.ground)

    def follows_after(time_s: float) -> str:
        director.view_at(round((time_s + after_s) * NS_PER_S))
        director.view_at(round((time_s + after_s + 0.05) * NS_PER_S))
        return director.state.follows

    director.view_at(0)
    director.hold()
    assert follows_after(0.0) == "operator"
    director.hand_back()
    assert follows_after(0.5) == "ball"
    director.take_over(10.0, -10.0, 40.0)
    assert follows_after(1.0) == "operator"


def test_a_camera_held_before_its_first_view_shows_the_view_of_nothing_found(play: Play) -> None:
    director = Director(RecordedTrack(clean(play)), play.ground)
    director.hold()
    path = directed(director, play.times_ns[:50])
    np.testing.assert_allclose(path, np.tile([0.0, -12.0, 60.0], (50, 1)), atol=0.02)


@pytest.mark.parametrize("after_s", [0.01, 0.11, 0.27, 0.39])
def test_a_command_between_two_plans_moves_the_camera_within_200_ms(play: Play, after_s: float) -> None:
    begin_ns = 2 * NS_PER_S + round(after_s * NS_PER_S)
    times_ns = list(range(0, 3 * NS_PER_S, NS_PER_S // 100))
    paths = []
    for is_commanded in (False, True):
        director = Director(RecordedTrack(clean(play)), play.ground)
        before = directed(director, [t for t in times_ns if t < begin_ns])
        if is_commanded:
            director.take_over(-60.0, -10.0, 40.0)
        paths.append(np.concatenate([before, directed(director, [t for t in times_ns if t >= begin_ns])]))
    apart = np.abs(paths[1] - paths[0])[:, 0]
    moved_ns = times_ns[int(np.argmax(apart > 0.05))]
    assert 0 < moved_ns - begin_ns <= 0.2 * NS_PER_S


def test_the_limits_hold_while_an_operator_steers_continuously(play: Play) -> None:
    director = Director(RecordedTrack(clean(play)), play.ground)
    rng = np.random.default_rng(5)
    rows = []
    for i, time_ns in enumerate(range(0, 14 * NS_PER_S, NS_PER_S // 100)):
        if i > 200 and i % 3 == 0:
            yaw_deg = 50 * np.sin(i / 90) + rng.normal(0, 10)
            director.take_over(yaw_deg, -12 + 6 * np.sin(i / 40), 40 + 15 * np.cos(i / 130))
        view = director.view_at(time_ns)
        rows.append((view.yaw_deg, view.tilt_deg, view.hfov_deg))
    path = np.array(rows)
    speed = np.diff(path, axis=0) * 100
    acceleration = np.diff(speed, axis=0) * 100
    assert np.ptp(path[300:, 0]) > 60
    assert (np.abs(speed).max(axis=0) <= [30.0, 15.0, 20.0]).all()
    assert (np.abs(acceleration).max(axis=0) <= [45.0, 22.5, 20.0]).all()
    assert np.abs(np.diff(acceleration, axis=0)).max() < 2.5


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("speed_m_s", [8.0, 10.0])
def test_the_side_to_which_play_runs_is_the_open_one(speed_m_s: float, side: float) -> None:
    ground = LevelGround(8.0)
    seconds = np.arange(0.0, 11.0, 0.08)
    x = side * (np.clip(seconds - 1.0, 0.0, 8.0) - 4.0) * speed_m_s
    yaw, tilt = ground.metres_to_angles(x, np.full_like(x, 40.0))
    times_ns = [round(one * 1e9) for one in seconds]
    sets = [
        DetectionSet(Nanoseconds(time_ns), (Detection("ball", 0.9, float(a), float(b), 0.3, 0.3),))
        for time_ns, a, b in zip(times_ns, yaw, tilt, strict=True)
    ]
    path = directed(Director(RecordedTrack(sets), ground), times_ns)
    middle = (seconds > 2.5) & (seconds < 7.5)
    ahead = side * (path[:, 0] - yaw) / path[:, 2]
    assert (ahead[middle] > 0.0).mean() > 0.9
    assert np.abs(ahead).max() < 0.4
