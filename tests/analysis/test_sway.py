"""Tests of steadying: from swaying cameras to a still picture and to detections in a still world."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.analysis.detector import Detection
from pipeline.analysis.steadied import SteadiedDetector
from pipeline.analysis.sway_history import SwayHistory
from pipeline.analysis.sway_watch import FIRST_NS, RESTING_EVERY, SwayWatch
from pipeline.optics.angles import Array
from pipeline.optics.frame import Frame
from pipeline.optics.lens import FisheyeLens
from pipeline.optics.render import Renderer
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.stabilisation.pose import matrix_of
from pipeline.optics.surface import Surface
from pipeline.optics.view import View
from pipeline.timebase import Nanoseconds
from tests.optics.stabilisation.scenes import seen, turned_by, world

FRAME_NS = 40_000_000
LENS = FisheyeLens((640, 360), 440.0, (330.0, 185.0), (-0.065, -0.005))
RIG = Rig((Camera("mast", LENS),), Surface("infinity"))
HFOV_DEG = 40.0


def sway_deg(n: int, peak_deg: float = 0.5) -> Array:
    """The camera's pose in frame `n`: three axes, between 0.3 and 2 Hz."""
    t = n / 25
    return peak_deg * np.sin(2 * np.pi * np.array([0.9 * t + 0.1, 0.35 * t + 0.3, 1.7 * t]))


def vector(n: int) -> Array:
    """The pose vector that a meter measures in frame `n`, counted from where the camera looks straight ahead."""
    return np.concatenate([np.radians(sway_deg(n)), np.zeros(2)])


@functools.cache
def frame(n: int, peak_deg: float = 0.5) -> Frame:
    """What the swaying camera sees in frame `n`."""
    picture = Frame.empty("NV12", *LENS.size_px)
    picture.luma[...] = seen(world(5), LENS, sway_deg(n, peak_deg))
    return picture


def watched(frames: Sequence[Frame], settle_s: float = 6.0) -> SwayHistory:
    history = SwayHistory(RIG, span_s=30.0, settle_s=settle_s)
    watch = SwayWatch(RIG, history)
    for n, each in enumerate(frames):
        watch.look(each, Nanoseconds(n * FRAME_NS))
    watch.finish()
    return history


@functools.cache
def swaying() -> SwayHistory:
    return watched([frame(n) for n in range(150)])


def test_the_finished_picture_stands_still() -> None:
    renderer = Renderer(RIG, 320, 180)
    view = View(0, 0, HFOV_DEG)
    still = renderer.render(view, frame(0, 0.0)).luma.astype(float)
    shown = [
        renderer.render(view, frame(n), poses=swaying().poses_at(n * FRAME_NS)).luma.astype(float)
        for n in range(0, 150, 7)
    ]
    unsteadied = renderer.render(view, frame(56)).luma.astype(float)
    # the camera's place is its average direction, which differs a little from 0 here
    assert np.mean([np.abs(picture - shown[0]).mean() for picture in shown]) < 1.5
    assert np.mean([np.abs(picture - still).mean() for picture in shown]) < 3
    assert np.abs(unsteadied - still).mean() > 10


def test_a_view_at_the_edge_of_what_the_camera_sees_gets_no_black() -> None:
    renderer = Renderer(RIG, 320, 180)
    edge = View(18, 0, HFOV_DEG)
    assert renderer.render(edge, frame(0, 0.0)).luma.min() > 16
    for n in range(0, 150, 7):
        picture = renderer.render(edge, frame(n), poses=swaying().poses_at(n * FRAME_NS))
        assert (picture.luma == 16).mean() < 1e-4


def test_a_camera_that_stands_still_is_left_alone() -> None:
    rng = np.random.default_rng(1)
    frames = []
    for _ in range(100):
        noisy = Frame.empty("NV12", *LENS.size_px)
        noisy.luma[...] = np.clip(frame(0, 0.0).luma + rng.normal(0, 3, LENS.size_px[::-1]), 0, 255)
        frames.append(noisy)
    history = watched(frames)
    assert not history.sways
    assert all(history.poses_at(n * FRAME_NS) is None for n in range(100))
    assert history.notes == ()
    measured = len([n for n in range(100) if n * FRAME_NS in history._poses])
    after = FIRST_NS // FRAME_NS
    assert measured <= after + 2 + (100 - after) // RESTING_EVERY


def test_a_wind_that_rises_is_taken_out_within_half_a_second() -> None:
    history = watched([frame(0, 0.0)] * 120 + [frame(n) for n in range(60)], settle_s=3.0)
    assert history.sways
    for n in (130, 140, 160):
        poses = history.poses_at(n * FRAME_NS)
        assert poses is not None
        assert poses[0] is not None
        expected = turned_by(sway_deg(n - 120)).inv().as_matrix()
        assert poses[0].turn == pytest.approx(expected, abs=4e-4)


def test_a_gap_is_bridged_and_a_jump_back_in_time_begins_anew() -> None:
    history = SwayHistory(RIG, span_s=10.0, settle_s=1.0)
    for n in range(100):
        if not 60 <= n < 64:
            history.add(Nanoseconds(n * FRAME_NS), [vector(n)])
    between = history.poses_at(62 * FRAME_NS)
    before, after = history.poses_at(59 * FRAME_NS), history.poses_at(64 * FRAME_NS)
    for turns in (between, before, after):
        assert turns is not None
    history.add(Nanoseconds(0), [vector(0)])
    assert history.sways
    assert history.poses_at(0) is not None


