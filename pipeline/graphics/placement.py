"""Where in a frame a template stands, and how large it is drawn."""

from __future__ import annotations

import math
from typing import NamedTuple

from pipeline.graphics.template import Template

REFERENCE_SIDE = 1080.0
"""The shorter side of the frame for which a template's lengths are pixels."""


class Box(NamedTuple):
    """Pixels of the frame; `x` and `y` are even."""

    x: int
    y: int
    width: int
    height: int


def box_in(template: Template, width: int, height: int) -> Box:
    """Where `template` stands in a frame of this size, which may be wide or tall.

    It is drawn to the scale of the frame's shorter side, and smaller where it would not fit between the margins.
    """
    unit = min(width, height) / REFERENCE_SIDE
    frame, margins = (width, height), [margin * unit for margin in template.margin]
    room = [max(side - 2 * margin, 2.0) for side, margin in zip(frame, margins, strict=True)]
    scale = min(unit, *(most / side for most, side in zip(room, template.size, strict=True)))
    drawn = [max(1, math.floor(side * scale)) for side in template.size]
    at = [
        int(margin + share * (most - part)) // 2 * 2
        for share, margin, most, part in zip(template.anchor, margins, room, drawn, strict=True)
    ]
    return Box(max(0, at[0]), max(0, at[1]), *drawn)
