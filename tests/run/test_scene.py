"""The scene of a captured time: the latest detections, where the camera looks, and its coming path."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.play import clean, random_play
from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.analysis.timeline import Timeline
from pipeline.direction.director import Director
from pipeline.direction.fixed import FixedDirector
from pipeline.direction.tracks import RecordedTrack
from pipeline.optics.view import View
from pipeline.run.scene import PATH_NS, SEEN_WITHIN_NS, scene_at
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

VIEW = View(10.0, -10.0, 40.0)


@given(st.sets(st.integers(0, 2000), max_size=8), st.integers(0, 2000))
def test_detections_are_the_newest_set_of_the_last_quarter_second(times_ms: set[int], now_ms: int) -> None:
    timeline = Timeline(span_s=10.0)
    for time_ms in times_ms:
        ball = Detection("ball", 0.9, float(time_ms), -5.0, 1.0, 1.0)
        timeline.add(DetectionSet(Nanoseconds(time_ms * NS_PER_MS), (ball,)))
    scene = scene_at(now_ms * NS_PER_MS, timeline, None, 16 / 9)
    near = [ms for ms in times_ms if 0 <= now_ms - ms <= SEEN_WITHIN_NS // NS_PER_MS]
    assert [found.yaw_deg for found in scene.detections] == ([max(near)] if near else [])


def test_without_a_camera_path_there_is_no_view_path_or_outline() -> None:
    scene = scene_at(0, Timeline(), None, 16 / 9)
    assert (scene.view, scene.path.shape, scene.outline.shape) == (None, (0, 2), (0, 2))


def test_a_fixed_view_has_an_outline_and_no_path() -> None:
    scene = scene_at(5, Timeline(), FixedDirector(VIEW), 2.0)
    assert scene.view == VIEW
    assert scene.path.shape == (0, 2)
    corners = np.array([[-0.5, -0.5], [639.5, -0.5], [639.5, 319.5], [-0.5, 319.5]])
    for corner in np.stack(VIEW.pixels_to_angles(corners, 640, 320), axis=-1):
        assert np.abs(scene.outline - corner).sum(axis=1).min() < 1e-9
    np.testing.assert_allclose(scene.outline[0], scene.outline[-1])


def test_a_directors_path_begins_where_the_camera_looks_and_ends_with_its_plan() -> None:
    play = random_play(seed=4, seconds=20.0, rate_hz=25.0)
    director = Director(RecordedTrack(clean(play)), play.ground)
    now_ns = 8 * NS_PER_S
    for time_ns in play.times_ns:
        if time_ns <= now_ns:
            director.view_at(time_ns)
    scene = scene_at(now_ns, Timeline(), director, 16 / 9)
    assert scene.view == director.plan(now_ns, now_ns)[0][1]
    planned = [view for _, view in director.plan(now_ns, now_ns + PATH_NS)]
    assert len(planned) > 10
    np.testing.assert_array_equal(scene.path, [(view.yaw_deg, view.tilt_deg) for view in planned])
