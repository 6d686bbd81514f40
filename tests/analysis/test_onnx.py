"""Tests of the onnx detector with small models of every head, on a drawn field."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from pipeline.analysis.factory import make_detector
from pipeline.analysis.field import Field
from pipeline.analysis.onnx import OnnxDetector
from pipeline.errors import ConfigError, DetectorError
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from tests.analysis.fakes import ms
from tests.analysis.models import SIDE, HeadName, build, build_unfit
from tests.analysis.pictures import one_camera, two_cameras

SPOTS_DEG = [(-35.0, -12.0), (0.0, -15.0), (20.0, -20.0), (31.0, -9.0)]


def bright_spots(rig: Rig, spots_deg: list[tuple[float, float]], radius_px: int = 28) -> Frame:
    """A dark frame with bright squares in the given directions."""
    frame = Frame.empty("NV12", *rig.frame_size)
    for camera in range(len(rig.cameras)):
        region = rig.region(camera)
        for yaw_deg, tilt_deg in spots_deg:
            pixel = rig.angles_to_pixels(camera, yaw_deg, tilt_deg)
            if rig.cameras[camera].lens.contains(pixel):
                x, y = np.round(pixel).astype(int)
                rows = slice(max(0, y - radius_px), min(region.height, y + radius_px))
                part = frame.luma[region.y : region.y + region.height]
                part[rows, max(0, x - radius_px) : x + radius_px] = 235
    return frame


def assert_found(detector: OnnxDetector, rig: Rig, within_deg: float = 1.5) -> None:
    found = detector.detect(bright_spots(rig, SPOTS_DEG), ms(0))
    assert {it.label for it in found} == {"ball"}
    for yaw_deg, tilt_deg in SPOTS_DEG:
        near = [it for it in found if np.hypot(it.yaw_deg - yaw_deg, it.tilt_deg - tilt_deg) < within_deg]
        assert near, ((yaw_deg, tilt_deg), found)
    away = [
        it
        for it in found
        if min(np.hypot(it.yaw_deg - yaw, it.tilt_deg - tilt) for yaw, tilt in SPOTS_DEG) > 2 * within_deg
    ]
    assert not away


@pytest.mark.parametrize("head", ["anchors", "points", "rows", "final"])
@pytest.mark.parametrize("batch", ["batch", 1, 2])
def test_every_head_finds_the_ball_at_its_place(tmp_path: Path, head: HeadName, batch: int | str) -> None:
    rig = two_cameras()
    detector = OnnxDetector(rig, build(tmp_path / "m.onnx", head, batch=batch))
    assert detector.tiles > 2
    assert detector.provider == "cpu"
    assert detector.labels == {0: "player", 1: "ball"}
    assert_found(detector, rig)


@pytest.mark.parametrize("input_type", ["float", "float16", "uint8", "int8"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_every_input_type_gives_the_same(tmp_path: Path, input_type: str, channels_last: bool) -> None:
    rig = one_camera()
    model = build(tmp_path / "m.onnx", "points", input_type, channels_last=channels_last)
    assert_found(OnnxDetector(rig, model), rig)


def test_an_object_in_two_tiles_is_found_once(tmp_path: Path) -> None:
    rig = one_camera()
    detector = OnnxDetector(rig, build(tmp_path / "m.onnx"), tile_hfov_deg=20.0)
    first, second = detector._tiles[:2]
    cell = np.array([SIDE - 12.5, 83.5])
    yaw_deg, tilt_deg = first.view.pixels_to_angles(cell, SIDE, SIDE)
    again = second.view.angles_to_pixels(yaw_deg, tilt_deg, SIDE, SIDE)
    assert 12 < again[0] < SIDE - 12
    found = detector.detect(bright_spots(rig, [(float(yaw_deg), float(tilt_deg))], radius_px=6), ms(0))
    assert len(found) == 1, found
    assert found[0].yaw_deg == pytest.approx(float(yaw_deg), abs=0.5)


def test_objects_off_the_field_are_left_out(tmp_path: Path) -> None:
    rig = one_camera()
    model = build(tmp_path / "m.onnx", names="['ball', 'person']")
    field = Field.of_pitch(rig)
    detector = OnnxDetector(rig, model, field)
    on, off = (float(a) for a in rig.pitch_to_angles(0, 0)), (float(a) for a in rig.pitch_to_angles(0, 30))
    found = detector.detect(bright_spots(rig, [tuple(on), tuple(off)], radius_px=28), ms(0))  # type: ignore[list-item]
    assert found
    assert all(field.contains(it.yaw_deg, it.tilt_deg - it.height_deg / 2) for it in found)
    assert {it.label for it in found} == {"player"}


@pytest.mark.parametrize(
    ("classes", "labels"),
    [
        ({"ball": "main_referee"}, {1: "main_referee"}),
        ({"BALL": "ball", "0": "staff"}, {0: "staff", 1: "ball"}),
    ],
)
def test_the_configuration_maps_classes_to_labels(
    tmp_path: Path, classes: dict[str, str], labels: dict[int, str]
) -> None:
    detector = make_detector("onnx", one_camera(), model=build(tmp_path / "m.onnx"), classes=classes)
    assert isinstance(detector, OnnxDetector)
    assert detector.labels == labels


def test_unknown_classes_and_labels_are_named(tmp_path: Path) -> None:
    model = build(tmp_path / "m.onnx")
    with pytest.raises(ConfigError, match="no class 'dog'; it has person, ball"):
        OnnxDetector(one_camera(), model, classes={"dog": "ball"})
    with pytest.raises(ConfigError, match="label 'dog' is not one of ball, player"):
        OnnxDetector(one_camera(), model, classes={"ball": "dog"})


def test_a_model_that_names_nothing_useful_asks_for_the_classes(tmp_path: Path) -> None:
    for names in ("['cat', 'dog']", None, "{what"):
        model = build(tmp_path / "m.onnx", names=names)
        with pytest.raises(DetectorError, match="is a ball or a person"):
            OnnxDetector(one_camera(), model)
    detector = OnnxDetector(one_camera(), build(tmp_path / "m.onnx", names=None), classes={"1": "ball"})
    assert_found(detector, one_camera())


@pytest.mark.parametrize(
    ("input_shape", "output_shape", "named"),
    [
        ([1, 3, 64, 64], [1, 10], r"images \[1, 3, 64, 64\] tensor\(float\).*output0.*4 \+ classes, N"),
        ([1, 64], [1, 84, 6], r"images \[1, 64\].*needed: one input"),
        ([1, 1, 64, 64], [1, 84, 6], r"images \[1, 1, 64, 64\].*needed: one input"),
        ([1, 3, 63, 63], [1, 84, 6], r"images \[1, 3, 63, 63\]"),
    ],
)
def test_an_unsuitable_model_is_refused_with_its_shapes(
    tmp_path: Path, input_shape: list[int | str], output_shape: list[int], named: str
) -> None:
    model = build_unfit(tmp_path / "m.onnx", input_shape, output_shape)
    with pytest.raises(DetectorError, match=named) as caught:
        OnnxDetector(one_camera(), model)
    assert "\n" not in str(caught.value)


def test_a_missing_and_a_broken_model_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="there is no model"):
        OnnxDetector(one_camera(), tmp_path / "missing.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model at all")
    with pytest.raises(DetectorError, match="cannot load model") as caught:
        OnnxDetector(one_camera(), broken)
    assert "\n" not in str(caught.value)


def test_a_missing_provider_falls_back_with_a_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = build(tmp_path / "m.onnx")
    with caplog.at_level(logging.WARNING):
        detector = OnnxDetector(one_camera(), model, providers=["tensorrt", "cpu"])
    assert detector.provider == "cpu"
    assert "no tensorrt" in caplog.text
    with pytest.raises(DetectorError, match="'gpu' is not one of tensorrt"):
        OnnxDetector(one_camera(), model, providers=["gpu"])


def test_a_dynamic_input_size_gets_the_default(tmp_path: Path) -> None:
    model = build(tmp_path / "m.onnx", input_side="side")
    with pytest.raises(DetectorError, match=r"cannot be used|failed on cpu"):
        OnnxDetector(one_camera(), model)


def test_the_tiles_show_the_whole_field() -> None:
    from pipeline.analysis.tiles import plan_tiles

    rig = two_cameras()
    field = Field.of_pitch(rig)
    tiles = plan_tiles(rig, 640, 384, field, hfov_deg=30.0)
    for u in np.linspace(-30, 30, 13):
        for v in np.linspace(-20, 20, 9):
            angles = rig.pitch_to_angles(u, v)
            if not rig.seen_by(*angles).any():
                continue
            pixels = [tile.view.angles_to_pixels(*angles, 640, 384) for tile in tiles]
            assert any((at > 0).all() and (at < (640, 384)).all() for at in pixels), (u, v)
