"""Tests of the field: from the pitch, a polygon, a mask image, and the turf's colour."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analysis.field import CELL_M, Field, make_field
from pipeline.errors import ConfigError, RigError
from pipeline.optics.rig import Rig
from tests.analysis.pictures import PITCH, Painter, one_camera, two_cameras

RIG = one_camera()
BY_PITCH = Field.of_pitch(RIG)


def distance_m(u: float, v: float) -> float:
    return float(np.hypot(max(0.0, abs(u) - PITCH.length_m / 2), max(0.0, abs(v) - PITCH.width_m / 2)))


@settings(max_examples=100)
@given(st.floats(-40, 40), st.floats(-28, 35))
def test_the_distance_outside_the_pitch_is_exact_to_a_cell(u: float, v: float) -> None:
    angles = RIG.pitch_to_angles(u, v)
    assert float(BY_PITCH.outside_m(*angles)) == pytest.approx(distance_m(u, v), abs=1.5 * CELL_M)


def test_the_margin_is_in_metres() -> None:
    angles = RIG.pitch_to_angles(PITCH.length_m / 2 + 3.0, 0.0)
    assert not BY_PITCH.contains(*angles, margin_m=2.0)
    assert BY_PITCH.contains(*angles, margin_m=4.0)


def test_the_sky_is_not_part_of_the_field() -> None:
    assert not BY_PITCH.contains(0.0, 1.0, margin_m=1000.0)
    assert BY_PITCH.contains(np.array([0.0, 0.0]), np.array([-14.0, 5.0])).tolist() == [True, False]


def test_a_polygon_of_the_outline_is_the_pitch() -> None:
    polygon = Field.of_polygon(RIG, RIG.outline_angles())
    x, z = np.meshgrid(np.linspace(-50, 50, 41), np.linspace(5, 70, 31))
    assert np.array_equal(polygon.outside_at(x, z), BY_PITCH.outside_at(x, z))


def test_a_bad_polygon_is_refused() -> None:
    with pytest.raises(ConfigError, match="three or more"):
        Field.of_polygon(RIG, [[0, -10], [1, -10]])
    with pytest.raises(ConfigError, match="horizon"):
        Field.of_polygon(RIG, [[0, -10], [1, -10], [1, 2]])


@pytest.mark.parametrize("rig", [one_camera(), two_cameras()], ids=["one", "two"])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_mask_image_of_the_rig_frame_gives_the_same(rig: Rig, scale: float, tmp_path: Path) -> None:
    width, height = rig.frame_size
    mask = np.zeros((height, width), np.uint8)
    for camera in range(len(rig.cameras)):
        region = rig.region(camera)
        grid = np.stack(np.meshgrid(np.arange(region.width), np.arange(region.height)), axis=-1)
        u, v = rig.angles_to_pitch(*rig.pixels_to_angles(camera, grid.astype(np.float64)))
        inside = (np.abs(u) <= PITCH.length_m / 2) & (np.abs(v) <= PITCH.width_m / 2)
        mask[region.y : region.y + region.height, : region.width][inside] = 255
    path = tmp_path / "mask.png"
    cv2.imwrite(str(path), cv2.resize(mask, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST))
    field = Field.of_mask(rig, path)
    for u, v in [(0, 0), (20, 15), (-27, -12), (15, -17)]:
        assert field.outside_m(*rig.pitch_to_angles(u, v)) == 0
    assert field.outside_m(*rig.pitch_to_angles(0, 24)) == pytest.approx(4, abs=1.5)


def test_an_unusable_mask_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        Field.of_mask(RIG, tmp_path / "missing.png")
    lying = tmp_path / "lying.png"
    encoded = cv2.imencode(".png", np.zeros((480, 1440), np.uint8))[1].tobytes()
    place = encoded.index(b"IDAT") - 4
    lying.write_bytes(encoded[:place] + bytes([255] * 4) + encoded[place + 4 :])
    empty = tmp_path / "empty.png"
    empty.touch()
    for path in (lying, empty, tmp_path):
        with pytest.raises(ConfigError, match="cannot read"):
            Field.of_mask(RIG, path)
    path = tmp_path / "square.png"
    cv2.imwrite(str(path), np.zeros((50, 50), np.uint8))
    with pytest.raises(ConfigError, match=r"50x50.*1440x480"):
        Field.of_mask(RIG, path)


def test_the_turf_shows_where_the_field_is() -> None:
    painter = Painter(RIG)
    field = Field.of_turf(RIG, painter.frame([(x, 30.0) for x in (-15.0, 0.0, 15.0)]))
    for u, v in [(0, 0), (25, 0), (-25, 10), (10, -12)]:
        assert field.contains(*RIG.pitch_to_angles(u, v)), (u, v)
    assert not field.contains(*RIG.pitch_to_angles(0, PITCH.width_m / 2 + 9))


def test_without_turf_all_ground_in_range_is_field() -> None:
    painter = Painter(RIG)
    frame = painter.frame([])
    random = np.random.default_rng(1)
    frame.planes[1][...] = random.integers(0, 255, frame.planes[1].shape)
    field = Field.of_turf(RIG, frame)
    assert field.contains(*RIG.metres_to_angles(0.0, 70.0))


def test_a_configured_outline_overrides_the_one_of_the_rig() -> None:
    corners = [[-5.0, -15.0], [5.0, -15.0], [5.0, -20.0], [-5.0, -20.0]]
    field = make_field(RIG, corners)
    assert field is not None
    assert field.outside_m(*RIG.pitch_to_angles(20, 10)) > 5
    assert make_field(Rig.assume(1440, 480)) is None
    with pytest.raises(RigError, match="pitch"):
        Field.of_pitch(Rig.assume(1440, 480))
