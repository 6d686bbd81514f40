"""Decides how a source's frames become upright, progressive and square. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

Field = Literal["top", "bottom"]

UPRIGHT = "rotate-0"

DIRECTIONS = MappingProxyType(
    {
        UPRIGHT: "identity",
        "rotate-90": "90r",
        "rotate-180": "180",
        "rotate-270": "90l",
        "flip-rotate-0": "horiz",
        "flip-rotate-90": "ur-ll",
        "flip-rotate-180": "vert",
        "flip-rotate-270": "ul-lr",
    }
)
"""GStreamer's video direction for each value of its image-orientation tag: how to turn frames upright.

The tag's flip is across the vertical axis and comes first, the turn is clockwise.
"""

_SIDEWAYS = frozenset({"90r", "90l", "ul-lr", "ur-ll"})
"""Directions that exchange width and height."""

LARGEST_PIXEL_ASPECT = 8
"""Pixels that are more than this many times as wide as high, or as high as wide, are a damaged header."""

SMALLEST_INTERLACED_PX = 16
"""Smaller frames count as progressive: no camera makes them, and GStreamer 1.22 reads beyond their rows."""


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """What a stream says about its frames.

    ``pixel_aspect``: the width of a pixel by its height. ``first_field``: the earlier field of an interlaced frame.
    ``orientation``: a value of GStreamer's image-orientation tag; an unknown one counts as upright. ``fps``: frames
    per second, 0 if it varies or is unknown; nothing is corrected for it.
    """

    width_px: int
    height_px: int
    pixel_aspect: Fraction = Fraction(1)
    is_interlaced: bool = False
    first_field: Field = "top"
    orientation: str = UPRIGHT
    fps: Fraction = Fraction(0)

    def __str__(self) -> str:
        """As a person would say it: ``720x576 at 25 fps, pixels of 16:15, interlaced``."""
        parts = [f"{self.width_px}x{self.height_px}" + f" at {float(self.fps):.5g} fps" * bool(self.fps)]
        if self.pixel_aspect != 1:
            parts.append(f"pixels of {self.pixel_aspect.numerator}:{self.pixel_aspect.denominator}")
        if self.orientation != UPRIGHT:
            parts.append(self.orientation)
        if self.is_interlaced:
            parts.append("interlaced")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Correction:
    """What to do to frames, in this order: deinterlace, crop, turn, scale.

    ``crop_px``: columns at the right and rows at the bottom. ``direction``: how to turn, a value of DIRECTIONS.
    ``size_px``: width and height of the result. ``is_needed``: whether anything changes.
    """

    deinterlace: bool
    first_field: Field
    crop_px: tuple[int, int]
    direction: str
    size_px: tuple[int, int]
    is_needed: bool


def correction_for(form: FrameFormat, frame_px: tuple[int, int] | None = None) -> Correction:
    """The correction of frames of `form`, into frames of `frame_px` if that is given.

    Square pixels are made by enlarging the side that is too short, so nothing is lost. The last column or row of
    an odd size is cut off. With `frame_px` proportions are kept: black borders fill what remains.
    """
    crop = form.width_px % 2, form.height_px % 2
    width, height = form.width_px - crop[0], form.height_px - crop[1]
    aspect = form.pixel_aspect
    if not Fraction(1, LARGEST_PIXEL_ASPECT) <= aspect <= LARGEST_PIXEL_ASPECT:
        aspect = Fraction(1)
    square = (_even(width * aspect), height) if aspect > 1 else (width, _even(height / aspect))
    direction = DIRECTIONS.get(form.orientation, DIRECTIONS[UPRIGHT])
    is_scaled = square != (width, height)
    size = square[::-1] if direction in _SIDEWAYS else square
    if frame_px is not None:
        is_scaled = is_scaled or size != frame_px
        size = frame_px
    return Correction(
        deinterlace=form.is_interlaced,
        first_field=form.first_field,
        crop_px=crop,
        direction=direction,
        size_px=size,
        is_needed=form.is_interlaced or any(crop) or direction != DIRECTIONS[UPRIGHT] or is_scaled,
    )


def _even(length: Fraction) -> int:
    return 2 * max(round(length / 2), 1)
