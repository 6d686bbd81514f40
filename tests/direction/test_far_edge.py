"""Tests of the far edge: views show the field to its far side, and rise above it for the ball only."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.direction.far_edge import ABOVE_M, ASSUMED_REACH_M, FarEdge
from pipeline.direction.planner import NARROWER, Planner, Targets
from pipeline.direction.spline import Array
from pipeline.direction.styles import STYLES
from pipeline.optics.rig_parts import Pitch
from pipeline.optics.view import View
from pipeline.tracking.ground import LevelGround
from tests.direction.test_edges import BoxEdges

SIZE_PX = 1920, 1080
ASPECT = SIZE_PX[0] / SIZE_PX[1]
STYLE = STYLES["broadcast"]
PITCHES = (Pitch(), Pitch(40.0, 20.0, (3.0, 25.0), 12.0), Pitch(100.0, 64.0, (-10.0, 70.0), 90.0))


def half_height_deg(hfov_deg: float) -> float:
    """Half the vertical field of view."""
    return float(np.degrees(np.arctan(np.tan(np.radians(hfov_deg) / 2) / ASPECT)))


@pytest.mark.parametrize("height_m", [2.0, 8.0, 20.0])
@pytest.mark.parametrize("pitch", PITCHES)
def test_the_upper_edge_touches_the_highest_of_the_far_side_that_is_in_the_picture(
    pitch: Pitch, height_m: float
) -> None:
    ground = LevelGround(height_m)
    far = FarEdge(ground, pitch)
    along = np.linspace(-0.5, 0.5, 401)
    u = pitch.length_m * np.concatenate([along, along, np.full(401, -0.5), np.full(401, 0.5)])
    v = pitch.width_m * np.concatenate([np.full(401, -0.5), np.full(401, 0.5), along, along])
    directions = ground.metres_to_angles(*pitch.to_world(u, v), ABOVE_M)
    for yaw in (-40.0, -15.0, 0.0, 25.0):
        for hfov in (20.0, 45.0, 75.0):
            top = float(far.tilt_deg(np.array([yaw]), np.array([hfov]))[0])
            view = View(yaw, top - half_height_deg(hfov), hfov)
            pixels = view.angles_to_pixels(*directions, *SIZE_PX)
            beside = (pixels[:, 0] >= 0) & (pixels[:, 0] < SIZE_PX[0])
            assert np.isfinite(top) == beside.any()
            if beside.any():
                assert np.nanmin(pixels[beside, 1]) == pytest.approx(0.0, abs=0.05 * SIZE_PX[1])


def test_a_view_beside_the_field_is_not_bound() -> None:
    far = FarEdge(LevelGround(8.0), Pitch())
    assert far.tilt_deg(np.array([170.0]), np.array([30.0]))[0] == np.inf


@pytest.mark.parametrize("height_m", [3.0, 8.0, 30.0])
def test_without_a_pitch_the_field_reaches_the_same_distance_everywhere(height_m: float) -> None:
    top = FarEdge(LevelGround(height_m)).tilt_deg(np.linspace(-180, 180, 50), np.full(50, 40.0))
    expected = np.degrees(np.arctan((ABOVE_M - height_m) / ASSUMED_REACH_M))
    np.testing.assert_allclose(top, expected, atol=0.02)


def settled(
    far: FarEdge | None, tilt: float, hfov: float, edges: BoxEdges | None = None
) -> tuple[Array, float]:
    """The view on which a plan for a resting ball ends, and the tilt of its upper edge."""
    planner = Planner(STYLE, 7.0, ASPECT, edges, far)
    yaw, tilts, wide = (np.full(planner.samples, angle) for angle in (0.0, tilt, hfov))
    points = planner.solve(Targets(yaw, yaw, tilts, tilts, yaw, tilts, wide), None)
    assert points is not None
    return points[10], float(points[10, 1] + half_height_deg(points[10, 2]))


@pytest.mark.parametrize("tilt", [-6.0, -8.0, -11.0, -15.0])
def test_a_plan_looks_as_low_as_shows_the_far_side_with_the_ball_within_the_dead_zone(tilt: float) -> None:
    far = FarEdge(LevelGround(8.0))
    free, _ = settled(None, tilt, 40.0)
    view, top = settled(far, tilt, 40.0)
    needed = far.tilt_deg(np.zeros(1), np.full(1, 40.0))[0]
    lowest = tilt - STYLE.dead_zone * 40.0 / 2 / ASPECT
    assert view[1] <= free[1] + 0.05
    assert top <= max(needed, lowest + half_height_deg(40.0)) + 0.6
    assert view[2] == pytest.approx(free[2], abs=0.5)


def test_a_ball_in_the_air_is_worth_its_sky() -> None:
    view, top = settled(FarEdge(LevelGround(8.0)), 6.0, 40.0)
    assert top > 6.0
    assert 6.0 - view[1] <= STYLE.dead_zone * 40.0 / 2 / ASPECT + 0.1


@pytest.mark.parametrize("bottom_deg", [-14.0, -17.0, -20.0, -30.0])
def test_a_view_becomes_a_little_narrower_to_look_lower_but_no_more(bottom_deg: float) -> None:
    edges = BoxEdges(-90.0, 90.0, bottom_deg, 20.0)
    free, top_free = settled(None, -8.0, 45.0, edges)
    view, top = settled(FarEdge(LevelGround(8.0)), -8.0, 45.0, edges)
    assert top < top_free - 0.5
    assert view[2] >= NARROWER * free[2] - 1.0
    assert edges.limit(View(*view.tolist())).tilt_deg == pytest.approx(view[1], abs=0.1)
