"""Tests of the overlay: position, colour, both formats, and drawing outside the view."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.optics.frame import Frame, PixelFormat
from pipeline.optics.overlay import RED, WHITE, YELLOW, Box, Overlay, draw
from pipeline.optics.view import View

VIEW = View(10, -10, 40)


@pytest.mark.parametrize("pixel_format", ["NV12", "I420"])
def test_a_box_is_drawn_around_its_direction(pixel_format: PixelFormat) -> None:
    frame = Frame.empty(pixel_format, 640, 360)
    draw(frame, VIEW, Overlay(boxes=[Box(12, -11, 4, 6, RED)]))
    drawn = np.argwhere(frame.luma != 16)
    top_left, bottom_right = VIEW.angles_to_pixels([10, 14], [-8, -14], 640, 360)
    assert np.abs(drawn.min(axis=0)[::-1] - top_left).max() < 4
    assert np.abs(drawn.max(axis=0)[::-1] - bottom_right).max() < 4
    centre_x, centre_y = np.rint(VIEW.angles_to_pixels(12, -11, 640, 360)).astype(int)
    assert frame.luma[centre_y, centre_x] == 16
    edge_x, edge_y = np.rint(VIEW.angles_to_pixels(12, -8, 640, 360)).astype(int)
    chroma = frame.planes[1][edge_y // 2, edge_x // 2]
    u, v = chroma if pixel_format == "NV12" else (chroma, frame.planes[2][edge_y // 2, edge_x // 2])
    assert (frame.luma[edge_y, edge_x], u, v) == RED


def test_the_path_is_a_row_of_shrinking_dots() -> None:
    frame = Frame.empty("NV12", 1280, 720)
    path = np.stack([np.linspace(0, 20, 11), np.full(11, -10.0)], axis=-1)
    draw(frame, VIEW, Overlay(path=path))
    sizes = []
    for yaw, tilt in path:
        x, y = np.rint(VIEW.angles_to_pixels(yaw, tilt, 1280, 720)).astype(int)
        assert frame.luma[y, x] == YELLOW[0]
        sizes.append(int((frame.luma[y - 8 : y + 9, x - 8 : x + 9] != 16).sum()))
    assert sizes[0] > 2 * sizes[-1]
    assert not (frame.luma != 16).all(axis=0).any()


def test_the_outline_of_a_view_is_drawn_in_a_panorama() -> None:
    frame = Frame.empty("NV12", 1500, 500)
    panorama = View(0, -5, 150, 0, "cylindrical")
    draw(frame, panorama, Overlay(outline=VIEW.outline(16 / 9)))
    corners = VIEW.pixels_to_angles(
        np.array([[-0.5, -0.5], [639.5, -0.5], [639.5, 359.5], [-0.5, 359.5]]), 640, 360
    )
    for x, y in np.rint(panorama.angles_to_pixels(*corners, 1500, 500)).astype(int):
        assert frame.luma[y - 1 : y + 2, x - 1 : x + 2].max() > WHITE[0] - 40


def test_objects_outside_or_behind_are_left_out() -> None:
    frame = Frame.empty("NV12", 640, 360)
    behind = [Box(190, 10, 5, 5), Box(-80, 0, 1, 1), Box(100, -10, 1, 1)]
    draw(
        frame,
        VIEW,
        Overlay(behind, np.array([[190.0, 10.0], [-90.0, 0.0]]), View(190, 10, 30).outline(16 / 9)),
    )
    draw(frame, VIEW, Overlay())
    assert (frame.luma == 16).all()


def test_a_box_across_the_ends_of_a_panorama_is_not_drawn_across_it() -> None:
    frame = Frame.empty("NV12", 1000, 300)
    draw(frame, View(0, 0, 360, 0, "cylindrical"), Overlay([Box(180, 0, 10, 10)]))
    assert (frame.luma[:, 100:900] == 16).all()
