"""A PNG that announces more than it holds is refused before a decoder believes it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.media.png import MOST_PIXELS, SIGNATURE, is_whole


def png(width: int = 64, height: int = 36) -> bytes:
    return cv2.imencode(".png", np.arange(width * height, dtype=np.uint8).reshape(height, width))[1].tobytes()


def chunks(data: bytes) -> list[int]:
    """Where each chunk begins."""
    places = [len(SIGNATURE)]
    while data[places[-1] + 4 : places[-1] + 8] != b"IEND":
        places.append(places[-1] + 12 + int.from_bytes(data[places[-1] : places[-1] + 4], "big"))
    return places


@pytest.mark.parametrize("size", [(1, 1), (64, 36), (640, 360)])
def test_a_picture_is_whole(size: tuple[int, int]) -> None:
    assert is_whole(png(*size))
    assert is_whole(png(*size) + b"what follows does not matter")


@given(st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_a_chunk_that_is_not_there_is_found(number: int, length: int) -> None:
    data = png()
    place = chunks(data)[number]
    changed = data[:place] + length.to_bytes(4, "big") + data[place + 4 :]
    assert is_whole(changed) is (changed == data) or place + 12 + length <= len(data)


@given(st.integers(0, len(png()) - 1))
def test_a_picture_that_is_cut_short_is_found(length: int) -> None:
    assert not is_whole(png()[:length])


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(data: bytes) -> None:
    assert not is_whole(data)
    is_whole(SIGNATURE + data)


@pytest.mark.parametrize(("width", "height"), [(2**31 - 1, 2**31 - 1), (MOST_PIXELS + 1, 1)])
def test_a_picture_of_too_many_pixels_is_found(width: int, height: int) -> None:
    data = png()
    place = len(SIGNATURE) + 8
    assert not is_whole(
        data[:place] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + data[place + 8 :]
    )
