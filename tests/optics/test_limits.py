"""Tests of view limits: no black corners, and no change to views that need none."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.optics.limits import fit_view, limit, limits, panorama_view
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from tests.optics.rigs import panorama, sphere, two_cameras

ASPECT = 16 / 9
PAIR = two_cameras()


def unseen_share(rig: Rig, view: View) -> float:
    """The share of a 640x360 view that no camera sees."""
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 639.5, 41), np.linspace(-0.5, 359.5, 23)), axis=-1)
    return float(1 - rig.seen_by(*view.pixels_to_angles(grid, 640, 360)).any(axis=-1).mean())


@settings(max_examples=80, deadline=None)
@given(st.floats(-120, 120), st.floats(-60, 50), st.floats(3, 130), st.floats(-25, 25) | st.just(0.0))
def test_a_limited_view_has_no_black_corner(yaw: float, tilt: float, hfov: float, roll: float) -> None:
    for rig in (PAIR, panorama()):
        limited = limit(View(yaw, tilt, hfov, roll), rig, ASPECT)
        assert limited.roll_deg == roll
        assert limited.hfov_deg <= hfov
        assert unseen_share(rig, limited) < 0.005
        again = limit(limited, rig, ASPECT)
        assert np.allclose((again.yaw_deg, again.tilt_deg), (limited.yaw_deg, limited.tilt_deg), atol=0.05)


def test_a_view_within_the_limits_is_unchanged() -> None:
    view = View(5.0, -10.0, 30.0)
    assert limit(view, PAIR, ASPECT) is view
    panoramic = View(0.0, 40.0, 300.0, 0.0, "cylindrical")
    assert limit(panoramic, PAIR, ASPECT) is panoramic


def test_limits_are_not_much_tighter_than_necessary() -> None:
    lowest, highest = limits(PAIR, ASPECT).tilt_range_deg(0.0, 30.0)
    assert unseen_share(PAIR, View(0.0, lowest - 1.5, 30.0)) > 0
    assert unseen_share(PAIR, View(0.0, highest + 1.5, 30.0)) > 0
    least, largest = limits(PAIR, ASPECT).yaw_range_deg(30.0)
    for yaw in (least - 4.0, largest + 4.0):
        assert all(unseen_share(PAIR, View(yaw, tilt, 30.0)) > 0 for tilt in np.arange(-30, 15, 1.0))


def test_a_full_turn_has_no_yaw_limit() -> None:
    view = View(175.0, 10.0, 60.0)
    assert limit(view, sphere(), ASPECT) is view


def test_the_panorama_shows_all_that_the_cameras_see() -> None:
    for rig, aspect in ((PAIR, 3.0), (PAIR, 5.0), (panorama(), 1600 / 600)):
        view = panorama_view(rig, aspect)
        height = 2 * round(500 / aspect)
        for i, camera in enumerate(rig.cameras):
            width_px, height_px = camera.size_px
            edge = np.linspace(0, 1, 33)
            x = (width_px - 1) * np.concatenate([edge, edge, 0 * edge, 0 * edge + 1])
            y = (height_px - 1) * np.concatenate([0 * edge, 0 * edge + 1, edge, edge])
            pixels = view.angles_to_pixels(*rig.pixels_to_angles(i, np.stack([x, y], axis=-1)), 1000, height)
            assert pixels.min() > -2
            assert pixels[:, 0].max() < 1001
            assert pixels[:, 1].max() < height + 1


def test_a_fitted_view_shows_what_it_was_made_for() -> None:
    yaw, tilt = np.array([-8.0, 4.0, 9.0]), np.array([-14.0, -6.0, -10.0])
    view = fit_view(PAIR, yaw, tilt, ASPECT)
    pixels = view.angles_to_pixels(yaw, tilt, 1600, 900)
    assert (pixels >= 0).all()
    assert (pixels <= (1599, 899)).all()
    assert view.hfov_deg < 30
