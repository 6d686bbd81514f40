"""Tests of the parts of calibration, each against exact values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import CalibrationError
from pipeline.optics.angles import rotation
from pipeline.optics.calibration import Footage, median_background
from pipeline.optics.calibration.agreement import RidgeMap, agreement
from pipeline.optics.calibration.chains import find_chains, straight_lines
from pipeline.optics.calibration.circle import circle_points, find_circle
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.first_rotations import (
    choose_hfovs_deg,
    kabsch,
    relative_rotation,
    start_lens,
)
from pipeline.optics.calibration.level import angles_of, find_level, rotated
from pipeline.optics.calibration.lines import LinePoints
from pipeline.optics.calibration.markings import (
    families,
    find_pitch,
    law_lengths,
    markings,
    recognise,
)
from pipeline.optics.calibration.players import player_height
from pipeline.optics.calibration.residuals import (
    GroundLine,
    LineTable,
    circle_errors_px,
    ground_line_error_px,
    ground_pixels,
    ground_points,
    match_errors_px,
    straightness_errors_px,
)
from pipeline.optics.calibration.ridges import Ridges
from pipeline.optics.calibration.single import lens_of
from pipeline.optics.calibration.solve import FARTHEST_APART, FreeParameters, Observations, solve
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Rig
from tests.optics.calibration.scene import make_rig

angle = st.floats(-60, 60)


def _seen_lines(rig: Rig) -> list[GroundLine]:
    """Every marking of the rig's pitch, exactly as each camera would see it."""
    assert rig.pitch is not None
    lines = []
    for marking in markings(rig.pitch):
        along = np.linspace(marking.low_m, marking.high_m, 60)
        across = np.full_like(along, marking.offset_m)
        u, v = (along, across) if marking.axis == "x" else (across, along)
        x, z = rig.pitch.to_world(u, v)
        for i, camera in enumerate(rig.cameras):
            pixels = ground_pixels(camera, rig.surface.height_m, x, z)
            seen = camera.lens.contains(pixels)
            if seen.sum() > 5:
                lines.append(GroundLine(marking.axis, (LinePoints(i, pixels[seen]),)))
    return lines


def _matches(rig: Rig, count: int = 300) -> Matches:
    generator = np.random.default_rng(0)
    pixels = generator.uniform((900, 100), (1590, 890), (count, 2))
    there = rig.camera_pixels(1, rig.pixel_rays(0, pixels))
    inside = rig.cameras[1].lens.contains(there)
    return Matches(0, 1, pixels[inside], there[inside])


def test_the_median_removes_what_moves() -> None:
    still = np.random.default_rng(0).integers(0, 255, (300, 40, 3)).astype(np.uint8)
    pictures = [still.copy() for _ in range(5)]
    for i, picture in enumerate(pictures):
        picture[50 * i : 50 * i + 60] = 255
    assert np.array_equal(median_background(pictures), still)


def test_no_frames_have_no_median() -> None:
    with pytest.raises(CalibrationError, match="no frame"):
        median_background([])


@given(angle, angle, angle)
@settings(max_examples=30, deadline=None)
def test_a_rotation_is_found(yaw_deg: float, tilt_deg: float, roll_deg: float) -> None:
    turn = rotation(yaw_deg, tilt_deg, roll_deg)
    assert angles_of(turn) == pytest.approx((yaw_deg, tilt_deg, roll_deg), abs=1e-6)
    rays = np.random.default_rng(0).standard_normal((20, 3))
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    assert np.allclose(kabsch(rays @ turn.T, rays), turn)


def test_a_rotation_is_found_among_outliers() -> None:
    turn = rotation(50.0, 3.0, -2.0)
    rays = np.random.default_rng(0).standard_normal((200, 3))
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    seen = rays @ turn.T
    seen[:80] = np.roll(seen[:80], 1, axis=0)
    found, agree = relative_rotation(seen, rays)
    assert np.allclose(found, turn, atol=1e-6)
    assert agree[80:].all()


def test_ground_and_pixels_are_inverse() -> None:
    rig = make_rig()
    x, z = np.array([-20.0, 0.0, 5.0]), np.array([30.0, 50.0, 20.0])
    pixels = ground_pixels(rig.cameras[0], 8.0, x, z)
    assert np.allclose(ground_points(rig.cameras[0], 8.0, pixels), (x, z), atol=1e-6)


