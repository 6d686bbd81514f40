"""Tests of a virtual camera's limits on random rigs: no black, enlargement and sky within bounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from benchmarks.framing_measure import COLUMNS, ROWS, black_share, enlargement, sky_share
from pipeline.optics.lens import CylindricalLens, EquirectangularLens, FisheyeLens, Lens, RectilinearLens
from pipeline.optics.limits import ViewLimits
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.shot_limits import MOST_ENLARGED, MOST_SKY, ROOM, ShotLimits
from pipeline.optics.view import View
from tests.optics.rigs import panorama, two_cameras

SIZES = ((640, 360), (1280, 720), (1920, 1080), (1080, 1920), (1080, 1080))


class Case(NamedTuple):
    """A rig and the size of an output."""

    rig: Rig
    size_px: tuple[int, int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One camera of any lens, or two beside each other, from a phone's to a 4K picture."""
    width = 2 * draw(st.integers(320, 1920))
    height = 2 * round(width / draw(st.floats(1.2, 6.0)) / 2)
    wide = np.radians(draw(st.floats(45.0, 120.0)))
    centre = width / 2, height * draw(st.floats(0.2, 0.6))
    kind = draw(st.sampled_from([RectilinearLens, FisheyeLens, CylindricalLens, EquirectangularLens]))
    focal = width / 2 / np.tan(wide / 2) if kind is RectilinearLens else width / wide
    lens: Lens = kind((width, height), float(focal), centre)
    upright = kind in (CylindricalLens, EquirectangularLens)
    tilt, roll = (0.0, 0.0) if upright else (draw(st.floats(-25.0, 0.0)), draw(st.floats(-5.0, 5.0)))
    cameras = [Camera("one", lens, 0.0, tilt, roll)]
    if draw(st.booleans()):
        apart = np.degrees(wide) * 0.8
        cameras = [
            Camera("left", lens, -apart / 2, tilt, roll),
            Camera("right", lens, apart / 2, tilt, -roll),
        ]
    return Case(Rig(tuple(cameras)), draw(st.sampled_from(SIZES)))


def _fits_at(whole: ViewLimits, yaw_deg: float) -> float:
    """The widest view without black that is centred at this yaw, in degrees."""
    return max((width for width, low, high in whole.yaw_ranges_deg if low <= yaw_deg <= high), default=0.0)


WISHES = st.tuples(st.floats(-120, 120), st.floats(-60, 40), st.floats(1, 150))


@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(cases(), st.lists(WISHES, min_size=6, max_size=6))
def test_no_view_is_black_or_enlarged_too_much(case: Case, wishes: list[tuple[float, float, float]]) -> None:
    rig, size_px = case
    limits = ShotLimits(rig, size_px)
    whole = ViewLimits(rig, size_px[0] / size_px[1])
    for wish in wishes:
        view = limits.limit(View(*wish))
        assert black_share(rig, view, size_px) < 0.01
        # Enlarged more than that is only what fits nowhere, or at the sides, much wider.
        grown = enlargement(rig, view, size_px)[ROWS // 2, COLUMNS // 2]
        least_deg = limits.min_hfov_deg(view.yaw_deg)
        assert view.hfov_deg >= least_deg - 0.1
        if grown > MOST_ENLARGED * 1.05:
            assert least_deg > 0.7 * ROOM * min(limits.max_hfov_deg, _fits_at(whole, view.yaw_deg))
        again = limits.limit(view)
        assert again.hfov_deg == pytest.approx(view.hfov_deg, abs=0.05)


@pytest.mark.parametrize("size_px", SIZES[1:4:2])
@pytest.mark.parametrize("rig", [two_cameras(), panorama(2880, 960), Rig.assume(1920, 1080)])
def test_a_usual_rig_is_sharp_with_little_sky(rig: Rig, size_px: tuple[int, int]) -> None:
    limits = ShotLimits(rig, size_px)
    rng = np.random.default_rng(5)
    enough = limits.max_hfov_deg > 1.2 * max(limits.min_hfov_deg(yaw) for yaw in (-20.0, 0.0, 20.0))
    for yaw, tilt, hfov in rng.uniform((-90, -50, 1), (90, 30, 140), (40, 3)):
        view = limits.limit(View(yaw, tilt, hfov))
        assert sky_share(view, size_px) <= MOST_SKY[0] + 0.01
        if enough:
            grown = enlargement(rig, view, size_px)[ROWS // 2, COLUMNS // 2]
            assert grown <= MOST_ENLARGED * 1.1


def test_a_rig_that_sees_little_ground_may_show_sky() -> None:
    lens = RectilinearLens((1920, 1080), 1000.0, (960.0, 540.0))
    limits = ShotLimits(Rig((Camera("up", lens, 0.0, 26.0),)), (1920, 1080))
    view = limits.limit(View(0.0, 0.0, 20.0))
    assert view.hfov_deg > 35.0


def test_a_view_to_hold_is_only_kept_from_black() -> None:
    limits = ShotLimits(two_cameras(), (1920, 1080))
    view = View(5.0, 2.0, 12.0)
    assert limits.fill(view) is view
    assert limits.limit(view).hfov_deg > 12.0
    assert black_share(two_cameras(), limits.fill(View(140.0, 40.0, 90.0)), (1920, 1080)) < 0.01
