"""Frames come upright, progressive and square, whatever the file says; an ordinary file costs nothing."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.gst.capture.footage import read_footage
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface
from pipeline.pipeline_builder import PipelineBuilder, Storage
from pipeline.timebase import NS_PER_MS
from tests.gst.capture.corrected import corrected
from tests.gst.capture.odd_films import (
    FRAMES,
    HEIGHT,
    MATRICES,
    UPRIGHT_CORNERS,
    WIDTH,
    X264,
    corners,
    film,
    moving_bar,
    record,
    scene,
    turned,
)
from tests.once import made_once

STEPS = {"deinterlace", "videocrop", "videoflip", "videoscale"}

SHOWN = {
    "rotate-90": ["blue", "red", "green", "grey"],
    "rotate-180": ["grey", "blue", "red", "green"],
    "rotate-270": ["green", "grey", "blue", "red"],
    "flip-rotate-0": ["green", "red", "blue", "grey"],
    "flip-rotate-90": ["grey", "green", "red", "blue"],
    "flip-rotate-180": ["blue", "grey", "green", "red"],
    "flip-rotate-270": ["red", "blue", "grey", "green"],
}
"""The corners of the scene as a player shows it, from the top left clockwise."""


def test_an_ordinary_file_goes_through_no_further_element(tmp_path_factory: pytest.TempPathFactory) -> None:
    plain = corrected(film(tmp_path_factory, "plain.mp4"))
    assert not plain.elements & STEPS
    assert corners(plain.bgr) == UPRIGHT_CORNERS
    assert (plain.size_px, len(plain.frames), plain.notes) == ((WIDTH, HEIGHT), FRAMES, ())


@pytest.mark.parametrize("orientation", MATRICES)
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_display_matrix_is_honoured(
    tmp_path_factory: pytest.TempPathFactory, orientation: str, suffix: str
) -> None:
    shown = corrected(turned(tmp_path_factory, orientation, suffix))
    assert corners(shown.bgr) == SHOWN[orientation]
    assert shown.size_px == (
        (HEIGHT, WIDTH) if "90" in orientation or "270" in orientation else (WIDTH, HEIGHT)
    )
    assert len(shown.caps) == 1
    assert len(shown.frames) == FRAMES


def test_each_camera_of_a_rig_is_turned(tmp_path_factory: pytest.TempPathFactory) -> None:
    lenses = [
        RectilinearLens(size, 260.0, ((size[0] - 1) / 2, (size[1] - 1) / 2))
        for size in ((WIDTH, HEIGHT), (HEIGHT, WIDTH))
    ]
    cameras = (Camera("left", lenses[0], yaw_deg=-30.0), Camera("right", lenses[1], yaw_deg=30.0))
    rig = Rig(cameras, Surface("infinity"))
    files = turned(tmp_path_factory, "rotate-180"), turned(tmp_path_factory, "rotate-90")
    stacked = corrected(*files, rig=rig)
    assert stacked.size_px == (WIDTH, HEIGHT + WIDTH)
    assert corners(stacked.bgr[:HEIGHT]) == SHOWN["rotate-180"]
    assert corners(stacked.bgr[HEIGHT:, :HEIGHT]) == SHOWN["rotate-90"]


def test_calibration_sees_what_a_run_sees(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = turned(tmp_path_factory, "rotate-90")
    footage = read_footage([SourceSpec.parse(str(path))])[0]
    assert footage.size_px == (HEIGHT, WIDTH)
    assert corners(footage.background) == SHOWN["rotate-90"]


@pytest.mark.parametrize("storage", ["raw", "source"])
def test_the_size_is_known_before_a_compressed_window_is_decoded(
    tmp_path_factory: pytest.TempPathFactory, storage: Storage
) -> None:
    path = turned(tmp_path_factory, "rotate-90")
    analysis = PipelineBuilder([str(path)], live=False, storage=storage).build()
    analysis.start()
    try:
        info = analysis.wait_ready()
    finally:
        analysis.stop()
    assert info.size_px == (HEIGHT, WIDTH)
    assert info.orientations == ("rotate-90" if storage == "source" else "rotate-0",)


@pytest.mark.parametrize(
    ("aspect", "suffix", "size_px"),
    [
        ("16/15", ".mp4", (342, 180)),
        ("4/3", ".ts", (426, 180)),
        ("2/1", ".mkv", (640, 180)),
        ("10/11", ".mov", (320, 198)),
        ("1/2", ".mp4", (320, 360)),
    ],
)
def test_anamorphic_pixels_become_square(
    tmp_path_factory: pytest.TempPathFactory, aspect: str, suffix: str, size_px: tuple[int, int]
) -> None:
    name = f"pixels-{aspect.replace('/', '-')}{suffix}"
    shown = corrected(film(tmp_path_factory, name, "-vf", f"setsar={aspect}", *X264))
    assert shown.size_px == size_px
    assert "pixel-aspect-ratio=(fraction)1/1" in shown.caps[0]
    across, down = _extent(shown.frames[0])
    wide, high = (int(part) for part in aspect.split("/"))
    assert across / down == pytest.approx(wide / high, rel=0.05)


def _extent(luma: np.ndarray) -> tuple[int, int]:
    """How many pixels the bright disk in the middle measures across and down."""
    rows, columns = luma.shape
    return int(np.sum(luma[rows // 2] > 180)), int(np.sum(luma[:, columns // 2] > 180))


MOVES_PX = 6
FIELDS = 40


def _interlaced(factory: pytest.TempPathFactory, order: str, name: str, *codec: str) -> Path:
    """A moving bar, a field for each of its frames, the first field first."""
    mode = {"tff": "interleave_top", "bff": "interleave_bottom"}[order]
    weave = ["-vf", f"tinterlace={mode},fieldorder={order}", "-pix_fmt", "yuv420p"]
    frames = moving_bar(FIELDS, WIDTH, HEIGHT, MOVES_PX)
    return made_once(factory, name, lambda path: record(path, frames, *weave, *codec, rate=50))


H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-flags", "+ildct+ilme", "-x264opts")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "2", "-flags", "+ildct+ilme", "-top")


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize("kind", ["h264.mp4", "h264.mov", "h264.ts", "h264.mkv", "mpeg2.ts", "mpeg2.mpg"])
def test_interlaced_video_becomes_progressive_in_the_order_of_its_fields(
    tmp_path_factory: pytest.TempPathFactory, order: str, kind: str
) -> None:
    codec = (*H264, order) if kind.startswith("h264") else (*MPEG2, "1" if order == "tff" else "0")
    shown = corrected(_interlaced(tmp_path_factory, order, f"{order}-{kind}", *codec))
    assert "interlace-mode=(string)progressive" in shown.caps[0]
    assert np.all(np.diff(shown.times_ns) == 40 * NS_PER_MS)
    assert len(shown.frames) == FIELDS // 2
    places = [_bar(frame) for frame in shown.frames]
    for _, comb in places[2:]:
        assert comb < 2
    # each frame shows the moment of its first field
    at = [place for place, _ in places[2:]]
    assert at == pytest.approx([19.5 + 2 * MOVES_PX * index for index in range(2, len(places))], abs=1.5)


def _bar(luma: np.ndarray) -> tuple[float, float]:
    """Where the bright bar is, and by how many pixels its even and odd rows disagree about it."""
    rows = luma[8:-8].astype(float)
    bright = np.clip(rows - 100, 0, None)
    places = (bright * np.arange(rows.shape[1])).sum(axis=1) / bright.sum(axis=1)
    return float(places.mean()), float(abs(places[::2].mean() - places[1::2].mean()))


def test_dv_is_deinterlaced_and_made_square(tmp_path_factory: pytest.TempPathFactory) -> None:
    weave = [
        "-vf",
        "scale=720:576,tinterlace=interleave_bottom,fieldorder=bff,setsar=16/15",
        "-pix_fmt",
        "yuv420p",
    ]
    frames = moving_bar(20, WIDTH, HEIGHT, MOVES_PX)
    path = made_once(
        tmp_path_factory, "dv.mov", lambda path: record(path, frames, *weave, "-c:v", "dvvideo", rate=50)
    )
    shown = corrected(path)
    assert shown.size_px == (768, 576)
    assert all(_bar(frame)[1] < 3 for frame in shown.frames[2:])


def test_interlaced_turned_and_anamorphic_at_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    source = _interlaced(tmp_path_factory, "bff", "bff-h264.mp4", *H264, "bff")

    def turn(path: Path) -> None:
        content = source.read_bytes()
        at = content.index(b"tkhd") + 44
        numbers = [0, 0x10000, 0, 0x100000000 - 0x10000, 0, 0, 0, 0, 0x40000000]
        matrix = b"".join(number.to_bytes(4, "big") for number in numbers)
        path.write_bytes(content[:at] + matrix + content[at + 36 :])

    shown = corrected(made_once(tmp_path_factory, "bff-turned.mp4", turn))
    assert shown.size_px == (HEIGHT, WIDTH)
    places = [_bar(frame.T) for frame in shown.frames[2:]]
    assert all(comb < 2 for _, comb in places)


SIZES = [(319, 179), (320, 179), (319, 180), (2, 2), (17, 301)]
FORMATS = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "bgr24", "gray"]


@pytest.mark.parametrize(
    ("pixels", "size"),
    [*((pixels, (319, 179)) for pixels in FORMATS), *(("yuv444p", size) for size in SIZES[1:])],
)
def test_odd_sizes_and_formats(
    tmp_path_factory: pytest.TempPathFactory, pixels: str, size: tuple[int, int]
) -> None:
    name = f"odd-{pixels}-{size[0]}x{size[1]}.mkv"
    shown = corrected(film(tmp_path_factory, name, "-pix_fmt", pixels, "-c:v", "ffv1", size=size))
    assert shown.size_px == (size[0] // 2 * 2, size[1] // 2 * 2)
    assert len(shown.frames) == FRAMES
    grey = cv2.cvtColor(scene(*size), cv2.COLOR_RGB2GRAY)[: shown.size_px[1], : shown.size_px[0]]
    luma = (shown.frames[0].astype(float) - 16) * 255 / 219
    assert np.abs(luma - grey).mean() < 6
