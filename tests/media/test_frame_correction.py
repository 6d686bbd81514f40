"""What is done to frames, for every kind of stream: as a table, and what holds for all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pipeline.media.frame_correction import DIRECTIONS, FrameFormat, correction_for


def form(width: int = 640, height: int = 360, **said: Any) -> FrameFormat:
    return FrameFormat(width, height, **said)


@pytest.mark.parametrize(
    ("given_form", "size_px", "is_needed"),
    [
        (form(), (640, 360), False),
        (form(orientation="rotate-180"), (640, 360), True),
        (form(orientation="rotate-90"), (360, 640), True),
        (form(orientation="rotate-270"), (360, 640), True),
        (form(orientation="flip-rotate-0"), (640, 360), True),
        (form(orientation="flip-rotate-270"), (360, 640), True),
        (form(orientation="somehow"), (640, 360), False),
        (form(is_interlaced=True), (640, 360), True),
        (form(720, 576, pixel_aspect=Fraction(16, 15)), (768, 576), True),
        (form(720, 576, pixel_aspect=Fraction(64, 45)), (1024, 576), True),
        (form(720, 480, pixel_aspect=Fraction(8, 9)), (720, 540), True),
        (form(1440, 1080, pixel_aspect=Fraction(4, 3)), (1920, 1080), True),
        (form(720, 576, pixel_aspect=Fraction(16, 15), orientation="rotate-90"), (576, 768), True),
        (form(1920, 1080, pixel_aspect=Fraction(3239, 3240)), (1920, 1080), False),
        (form(1920, 1080, pixel_aspect=Fraction(255)), (1920, 1080), False),
        (form(641, 361), (640, 360), True),
        (form(641, 360, orientation="rotate-90"), (360, 640), True),
    ],
)
def test_what_a_stream_says_decides(
    given_form: FrameFormat, size_px: tuple[int, int], is_needed: bool
) -> None:
    correction = correction_for(given_form)
    assert (correction.size_px, correction.is_needed) == (size_px, is_needed)


def test_later_frames_are_fitted_into_the_size_of_the_first() -> None:
    assert correction_for(form(), (640, 360)).is_needed is False
    for other in (
        form(320, 180),
        form(360, 640),
        form(orientation="rotate-90"),
        form(pixel_aspect=Fraction(2)),
    ):
        assert correction_for(other, (640, 360)).size_px == (640, 360)
        assert correction_for(other, (640, 360)).is_needed


FORMS = some.builds(
    FrameFormat,
    some.integers(2, 5000),
    some.integers(2, 5000),
    some.fractions(Fraction(1, 400), 400, max_denominator=400),
    some.booleans(),
    some.sampled_from(["top", "bottom"]),
    some.sampled_from([*DIRECTIONS, "somehow"]),
)


@given(FORMS)
def test_the_result_is_even_shows_every_pixel_and_needs_nothing_more(given_form: FrameFormat) -> None:
    correction = correction_for(given_form)
    width, height = correction.size_px
    assert width % 2 == height % 2 == 0
    seen = sorted((given_form.width_px // 2 * 2, given_form.height_px // 2 * 2))
    assert sorted((width, height)) >= seen
    assert not correction_for(FrameFormat(width, height), (width, height)).is_needed
    if not correction.is_needed:
        assert (width, height) == (given_form.width_px, given_form.height_px)
