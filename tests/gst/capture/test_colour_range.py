"""The same picture, recorded with full or limited range, comes out the same, whatever the file and the codec."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.gst.capture.corrected import corrected
from tests.gst.capture.odd_films import record
from tests.once import made_once

PATCHES = (16, 126, 238)
"""The grey values of the picture, as a player shows them."""

CODECS = {
    "h264": ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "4"),
    "h265": ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "4", "-x265-params", "log-level=none"),
    "vp9": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "0", "-crf", "4"),
    "mjpeg": ("-c:v", "mjpeg", "-q:v", "2"),
}
CASES = [
    *((codec, suffix) for codec in ("h264", "h265") for suffix in ("mp4", "mov", "mkv", "ts")),
    *(("vp9", suffix) for suffix in ("mp4", "mkv", "webm")),
]
DESCRIBED = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")


def _film(factory: pytest.TempPathFactory, codec: str, suffix: str, span: str, *described: str) -> Path:
    picture = np.zeros((96, 192, 3), np.uint8)
    for index, value in enumerate(PATCHES):
        picture[:, 64 * index : 64 * (index + 1)] = value
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    shown = [
        "-vf",
        f"scale=out_range={span}:out_color_matrix=bt709",
        "-pix_fmt",
        pixels,
        "-color_range",
        span,
    ]
    name = f"range-{span}-{codec}{'-described' * bool(described)}.{suffix}"
    return made_once(
        factory, name, lambda path: record(path, [picture] * 3, *shown, *described, *CODECS[codec])
    )


def _shown(path: Path) -> list[float]:
    """The patches of the first rig frame, in the range that its caps say."""
    got = corrected(path)
    luma = got.frames[0].astype(float)
    is_full = "colorimetry=(string)1:" in got.caps[0]
    values = [luma[40:56, 64 * index + 24 : 64 * index + 40].mean() for index in range(len(PATCHES))]
    return values if is_full else [(value - 16) * 255 / 219 for value in values]


@pytest.mark.parametrize("span", ["pc", "tv"])
@pytest.mark.parametrize("described", [(), DESCRIBED], ids=["bare", "described"])
@pytest.mark.parametrize(("codec", "suffix"), CASES)
def test_values_are_those_that_were_recorded(
    tmp_path_factory: pytest.TempPathFactory, codec: str, suffix: str, span: str, described: tuple[str, ...]
) -> None:
    path = _film(tmp_path_factory, codec, suffix, span, *described)
    assert _shown(path) == pytest.approx(PATCHES, abs=3)


@pytest.mark.parametrize("suffix", ["mov", "mkv", "avi"])
def test_motion_jpeg_is_full_range(tmp_path_factory: pytest.TempPathFactory, suffix: str) -> None:
    assert _shown(_film(tmp_path_factory, "mjpeg", suffix, "pc")) == pytest.approx(PATCHES, abs=3)


def test_a_film_of_full_range_is_written_as_such(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from pipeline.application import PanoramaWithVirtualCamera
    from pipeline.settings import Settings

    source, output = _film(tmp_path_factory, "h264", "mp4", "pc"), tmp_path / "out.mkv"
    values = {
        "sources": [str(source)],
        "outputs": [str(output)],
        "mode": "panorama",
        "size": "192x96",
        "live": False,
        "delay_s": 0.5,
        "detector": {"kind": "none"},
    }
    PanoramaWithVirtualCamera(Settings.parse(values)).run()
    read = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(output),
        "-frames:v",
        "1",
        "-pix_fmt",
        "rgb24",
        "-f",
        "rawvideo",
        "-",
    ]
    rgb = np.frombuffer(subprocess.run(read, check=True, capture_output=True).stdout, np.uint8)
    shown = rgb.reshape(96, 192, 3)[40:56]
    assert [shown[:, at : at + 16].mean() for at in (24, 88, 152)] == pytest.approx(PATCHES, abs=4)
