"""Covers a frame so that nothing of it can be recognised: blurred beyond recovery, or a plain card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np

from pipeline.errors import ConfigError
from pipeline.optics.frame import Frame, Plane
from pipeline.scoring.values import checked_text

How = Literal["blur", "card"]
HOWS: tuple[How, ...] = get_args(How)

BLURRED_COLUMNS = 16
"""What is left of a blurred frame's width: of a face, a pixel or two."""
CARD_LUMA, GREY = 30, 128
MOST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Cover:
    """How a picture is covered; `text`: what a card says. Raises ConfigError for values that are none."""

    how: How = "blur"
    text: str = ""

    def __post_init__(self) -> None:
        if self.how not in HOWS:
            raise ConfigError(f"with is {self.how!r}; allowed: {', '.join(HOWS)}")
        object.__setattr__(self, "text", checked_text(self.text, "text", MOST_TEXT, may_be_empty=True))

    def hide(self, frame: Frame) -> None:
        """Overwrite the frame; the text of a card is not drawn here."""
        if self.how == "blur":
            blur(frame)
        else:
            blank(frame)


def blur(frame: Frame) -> None:
    """Replace the frame by the means of its 16 columns and as many rows as make them square, smoothly enlarged."""
    columns = min(BLURRED_COLUMNS, frame.width)
    rows = max(1, min(round(columns * frame.height / frame.width), frame.height))
    for plane in frame.planes:
        height, width = plane.shape[:2]
        part = _halved(plane) if plane.ndim == 2 else plane
        small = cv2.resize(part, (min(columns, width), min(rows, height)), interpolation=cv2.INTER_AREA)
        made = cv2.resize(small, (width, height), dst=plane, interpolation=cv2.INTER_LINEAR)
        if made is not plane:  # made elsewhere, as for a plane whose memory OpenCV cannot write to
            plane[...] = made.reshape(plane.shape)


def _halved(plane: Plane) -> Plane:
    """The means of two by two pixels, as often as that goes: far faster than those of large blocks at once."""
    height, width = plane.shape
    while not height % 2 and not width % 2 and min(height, width) >= 4 * BLURRED_COLUMNS:
        height, width = height // 2, width // 2
        plane = np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return plane


def blank(frame: Frame) -> None:
    """Make the frame a plain, dark grey."""
    luma, *chroma = frame.planes
    luma[...] = CARD_LUMA
    for plane in chroma:
        plane[...] = GREY
