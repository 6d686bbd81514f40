"""Tests of the motion detector on drawn football with known positions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from pipeline.analysis.camera_crop import CameraCrop
from pipeline.analysis.detector import Detection
from pipeline.analysis.factory import make_detector
from pipeline.analysis.field import Field
from pipeline.analysis.motion import MotionDetector
from pipeline.errors import RigError
from pipeline.match.match import Match
from pipeline.match.settings import MatchSettings
from pipeline.optics.frame import Frame, PixelFormat
from pipeline.optics.lens import CylindricalLens
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface
from tests.analysis.fakes import ms
from tests.analysis.pictures import (
    BLACK,
    BLUE,
    GREEN,
    PITCH,
    WHITE,
    Painter,
    Spot,
    i420,
    one_camera,
    two_cameras,
)

PLAYERS = [(-18.0, 25.0), (-6.0, 20.0), (4.0, 40.0), (15.0, 30.0), (20.0, 45.0)]
STEP_MS = 80


def feet_m(rig: Rig, found: list[Detection]) -> list[Spot]:
    """Where the players stand, by the lower edge of their boxes."""
    players = [it for it in found if it.label == "player"]
    return [
        (float(x), float(z))
        for x, z in (rig.angles_to_metres(it.yaw_deg, it.tilt_deg - it.height_deg / 2) for it in players)
    ]


def assert_found(rig: Rig, found: list[Detection], spots: list[Spot], within_m: float = 1.0) -> None:
    """Every spot has exactly one player near it, and there are no others."""
    feet = feet_m(rig, found)
    assert len(feet) == len(spots), feet
    for x_m, z_m in spots:
        distances = [float(np.hypot(x - x_m, (z - z_m) * 0.5)) for x, z in feet]
        assert sum(distance < within_m for distance in distances) == 1, ((x_m, z_m), feet)


def balls(found: list[Detection], least: float = 0.3) -> list[Detection]:
    return [it for it in found if it.label == "ball" and it.score > least]


@pytest.mark.parametrize("rig", [one_camera(), two_cameras()], ids=["one", "two"])
def test_people_present_from_the_start_are_found_at_once(rig: Rig) -> None:
    painter = Painter(rig)
    detector = MotionDetector(rig)
    assert_found(rig, list(detector.detect(painter.frame(PLAYERS), ms(0))), PLAYERS)


@pytest.mark.parametrize("shirt", [BLUE, WHITE, BLACK], ids=["blue", "white", "black"])
def test_running_people_are_followed_and_leave_no_ghosts(shirt: tuple[int, int, int]) -> None:
    rig = one_camera()
    painter = Painter(rig)
    detector = MotionDetector(rig)
    for index in range(20):
        spots = [(x + 0.3 * index, z) for x, z in PLAYERS]
        found = list(detector.detect(painter.frame(spots, shirt=shirt), ms(STEP_MS * index)))
        if index > 8:
            assert_found(rig, found, spots)
        else:
            assert len(spots) <= len(feet_m(rig, found)) <= len(spots) + 2


def test_a_person_on_the_seam_is_found_once() -> None:
    rig = two_cameras()
    painter = Painter(rig)
    detector = MotionDetector(rig)
    for index in range(12):
        spots = [(-0.6 + 0.1 * index, 25.0)]
        assert_found(rig, list(detector.detect(painter.frame(spots), ms(STEP_MS * index))), spots)


def test_a_moving_ball_is_found_at_its_place_and_nothing_else_is_a_ball() -> None:
    rig = one_camera()
    painter = Painter(rig)
    detector = MotionDetector(rig)
    for index in range(15):
        ball = (-10.0 + 1.2 * index, 35.0)
        found = list(detector.detect(painter.frame(PLAYERS, ball), ms(STEP_MS * index)))
        if index == 0:
            continue
        (seen,) = balls(found)
        yaw_deg, tilt_deg = rig.metres_to_angles(*ball, 0.11)
        assert seen.yaw_deg == pytest.approx(yaw_deg, abs=0.1)
        assert seen.tilt_deg == pytest.approx(tilt_deg, abs=0.1)


def test_nothing_outside_the_field_is_a_player_or_a_ball() -> None:
    rig = one_camera()
    painter = Painter(rig)
    detector = MotionDetector(rig)
    detector.detect(painter.frame([]), ms(0))
    for index in range(1, 6):
        spots, ball = [(-8.0 + index, 57.5)], (5.0 - 0.1 * index, 57.0)
        found = list(detector.detect(painter.frame(spots, ball), ms(STEP_MS * index)))
        assert not feet_m(rig, found)


def test_a_change_of_light_over_the_whole_frame_adds_no_player() -> None:
    rig = one_camera()
    painter = Painter(rig)
    detector = MotionDetector(rig)
    for index in range(10):
        painter.light = 1.0 - 0.02 * index
        found = list(detector.detect(painter.frame(PLAYERS), ms(STEP_MS * index)))
        assert_found(rig, found, PLAYERS)


def test_a_thing_that_never_moves_is_forgotten_but_a_person_is_not() -> None:
    rig = one_camera()
    painter = Painter(rig)
    detector = MotionDetector(rig, rate_hz=1.0)
    detector.detect(painter.frame([]), ms(0))
    bag, fidget = (-5.0, 22.0), (6.0, 22.0)
    found: list[Detection] = []
    for index in range(1, 36):
        people = [bag, (fidget[0] + 0.15 * (index % 2), fidget[1])]
        found = list(detector.detect(painter.frame(people), ms(1000 * index)))
        if index == 2:
            assert len(feet_m(rig, found)) == 2
    assert_found(rig, found, [fidget])


def test_nv12_and_i420_give_the_same() -> None:
    rig = one_camera()
    painter = Painter(rig)
    picture = painter.bgr(PLAYERS, (0.0, 30.0), BLUE)
    planar = i420(picture)
    packed = Frame("NV12", (planar.planes[0], np.stack(planar.planes[1:], axis=-1)))
    assert MotionDetector(rig).detect(planar, ms(0)) == MotionDetector(rig).detect(packed, ms(0))


def test_two_runs_are_identical() -> None:
    def run() -> list[list[Detection]]:
        rig = two_cameras()
        painter = Painter(rig)
        detector = make_detector("motion", rig)
        crowd = [*PLAYERS, (-6.3, 20.2), (-5.6, 20.1)]
        return [
            list(detector.detect(painter.frame([(x + 0.2 * i, z) for x, z in crowd]), ms(80 * i)) or [])
            for i in range(8)
        ]

    assert run() == run()


def unscaled(scale: str, height_m: float) -> Rig:
    """A calibrated rig whose footage showed no marking that gives the scale."""
    rig = one_camera()
    wrong = replace(rig, pitch=None).scaled(height_m / rig.surface.height_m)
    return replace(wrong, quality={"scale": scale, "verdict": "usable"})


@pytest.mark.parametrize(
    "rig",
    [
        Rig.assume(1440, 480),
        unscaled("guess", 5.0),
        unscaled("guess", 14.0),
        unscaled("players", 7.0),
    ],
    ids=["assumed", "guessed low", "guessed high", "of the players"],
)
def test_people_are_found_with_a_guessed_scale(rig: Rig) -> None:
    assert rig.scale_is_guess
    painter = Painter(one_camera())
    detector = MotionDetector(rig)
    for index in range(8):
        found = list(
            detector.detect(painter.frame([(x + 0.3 * index, z) for x, z in PLAYERS]), ms(80 * index))
        )
    assert len(feet_m(rig, found)) == len(PLAYERS)


def test_a_frame_of_another_size_is_refused() -> None:
    with pytest.raises(RigError, match="1440x480"):
        MotionDetector(one_camera()).detect(Frame.empty("NV12", 64, 64), ms(0))


def test_after_close_it_learns_the_background_again() -> None:
    rig = one_camera()
    painter = Painter(rig)
    detector = MotionDetector(rig)
    detector.detect(painter.frame([]), ms(0))
    detector.close()
    assert_found(rig, list(detector.detect(painter.frame(PLAYERS, shirt=WHITE), ms(0))), PLAYERS)


def test_nothing_is_found_on_an_empty_field() -> None:
    rig = one_camera()
    painter = Painter(rig)
    detector = MotionDetector(rig)
    for index in range(5):
        assert not detector.detect(painter.frame([], shirt=GREEN), ms(80 * index))


def test_the_spot_uncovered_at_the_kick_off_is_no_ball() -> None:
    match = Match(MatchSettings(seed=2, fps=Fraction(25)))
    detector = MotionDetector(match.rig, Field.of_pitch(match.rig))
    frame = Frame.empty("NV12", match.settings.width, match.settings.height)
    pitch = match.rig.pitch
    assert pitch is not None
    yaw_deg, tilt_deg = match.rig.metres_to_angles(*pitch.centre_m)
    for index in range(0, 80, 2):
        match.render(index, frame)
        found = detector.detect(frame, ms(40 * index))
        at_spot = [
            ball
            for ball in balls(list(found), 0.2)
            if np.hypot(ball.yaw_deg - yaw_deg, ball.tilt_deg - tilt_deg) < 0.2
        ]
        if index > 44:  # the ball is no longer there
            assert at_spot == []


@pytest.mark.parametrize("form", ["I420", "NV12"])
@pytest.mark.parametrize("width", [720, 2880, 5760])
def test_what_is_kept_of_a_frame_is_no_memory_of_it(form: PixelFormat, width: int) -> None:
    """A frame's pixels are valid only during the call, at any working resolution."""
    lens = CylindricalLens((width, width // 3), width / 2.4, ((width - 1) / 2, width / 14))
    rig = Rig((Camera("one", lens),), Surface("infinity", 8.0, 80.0), pitch=PITCH)
    frame = Frame.empty(form, width, width // 3)
    kept = CameraCrop(rig, 0, Field.of_pitch(rig)).planes(frame)
    assert not any(np.shares_memory(plane, other) for plane in kept.all() for other in frame.planes)
