"""Covered frames: nothing can be recovered of a blurred one but the means of large blocks; a card shows nothing."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.graphics.cover import BLURRED_COLUMNS, Cover
from pipeline.optics.frame import Frame, PixelFormat

FORMATS = pytest.mark.parametrize("pixel_format", ["NV12", "I420"])
SIZE = (320, 180)


def noise(pixel_format: PixelFormat, seed: int = 1, size: tuple[int, int] = SIZE) -> Frame:
    frame = Frame.empty(pixel_format, *size)
    random = np.random.default_rng(seed)
    for plane in frame.planes:
        plane[...] = random.integers(0, 256, plane.shape, np.uint8)
    return frame


@FORMATS
def test_what_a_block_holds_is_lost_but_for_its_mean(pixel_format: PixelFormat) -> None:
    frame, mirrored = noise(pixel_format), noise(pixel_format)
    block = SIZE[0] // BLURRED_COLUMNS
    for plane, other in zip(frame.planes, mirrored.planes, strict=True):
        step = block * plane.shape[1] // SIZE[0]
        for top in range(0, plane.shape[0], step):
            for left in range(0, plane.shape[1], step):  # every block upside down
                part = np.s_[top : top + step, left : left + step]
                other[part] = plane[part][::-1]
    for one in (frame, mirrored):
        Cover("blur").hide(one)
    for plane, other in zip(frame.planes, mirrored.planes, strict=True):
        assert np.abs(plane.astype(int) - other).max() <= 1


@FORMATS
def test_a_card_holds_nothing_of_the_frame(pixel_format: PixelFormat) -> None:
    frame, other = noise(pixel_format, 1), noise(pixel_format, 2)
    for one in (frame, other):
        Cover("card").hide(one)
    for plane, same in zip(frame.planes, other.planes, strict=True):
        assert np.array_equal(plane, same)
        assert plane.min() == plane.max()


@pytest.mark.parametrize("size", [(2, 2), (64, 2), (2, 64), (34, 18), (1920, 1080)])
@FORMATS
def test_frames_of_any_size_are_blurred(pixel_format: PixelFormat, size: tuple[int, int]) -> None:
    frame = noise(pixel_format, size=size)
    before = float(frame.luma.mean())
    Cover("blur").hide(frame)
    assert abs(float(frame.luma.mean()) - before) < 12
    if size[0] > 100:
        assert int(np.abs(np.diff(frame.luma.astype(int), axis=1)).max()) <= 3


def test_frames_with_padded_rows_are_blurred_in_their_place() -> None:
    memory = np.random.default_rng(1).integers(0, 256, 64 * 48 * 3 // 2, np.uint8)
    before = memory.copy()
    frame = Frame.from_bytes(memory.data, "NV12", 48, 48, (64, 64), (0, 64 * 48))
    Cover("blur").hide(frame)
    rows, was = memory.reshape(-1, 64), before.reshape(-1, 64)
    assert (rows[:, 48:] == was[:, 48:]).all()
    assert int(np.abs(np.diff(rows[:48, :48].astype(int), axis=1)).max()) < 60
    assert (rows[:, :48] != was[:, :48]).mean() > 0.9


def test_a_cover_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="allowed: blur, card"):
        Cover("pixels")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="control character"):
        Cover("card", "a\nb")