def test_matches_of_a_rig_have_no_error_with_it() -> None:
    rig = make_rig()
    assert np.abs(match_errors_px(rig, _matches(rig))).max() < 1e-3
    lines = _seen_lines(rig)
    for line in lines:
        errors, _ = ground_line_error_px(rig, line)
        assert np.abs(errors).max() < 1e-3
    straight = [part for line in lines for part in line.parts]
    assert np.abs(straightness_errors_px(rig, LineTable.of_straight(straight))).max() < 1e-3


def test_a_lines_error_is_in_pixels_of_its_frame() -> None:
    rig = make_rig()
    pixels = _seen_lines(rig)[0].parts[0].pixels
    wavy = pixels + np.where(np.arange(len(pixels)) % 2, 1.0, -1.0)[:, None] * (0.0, 0.5)
    errors, _ = ground_line_error_px(rig, GroundLine("x", (LinePoints(0, wavy),)))
    assert 0.3 < np.abs(errors).mean() < 0.51


def test_the_horizon_is_found_from_lines() -> None:
    rig = make_rig()
    lines = [line.parts[0] for line in _seen_lines(rig)]
    tilt = rotation(5.0, 4.0, -6.0)
    level = find_level(rotated(rig, tilt), lines)
    assert level is not None
    again = rotated(rotated(rig, tilt), level.axes)
    for ours, theirs in zip(again.cameras, rig.cameras, strict=True):
        assert ours.tilt_deg == pytest.approx(theirs.tilt_deg, abs=0.05)
        assert ours.roll_deg == pytest.approx(theirs.roll_deg, abs=0.05)


def test_without_lines_there_is_no_horizon() -> None:
    assert find_level(make_rig(), []) is None


def test_the_pitch_is_found_at_any_scale() -> None:
    rig = make_rig()
    assert rig.pitch is not None
    metres, pitch = find_pitch(rig.scaled(1 / 8), _seen_lines(rig))
    assert metres == pytest.approx(8.0, rel=1e-3)
    assert pitch is not None
    assert (pitch.length_m, pitch.width_m) == pytest.approx((100.0, 64.0), rel=1e-3)
    named = recognise(rig, pitch, _seen_lines(rig))
    assert {"near touchline", "halfway line", "left penalty area front"} <= set(named)
    assert all(length == pytest.approx(law, rel=1e-3) for length, law in law_lengths(rig, named).values())
    for family in families(named):
        assert np.abs(ground_line_error_px(rig, family)[0]).max() < 0.05


def _far_half_unseen(rig: Rig, lines: list[GroundLine], until_m: float) -> list[GroundLine]:
    """Only what lies nearer than `until_m` of these lines, as where far paint is thinner than a pixel."""
    near = []
    for line in lines:
        part = line.parts[0]
        _, z = ground_points(rig.cameras[part.camera], rig.surface.height_m, part.pixels)
        kept = part.pixels[z < until_m]
        if len(kept) > 3:
            near.append(GroundLine(line.axis, (LinePoints(part.camera, kept),)))
    return near


@pytest.mark.parametrize("beyond_m", [-6.0, 0.0, 8.0, 14.0])
def test_a_pitch_whose_far_half_is_too_thin_to_see_is_found(beyond_m: float) -> None:
    rig = make_rig()
    assert rig.pitch is not None
    lines = _far_half_unseen(rig, _seen_lines(rig), rig.pitch.centre_m[1] + beyond_m)
    metres, pitch = find_pitch(rig.scaled(1 / 8), lines)
    assert metres == pytest.approx(8.0, rel=2e-3)
    assert pitch is not None
    assert (pitch.length_m, pitch.width_m) == pytest.approx((100.0, 64.0), rel=2e-3)


def _without(rig: Rig, lines: list[GroundLine], x_m: float) -> list[GroundLine]:
    """The lines less those that run away from the cameras at `x_m` from the middle of the pitch."""
    assert rig.pitch is not None
    at = rig.pitch.centre_m[0] + x_m
    return [line for line in lines if line.axis == "x" or abs(ground_line_error_px(rig, line)[1] - at) > 0.5]


