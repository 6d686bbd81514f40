"""The range of a stream: completed where GStreamer forgets it, and read from a VP9 header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pipeline.media.colour_range import vp9_is_full_range, whole_colour


@pytest.mark.parametrize(
    ("said", "height_px", "whole"),
    [
        ("1:0:0:0", 360, "1:4:16:4"),
        ("1:0:0:0", 1080, "1:3:5:1"),
        ("1:0:5:1", 360, "1:4:5:1"),
        ("2:0:0:0", 1080, None),
        ("1:3:5:1", 1080, None),
        ("bt709", 1080, None),
        ("", 1080, None),
    ],
)
def test_a_full_range_without_a_matrix_gets_one(said: str, height_px: int, whole: str | None) -> None:
    assert whole_colour(said, height_px) == whole


@pytest.mark.parametrize(
    ("bits", "is_full"),
    [
        # marker 2, profile, repeated, inter, shown and resilient, sync code, (depth,) space, range
        ("10" "00" "0" "0" "10" "010010011000001101000010" "010" "1", True),
        ("10" "00" "0" "0" "10" "010010011000001101000010" "010" "0", False),
        ("10" "01" "0" "0" "10" "010010011000001101000010" "1" "010" "1", True),
        ("10" "11" "0" "0" "0" "10" "010010011000001101000010" "0" "010" "0", False),
        ("10" "00" "0" "0" "10" "010010011000001101000010" "111" "0", True),
        ("10" "00" "0" "1" "10" "010010011000001101000010" "010" "1", None),
        ("10" "00" "1" "000", None),
        ("01" "00" "0" "0" "10" "010010011000001101000010" "010" "1", None),
    ],
)  # fmt: skip
def test_the_range_of_a_vp9_frame(bits: str, is_full: bool | None) -> None:
    padded = bits.ljust(64, "0")
    assert vp9_is_full_range(int(padded, 2).to_bytes(8, "big")) is is_full


@given(some.binary(max_size=20))
def test_any_bytes_are_read(frame: bytes) -> None:
    assert vp9_is_full_range(frame) in (True, False, None)