def test_a_covered_camera_is_told_and_keeps_its_last_pose_for_a_moment() -> None:
    told: list[str] = []
    history = SwayHistory(RIG, span_s=10.0, settle_s=1.0, on_told=told.append)
    for n in range(50):
        history.add(Nanoseconds(n * FRAME_NS), [vector(n)])
    last = history.pose_at(Nanoseconds(49 * FRAME_NS)).from_place
    history.add(Nanoseconds(50 * FRAME_NS), [None], ["covered"])
    held = history.pose_at(Nanoseconds(50 * FRAME_NS)).from_place
    assert last is not None
    assert last[0] is not None
    assert held is not None
    assert held[0] is not None
    assert held[0].turn == pytest.approx(last[0].turn)
    assert told == []
    history.add(Nanoseconds(100 * FRAME_NS), [None], ["covered"])
    stand = history.pose_at(Nanoseconds(100 * FRAME_NS)).from_place
    assert stand is not None
    assert stand[0] is not None
    assert stand[0].turn != pytest.approx(held[0].turn)
    (camera,) = history.state()
    assert (camera.status, camera.is_lost) == ("covered", True)
    assert told == ["camera mast is covered (since 0:02)"]
    history.add(Nanoseconds(101 * FRAME_NS), [vector(101)])
    assert told[1:] == ["camera mast is seen again at 0:04"]
    assert camera.lost_frames == 2
    assert camera.worst_deg > 0.3


class OnePlayer:
    """Sees one player who stands still in the world, and takes the camera for still."""

    name, rate_hz = "one", 25.0

    def detect(self, _frame: Frame, time_ns: Nanoseconds) -> list[Detection]:
        ray = turned_by(sway_deg(time_ns // FRAME_NS)).inv().apply([0.2, 0.1, 1.0])
        yaw, tilt = (
            np.degrees(np.arctan2(ray[0], ray[2])),
            np.degrees(np.arctan2(-ray[1], np.hypot(ray[0], ray[2]))),
        )
        return [Detection("player", 1.0, float(yaw), float(tilt), 1.0, 2.0)]

    def close(self) -> None:
        pass


def test_any_detector_gets_its_angles_in_the_still_world() -> None:
    steadied = SteadiedDetector(OnePlayer(), RIG, swaying().pose_at)
    angles = []
    for n in range(20, 150):
        found = steadied.detect(frame(0), Nanoseconds(n * FRAME_NS))
        assert found is not None
        angles.append((found[0].yaw_deg, found[0].tilt_deg))
    assert np.std(angles[80:], axis=0).max() < 0.02
    assert np.abs(np.mean(angles[80:], axis=0) - (11.31, -5.60)).max() < 0.1


def test_a_bump_in_the_first_seconds_does_not_bend_the_place() -> None:
    """It is noticed just after the place was taken."""
    told: list[str] = []
    history = SwayHistory(RIG, span_s=30.0, settle_s=6.0, on_told=told.append)
    bump = np.radians([0.4, 1.4, 0.0, 0.0, 0.0])
    for n in range(200):
        history.add(Nanoseconds(n * FRAME_NS), [bump * (n >= 135)])
    assert told == ["camera mast was turned by 1.5° at 0:05 and is corrected"]
    (pose,) = history.poses_at(190 * FRAME_NS) or (None,)
    assert pose is not None
    assert pose.turn == pytest.approx(matrix_of(bump[:3]), abs=1e-5)
    assert history.notes == ()
    (camera,) = history.state()
    assert camera.told == "ok; was turned by 1.5° at 0:05 and is corrected"
    assert (camera.status, camera.bumps, round(camera.off_deg, 1)) == ("ok", 1, 1.5)


def test_a_frozen_picture_is_told() -> None:
    told: list[str] = []
    history = SwayHistory(RIG, span_s=30.0, on_told=told.append)
    watch = SwayWatch(RIG, history)
    for n in range(100):
        watch.look(frame(0, 0.0), Nanoseconds(n * FRAME_NS))
    assert [line.split(" (")[0] for line in told] == ["camera mast sends the same picture again and again"]
    assert history.state()[0].status == "frozen"


def test_a_second_bump_in_the_first_seconds_does_not_either() -> None:
    history = SwayHistory(RIG, span_s=30.0, settle_s=6.0)
    bumps = [
        np.radians([0.0, 1.0, 0.0, 0.0, 0.0]) * (n >= 50) - np.radians([2.0, 0.0, 0.0, 0.0, 0.0]) * (n >= 110)
        for n in range(200)
    ]
    for n, vector_then in enumerate(bumps):
        history.add(Nanoseconds(n * FRAME_NS), [vector_then])
    (pose,) = history.poses_at(190 * FRAME_NS) or (None,)
    assert pose is not None
    assert pose.turn == pytest.approx(matrix_of(bumps[-1][:3]), abs=1e-5)


def test_a_camera_that_is_dark_at_first_is_measured_once_it_shows_something() -> None:
    dark = Frame.empty("NV12", *LENS.size_px)
    history = watched([dark] * 60 + [frame(0, 0.0)] * 40)
    (camera,) = history.state()
    assert not camera.is_lost
    assert history._cameras[0].record.times


def test_a_readout_is_told_once_and_given_to_the_renderer() -> None:
    told: list[str] = []
    history = SwayHistory(RIG, span_s=10.0, settle_s=1.0, on_told=told.append)
    for n in range(60):
        history.add(Nanoseconds(n * FRAME_NS), [vector(n)], ["seen"], [20e6 * (n >= 30)])
    assert told == ["camera mast reads a picture out in 20 ms; what that bends is corrected"]
    (pose,) = history.poses_at(45 * FRAME_NS) or (None,)
    assert pose is not None
    assert pose.readout_rad is not None
    assert pose.readout_rad == pytest.approx((vector(46) - vector(44))[:3] / 2 * 0.5, rel=0.1)
    assert history.state()[0].readout_ms == 20.0