@pytest.mark.parametrize("missing_m", [-50.0, -33.5, 0.0, 33.5, 50.0])
def test_half_a_pitch_with_a_line_missing_is_no_pitch(missing_m: float) -> None:
    rig = make_rig()
    assert rig.pitch is not None
    lines = _without(rig, _far_half_unseen(rig, _seen_lines(rig), rig.pitch.centre_m[1]), missing_m)
    metres, pitch = find_pitch(rig.scaled(1 / 8), lines)
    assert np.isnan(metres)
    assert pitch is None


def test_an_unmarked_meadow_is_no_pitch() -> None:
    metres, pitch = find_pitch(make_rig(), [])
    assert np.isnan(metres)
    assert pitch is None


def test_the_fit_converges_to_the_true_rig() -> None:
    rig = make_rig()
    assert rig.pitch is not None
    named = recognise(rig, rig.pitch, _seen_lines(rig))
    observations = Observations((_matches(rig),), (), tuple(families(named)))
    free = FreeParameters(first_camera=True, positions=True, height=True)
    astray = rotated(rig, rotation(1.0, -1.0, 0.5))
    found = solve(astray, observations, free, 1.0)
    assert np.abs(observations.errors_px(found)).max() < 0.05
    assert found.surface.height_m == pytest.approx(8.0, rel=2e-3)


def test_a_step_too_large_does_not_crash() -> None:
    rig = make_rig()
    wild = Matches(0, 1, np.array([[10.0, 10.0], [1500.0, 800.0]]), np.array([[1590.0, 890.0], [5.0, 880.0]]))
    found = solve(
        rig, Observations((wild,)), FreeParameters(first_camera=True, positions=True, height=True), 50.0
    )
    assert found.surface.height_m > max(camera.position_m[1] for camera in found.cameras)


def test_without_matches_a_rig_is_unchanged() -> None:
    rig = make_rig()
    assert solve(rig, Observations(), FreeParameters(lens=False), 1.0) == rig


def _ridges(*curves: np.ndarray) -> Ridges:
    """Ridge points along curves of pixels (n, 2) each."""
    along = [np.gradient(curve, axis=0) for curve in curves]
    along = [way / np.linalg.norm(way, axis=1, keepdims=True) for way in along]
    pixels = np.concatenate(curves)
    return Ridges(pixels, np.concatenate(along), np.full(len(pixels), 20.0))


def test_chains_follow_lines_and_end_at_corners() -> None:
    along = np.arange(0.0, 400.0)
    level = np.stack([100 + along, np.full_like(along, 200.0)], axis=1)
    slanting = np.stack([500 + along, 200.0 + 0.3 * along], axis=1)
    crossing = np.stack([np.full_like(along, 300.5), 20 + along], axis=1)
    turn = np.linspace(0, 2 * np.pi, 1200)
    ring = np.stack([1200 + 150 * np.cos(turn), 500 + 60 * np.sin(turn)], axis=1)
    chains = find_chains(_ridges(level, slanting, crossing, ring), 1600)
    straight = straight_lines(0, chains, lens_of(RectilinearLens, (1600, 900), 60), 1.0)
    ends = [
        np.sort(line.pixels[[0, -1]], axis=0).round() for line in straight if np.ptp(line.pixels[:, 0]) > 300
    ]
    assert len(ends) == 2, "the two sides of the corner are two lines"
    assert any(np.ptp(line.pixels[:, 1]) > 350 for line in straight), "a crossing does not cut a line"
    assert sum(len(chain) for chain in chains if chain[:, 0].min() > 1000) > 40, "the ring is followed, too"


@pytest.mark.parametrize("width", [2, 3])
def test_no_ridges_have_no_chains(width: int) -> None:
    assert find_chains(Ridges(np.empty((0, 2)), np.empty((0, 2)), np.empty(0)), width) == []


def test_a_circle_on_the_ground_is_found_and_fits_its_rig() -> None:
    rig = make_rig()
    assert rig.pitch is not None
    turn = np.linspace(0, 2 * np.pi, 300)
    x, z = rig.pitch.to_world(9.15 * np.cos(turn), 9.15 * np.sin(turn))
    chains = []
    for camera in rig.cameras:
        pixels = ground_pixels(camera, 8.0, x, z)
        chains.append([pixels[camera.lens.contains(pixels)]])
    lines = [line for line in _seen_lines(rig) if line.axis == "z"]
    circle = find_circle(rig, lines, chains)
    assert circle is not None
    assert (circle.x, circle.z) == pytest.approx(rig.pitch.centre_m, abs=0.05)
    assert circle.radius == pytest.approx(9.15, abs=0.05)
    parts = circle_points(rig, chains)
    assert np.abs(circle_errors_px(rig, parts, 9.15)).max() < 0.01
    lower = replace(rig, surface=replace(rig.surface, height_m=7.2))
    assert np.abs(circle_errors_px(lower, parts, 9.15)).max() > 1


