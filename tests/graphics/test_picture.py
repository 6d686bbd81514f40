"""Pictures on frames: exact where opaque, nothing where transparent, as computed in between."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.graphics.graphic import KEPT, Graphic
from pipeline.graphics.logo import picture_uri
from pipeline.graphics.picture import BT601, BT709, Bgra, Picture, VideoColours, picture_of
from pipeline.graphics.template import Template
from pipeline.optics.frame import Frame, PixelFormat

WIDTH, HEIGHT = 40, 24
FULL = VideoColours(is_full=True)


def noisy(pixel_format: PixelFormat, seed: int) -> Frame:
    frame = Frame.empty(pixel_format, WIDTH, HEIGHT)
    random = np.random.default_rng(seed)
    for plane in frame.planes:
        plane[...] = random.integers(0, 256, plane.shape, np.uint8)
    return frame


def one_colour(colour: tuple[int, int, int], alpha: int, width: int = 12, height: int = 8) -> Bgra:
    drawn = np.empty((height, width, 4), np.uint8)
    drawn[..., :3] = np.rint(np.array(colour[::-1]) * alpha / 255)
    drawn[..., 3] = alpha
    return drawn


def chroma(frame: Frame) -> list[np.ndarray]:
    if frame.format == "NV12":
        return [frame.planes[1][..., 0], frame.planes[1][..., 1]]
    return [frame.planes[1], frame.planes[2]]


@pytest.mark.parametrize("pixel_format", ["NV12", "I420"])
@pytest.mark.parametrize(
    ("colours", "colour", "coded"),
    [
        (BT709, (255, 255, 255), (235, 128, 128)),
        (BT709, (0, 0, 0), (16, 128, 128)),
        (BT709, (255, 0, 0), (63, 102, 240)),
        (BT709, (0, 0, 255), (32, 240, 118)),
        (BT601, (255, 0, 0), (81, 90, 240)),
        (BT601, (0, 255, 0), (145, 54, 34)),
        (FULL, (255, 255, 255), (255, 128, 128)),
        (FULL, (0, 0, 0), (0, 128, 128)),
    ],
)
def test_opaque_colours_are_those_of_the_video(
    pixel_format: PixelFormat, colours: VideoColours, colour: tuple[int, int, int], coded: tuple[int, ...]
) -> None:
    frame = noisy(pixel_format, 1)
    picture = picture_of(one_colour(colour, 255), 4, 6, pixel_format, colours)
    assert picture is not None
    picture.blend(frame)
    assert np.abs(frame.luma[6:14, 4:16].astype(int) - coded[0]).max() <= 1
    for plane, value in zip(chroma(frame), coded[1:], strict=True):
        assert np.abs(plane[3:7, 2:8].astype(int) - value).max() <= 1


@settings(max_examples=60)
@given(
    st.sampled_from(["NV12", "I420"]),
    st.sampled_from([BT709, BT601, FULL]),
    st.integers(0, 3000),
    st.integers(0, 30).map(lambda half: 2 * half),
    st.integers(0, 20).map(lambda half: 2 * half),
)
def test_any_picture_anywhere_is_blended_as_computed_and_changes_nothing_else(
    pixel_format: PixelFormat, colours: VideoColours, seed: int, x: int, y: int
) -> None:
    random = np.random.default_rng(seed)
    height, width = random.integers(1, 16, 2)
    alpha = random.choice([0, 0, 255, 128, 7], (height, width)).astype(np.uint8)
    drawn = np.rint(random.random((height, width, 4)) * alpha[..., None]).astype(np.uint8)
    drawn[..., 3] = alpha
    before, frame = noisy(pixel_format, seed), noisy(pixel_format, seed)
    picture = picture_of(drawn, x, y, pixel_format, colours)
    assert (picture is None) == (not alpha.any())
    if picture is not None:
        picture.blend(frame)
    covered = np.zeros((HEIGHT + 80, WIDTH + 80), np.uint8)
    covered[y : y + height, x : x + width] = alpha
    covered = covered[:HEIGHT, :WIDTH]
    assert (frame.luma == before.luma)[covered == 0].all()
    light = drawn[..., :3].astype(float) @ [colours.blue, 1 - colours.red - colours.blue, colours.red]
    black, span = (0.0, 255.0) if colours.is_full else (16.0, 219.0)
    expected = before.luma.astype(float)
    part = expected[y : y + height, x : x + width]
    rows, columns = part.shape
    share = alpha[:rows, :columns] / 255
    part[...] = part * (1 - share) + black * share + span * light[:rows, :columns] / 255
    assert np.abs(frame.luma - expected).max() <= 1.01
    blocks = covered.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).max(axis=(1, 3))
    for now, then in zip(chroma(frame), chroma(before), strict=True):
        assert (now == then)[blocks == 0].all()


class Counting:
    """A drawer that draws a square of the size that it is asked for."""

    def text_width(self, svg: bytes, element_id: str) -> float:
        return 1.0

    def draw(self, svg: bytes, width: int, height: int) -> Bgra:
        return one_colour((255, 255, 255), 255 if b"seen" in svg else 0, width, height)


def test_a_graphic_is_drawn_anew_only_when_what_it_shows_changes() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><text data-text="a" data-if="b"/></svg>'
    graphic = Graphic(Template(svg, "own"), Counting(), (640, 360), "I420", BT709)
    first = graphic.picture({"a": "seen", "b": "1", "other": "1"})
    assert isinstance(first, Picture)
    for other in "123":
        assert graphic.picture({"a": "seen", "b": "1", "other": other}) is first
    assert graphic.drawn == 1
    assert graphic.picture({"a": "seen"}) is None
    for number in range(KEPT):
        graphic.picture({"a": f"seen {number}", "b": "1"})
    assert graphic.picture({"a": "seen", "b": "1"}) is not first


def test_a_logo_is_a_whole_png_jpeg_or_svg(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    for kind in ("png", "jpeg"):
        path = tmp_path / f"logo.{kind}"
        cv2.imwrite(str(path), pixels)
        assert picture_uri(path).startswith(f"data:image/{kind};base64,")
    (tmp_path / "logo.svg").write_text("<?xml version='1.0'?><svg/>")
    assert picture_uri(tmp_path / "logo.svg").startswith("data:image/svg+xml;base64,")
    whole = (tmp_path / "logo.png").read_bytes()
    for data in (b"", b"GIF89a", whole[:-6], b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>"):
        (tmp_path / "bad").write_bytes(data)
        with pytest.raises(ConfigError, match="no whole PNG, JPEG or SVG"):
            picture_uri(tmp_path / "bad")
    (tmp_path / "bad").write_bytes(b"\xff\xd8\xff" + bytes(2_000_000))
    with pytest.raises(ConfigError, match="larger than 2 MB"):
        picture_uri(tmp_path / "bad")
    with pytest.raises(ConfigError, match="cannot read the picture"):
        picture_uri(tmp_path / "none.png")
