"""Private areas: blurred inside, not a pixel changed outside, each in its own camera's picture."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.graphics.private_areas import PrivateArea, PrivateAreas
from pipeline.optics.frame import Frame, PixelFormat

TRIANGLE = PrivateArea(((40.0, 20.0), (200.0, 20.0), (40.0, 120.0)))


def noise(pixel_format: PixelFormat, width: int, height: int) -> Frame:
    frame = Frame.empty(pixel_format, width, height)
    for plane in frame.planes:
        plane[...] = np.random.default_rng(1).integers(0, 256, plane.shape, np.uint8)
    return frame


@pytest.mark.parametrize("pixel_format", ["NV12", "I420"])
def test_all_of_the_polygon_is_blurred_and_nothing_else(pixel_format: PixelFormat) -> None:
    frame, was = noise(pixel_format, 320, 180), noise(pixel_format, 320, 180)
    PrivateAreas([TRIANGLE], 320, 180).hide(frame)
    y, x = np.mgrid[:180, :320]
    inside = (x >= 40) & (y >= 20) & ((x - 40) / 160 + (y - 20) / 100 <= 1)
    outside = (x < 38) | (y < 18) | ((x - 40) / 160 + (y - 20) / 100 > 1.05)
    assert (frame.luma[outside] == was.luma[outside]).all()
    neighbours = inside[:, 1:] & inside[:, :-1]
    assert int(np.abs(np.diff(frame.luma.astype(int), axis=1))[neighbours].max()) < 20
    for plane, before in zip(frame.planes[1:], was.planes[1:], strict=True):
        small_inside = inside.reshape(90, 2, 160, 2).any(axis=(1, 3))
        assert (plane[small_inside] != before[small_inside]).mean() > 0.9
        small_outside = outside.reshape(90, 2, 160, 2).all(axis=(1, 3))
        assert (plane[small_outside] == before[small_outside]).all()


def test_an_area_stays_in_its_own_cameras_picture() -> None:
    """Two pictures above each other; the area of the upper one reaches beyond its lower edge."""
    frame, was = noise("I420", 160, 200), noise("I420", 160, 200)
    corners = ((-50.0, 50.0), (80.0, 50.0), (80.0, 150.0), (-50.0, 150.0))
    areas = PrivateAreas([PrivateArea(corners, (0, 0, 160, 100))], 160, 200)
    areas.hide(frame)
    assert (frame.luma[100:] == was.luma[100:]).all()
    assert (frame.luma[50:100, :80] != was.luma[50:100, :80]).mean() > 0.9
    lower = PrivateAreas([PrivateArea(((0.0, 0.0), (20.0, 0.0), (20.0, 20.0)), (0, 100, 160, 100))], 160, 200)
    lower.hide(frame)
    assert frame.luma[101, 15] != was.luma[101, 15]


def test_an_area_of_which_nothing_is_in_the_picture_is_named() -> None:
    beyond = PrivateArea(((400.0, 0.0), (500.0, 0.0), (500.0, 100.0)))
    assert PrivateAreas([TRIANGLE, beyond], 320, 180).outside == [1]
    assert PrivateAreas([PrivateArea(((5.0, 5.0), (5.0, 5.0), (5.0, 5.0)))], 320, 180).outside == []


def test_an_area_as_small_as_a_pixel_or_as_large_as_the_frame_is_blurred() -> None:
    frame = noise("NV12", 64, 36)
    whole = PrivateArea(((0.0, 0.0), (63.0, 0.0), (63.0, 35.0), (0.0, 35.0)))
    PrivateAreas([PrivateArea(((3.0, 3.0),) * 3), whole], 64, 36).hide(frame)
    assert int(np.abs(np.diff(frame.luma.astype(int), axis=1)).max()) < 40
