"""Tests of lenses: agreement with OpenCV, round trips, and nan without a ray or a pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import RigError
from pipeline.optics.angles import Array
from pipeline.optics.lens import CylindricalLens, EquirectangularLens, FisheyeLens, Lens, RectilinearLens

SIZE = (3072, 1728)
CENTRE = (1575.0, 894.0)


def picture(lens: Lens) -> Array:
    """Pixels all over the frame, edges included."""
    width, height = lens.size_px
    return np.stack(np.meshgrid(np.linspace(-0.5, width - 0.5, 61), np.linspace(-0.5, height - 0.5, 41)), -1)


def camera_matrix(lens: Lens) -> Array:
    return np.array(
        [[lens.focal_px, 0, lens.centre_px[0]], [0, lens.focal_px, lens.centre_px[1]], [0, 0, 1.0]]
    )


def test_fisheye_agrees_with_opencv() -> None:
    lens = FisheyeLens(SIZE, 2124.0, CENTRE, (-0.0654, -0.0047, 0.002, -0.0001))
    rays = lens.unproject(picture(lens)).reshape(-1, 1, 3)
    expected, _ = cv2.fisheye.projectPoints(
        rays, np.zeros(3), np.zeros(3), camera_matrix(lens), np.array(lens.k)
    )
    assert np.abs(lens.project(rays) - expected).max() < 1e-6


def test_rectilinear_agrees_with_opencv() -> None:
    lens = RectilinearLens(SIZE, 1800.0, CENTRE, (-0.12, 0.03, 0.004))
    rays = lens.unproject(picture(lens)).reshape(-1, 1, 3)
    k1, k2, k3 = lens.k
    expected, _ = cv2.projectPoints(
        rays, np.zeros(3), np.zeros(3), camera_matrix(lens), np.array([k1, k2, 0, 0, k3])
    )
    assert np.abs(lens.project(rays) - expected).max() < 1e-6


lenses = st.one_of(
    st.builds(
        RectilinearLens,
        st.just(SIZE),
        st.floats(1500, 6000),
        st.tuples(st.floats(1400, 1700), st.floats(780, 950)),
        st.tuples(st.floats(-0.05, 0.3), st.floats(-0.01, 0.1), st.floats(0, 0.02)),
    ),
    st.builds(
        FisheyeLens,
        st.just(SIZE),
        st.floats(1200, 6000),
        st.tuples(st.floats(1400, 1700), st.floats(780, 950)),
        st.tuples(st.floats(-0.07, 0.2), st.floats(-0.005, 0.05)),
    ),
    st.builds(CylindricalLens, st.just(SIZE), st.floats(600, 4000), st.just(CENTRE)),
    st.builds(EquirectangularLens, st.just(SIZE), st.floats(600, 4000), st.just(CENTRE)),
)


@settings(max_examples=60, deadline=None)
@given(lenses)
def test_unproject_is_the_inverse_of_project_over_the_whole_frame(lens: Lens) -> None:
    pixels = picture(lens)
    rays = lens.unproject(pixels)
    assert np.abs(np.linalg.norm(rays, axis=-1) - 1).max() < 1e-12
    assert np.abs(lens.project(rays) - pixels).max() < 1e-6
    assert np.abs(lens.project(7.0 * rays) - pixels).max() < 1e-6


def test_a_lens_sees_nothing_behind_it_or_where_its_model_folds_over() -> None:
    behind = np.array([[0.1, 0.1, -1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
    assert np.isnan(RectilinearLens(SIZE, 2000.0, CENTRE).project(behind)).all()
    assert np.isnan(FisheyeLens(SIZE, 2000.0, CENTRE).project(np.array([0.0, 0.0, -1.0]))).all()
    folding = FisheyeLens(SIZE, 2000.0, CENTRE, (-0.3,))
    turn = np.sqrt(1 / 0.9)
    near, far = turn - 0.01, turn + 0.01
    assert np.isfinite(folding.project(np.array([np.sin(near), 0, np.cos(near)]))).all()
    assert np.isnan(folding.project(np.array([np.sin(far), 0, np.cos(far)]))).all()
    assert np.isnan(folding.unproject(np.array([CENTRE[0] + 2000.0, CENTRE[1]]))).all()


def test_panoramas_end_at_half_a_turn_and_at_the_poles() -> None:
    beyond = np.array([CENTRE[0] + 1000.0 * 3.2, CENTRE[1]])
    above = np.array([CENTRE[0], CENTRE[1] - 1000.0 * 1.6])
    assert np.isnan(CylindricalLens(SIZE, 1000.0, CENTRE).unproject(beyond)).all()
    assert np.isnan(EquirectangularLens(SIZE, 1000.0, CENTRE).unproject(beyond)).all()
    assert np.isnan(EquirectangularLens(SIZE, 1000.0, CENTRE).unproject(above)).all()
    assert np.isnan(CylindricalLens(SIZE, 1000.0, CENTRE).project(np.array([0.0, -1.0, 0.0]))).all()


@pytest.mark.parametrize(
    ("size", "focal", "centre", "k", "named"),
    [
        ((3071, 1728), 2000.0, CENTRE, (), "size_px"),
        (SIZE, -1.0, CENTRE, (), "focal_px"),
        (SIZE, float("nan"), CENTRE, (), "focal_px"),
        (SIZE, 2000.0, (float("inf"), 0.0), (), "centre_px"),
        (SIZE, 2000.0, CENTRE, (0.1,) * 5, "at most 4"),
    ],
)
def test_impossible_lenses_are_refused(
    size: tuple[int, int], focal: float, centre: tuple[float, float], k: tuple[float, ...], named: str
) -> None:
    with pytest.raises(RigError, match=named):
        FisheyeLens(size, focal, centre, k)
