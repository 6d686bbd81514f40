"""Tests of outlines: what is black in the source is never shown where a view can keep out of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import RigError
from pipeline.optics.limits import limit, panorama_view
from pipeline.optics.outline import Outline
from pipeline.optics.render import Renderer
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from tests.optics.rigs import paint, panorama, two_cameras

WIDE, HIGH = 1600, 600
ARC = np.linspace(0, WIDE - 1, 9)
CURVED: Outline = (
    *((float(x), 60 + 120 * (2 * x / WIDE - 1) ** 2) for x in ARC),
    *((float(x), HIGH - 30 - 60 * (2 * x / WIDE - 1) ** 2) for x in ARC[::-1]),
)


def framed(rig: Rig, outline: Outline) -> Rig:
    """The rig with this outline in its first camera."""
    return replace(rig, cameras=(replace(rig.cameras[0], outline_px=outline), *rig.cameras[1:]))


def painted_white(rig: Rig) -> np.ndarray:
    """A rig frame that is white where the cameras' pictures are, black elsewhere."""
    frame = paint(rig, lambda yaw, _tilt: np.full_like(yaw, 235.0))
    for i, camera in enumerate(rig.cameras):
        region = rig.region(i)
        grid = np.stack(np.meshgrid(np.arange(region.width), np.arange(region.height)), axis=-1)
        part = frame.luma[region.y : region.y + region.height, : region.width]
        part[~camera.shows(grid.astype(float))] = 16
    return frame


@settings(max_examples=40, deadline=None)
@given(st.floats(-120, 120), st.floats(-60, 50), st.floats(5, 120), st.floats(-20, 20) | st.just(0.0))
def test_a_limited_view_keeps_out_of_the_black(yaw: float, tilt: float, hfov: float, roll: float) -> None:
    rig = framed(panorama(), CURVED)
    view = limit(View(yaw, tilt, hfov, roll), rig, 16 / 9)
    out = Renderer(rig, 320, 180).render(view, painted_white(rig))
    assert (out.luma < 200).mean() < 0.002


def test_the_panorama_is_cut_to_the_picture() -> None:
    bars: Outline = ((0.0, 100.0), (WIDE - 1.0, 100.0), (WIDE - 1.0, 449.0), (0.0, 449.0))
    whole, rig = panorama(), framed(panorama(), bars)
    assert rig.coverage().tilt_max_deg < whole.coverage().tilt_max_deg - 2
    view = panorama_view(rig, WIDE / 350)
    out = Renderer(rig, 640, 140).render(view, painted_white(rig))
    assert (out.luma[2:-2, 2:-2] > 200).all()


def test_where_one_camera_is_black_another_shows() -> None:
    pair = two_cameras()
    width, height = pair.cameras[0].size_px
    short = ((0.0, 0.0), (width - 80.0, 0.0), (width - 80.0, height - 1.0), (0.0, height - 1.0))
    rig = framed(pair, short)
    out = Renderer(rig, 320, 180).render(View(-1.0, -8.0, 20.0), painted_white(rig))
    assert (out.luma > 200).all()


def test_a_rig_file_keeps_the_outline(tmp_path: Path) -> None:
    rig = framed(panorama(), CURVED)
    rig.save(tmp_path / "rig.toml")
    assert Rig.load(tmp_path / "rig.toml") == rig


@pytest.mark.parametrize(
    ("outline", "words"),
    [
        (((0.0, 0.0), (10.0, 10.0)), "2 corners"),
        (((0.0, 0.0), (5000.0, 0.0), (0.0, 500.0)), "within the 1600x600"),
        (((0.0, 0.0), (float("nan"), 0.0), (0.0, 500.0)), "within the 1600x600"),
        (((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)), "encloses nothing"),
    ],
)
def test_an_impossible_outline_is_refused(outline: Outline, words: str) -> None:
    with pytest.raises(RigError, match=words):
        framed(panorama(), outline)


@pytest.mark.parametrize("text", ["outline_px = 3", "outline_px = [[1, 2, 3]]", 'outline_px = ["a", "b"]'])
def test_an_outline_that_is_no_list_of_corners_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rig.toml"
    panorama().save(path)
    path.write_text(path.read_text().replace("frame_offset = 0", text), encoding="utf-8")
    with pytest.raises(RigError, match=r"outline_px .*a list of corners"):
        Rig.load(path)


def test_an_assumed_rig_is_that_of_the_picture() -> None:
    bars: Outline = ((0.0, 180.0), (1919.0, 180.0), (1919.0, 899.0), (0.0, 899.0))
    rig, plain = Rig.assume(1920, 1080, bars), Rig.assume(1920, 720)
    assert rig.cameras[0].lens.model == "cylindrical", "a panorama in a 16:9 film"
    for found, known in zip(vars_of(rig), vars_of(plain), strict=True):
        assert found == pytest.approx(known, abs=0.3)


def vars_of(rig: Rig) -> tuple[float, float, float, float]:
    seen = rig.coverage()
    return seen.yaw_min_deg, seen.yaw_max_deg, seen.tilt_min_deg, seen.tilt_max_deg