def test_a_pitch_agrees_with_its_own_lines_and_not_with_noise() -> None:
    rig = make_rig()
    seen: list[list[np.ndarray]] = [[] for _ in rig.cameras]
    for line in _seen_lines(rig):
        part = line.parts[0]
        seen[part.camera].append(part.pixels)
    dense = [
        _ridges(*(np.stack([np.interp(np.linspace(0, 1, 800), np.linspace(0, 1, len(one)), one[:, i])
                            for i in (0, 1)], axis=1) for one in own))
        for own in seen
    ]  # fmt: skip
    sizes = [camera.size_px for camera in rig.cameras]
    true = agreement(rig, [RidgeMap(own, size) for own, size in zip(dense, sizes, strict=True)])
    assert true.share > 0.75, "all but the circle"
    assert true.chance < 0.2
    assert len(true.supported()) >= 6
    random = np.random.default_rng(0)
    noise = [
        Ridges(random.uniform(0, 1, (9000, 2)) * size, np.tile([1.0, 0.0], (9000, 1)), np.ones(9000))
        for size in sizes
    ]
    false = agreement(rig, [RidgeMap(own, size) for own, size in zip(noise, sizes, strict=True)])
    assert false.share - false.chance < 0.1


def test_cameras_never_move_farther_apart_than_a_mast_allows() -> None:
    rig = make_rig()
    matches = _matches(rig)
    false = replace(matches, pixels_b=matches.pixels_b + np.array([400.0, 0.0]))
    found = solve(rig, Observations((false,)), FreeParameters(positions=True), 50.0)
    assert all(np.linalg.norm(camera.position_m) <= FARTHEST_APART * 8.0 for camera in found.cameras)


def test_players_tell_the_height_of_the_cameras() -> None:
    rig = replace(make_rig(), cameras=make_rig().cameras[:1])
    camera = rig.cameras[0]
    motion = np.full((8, 225, 400), 90, np.uint8)
    for frame, grey in enumerate(motion):
        for x in range(-35, -4, 6):
            yaw, tilt = rig.metres_to_angles(
                np.full(2, x + 0.7 * frame), np.full(2, 30.0), np.array([0.0, 1.75])
            )
            (left, foot), (_, head) = (rig.angles_to_pixels(0, yaw, tilt) - camera.position_m[0]) / 4
            grey[round(head) : round(foot), round(left) - 2 : round(left) + 2] = 200
    turf = np.ones((900, 1600), bool)
    tall = player_height(rig, [Footage("left", np.zeros((900, 1600, 3), np.uint8), motion, 25.0)], [turf])
    assert tall is not None
    assert tall * 8.0 == pytest.approx(1.75, abs=0.2)


@pytest.mark.parametrize(
    ("wide_deg", "own"), [((80.0, 80.0), False), ((80.0, 50.0), True), ((50.0, 80.0), True)]
)
def test_cameras_of_different_zoom_start_with_lenses_of_their_own(
    wide_deg: tuple[float, float], own: bool
) -> None:
    size_px = (1600, 900)
    generator = np.random.default_rng(2)
    lenses = [start_lens(size_px, wide) for wide in wide_deg]
    turns = [rotation(-18.0, -8.0, 2.0), rotation(14.0, -7.0, -3.0)]
    rays = generator.normal(size=(4000, 3)) * (0.4, 0.2, 0.0) + (0.0, 0.1, 1.0)
    seen = [lens.project(rays @ turn) for lens, turn in zip(lenses, turns, strict=True)]
    both = np.logical_and(*(lens.contains(at) for lens, at in zip(lenses, seen, strict=True)))
    wrong = generator.uniform((0, 0), size_px, (60, 2))
    right = [at[both][:200] + generator.normal(0, 0.5, (len(at[both][:200]), 2)) for at in seen]
    matches = Matches(0, 1, np.vstack([right[0], wrong]), np.vstack([right[1], wrong[::-1]]))
    found = choose_hfovs_deg((size_px, size_px), [matches])
    assert found == wide_deg if own else len(set(found)) == 1
