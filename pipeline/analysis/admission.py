"""The one check of what a detector answers, before anything is kept, planned with or written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import SupportsFloat, get_args

from pipeline.analysis.detector import Detection, Label
from pipeline.errors import DetectorError
from pipeline.foreign_code import one_line

MOST_DETECTIONS = 500
"""More things than this are in no frame of a match; a model whose threshold is off sees thousands."""

_LABELS = frozenset(get_args(Label))
BOUNDS = {
    "score": (0.0, 1.0),
    "yaw_deg": (-360.0, 360.0),
    "tilt_deg": (-90.0, 90.0),
    "width_deg": (0.0, 360.0),
    "height_deg": (0.0, 180.0),
}
"""The smallest and the largest value of each number of a detection."""


def admitted(answer: object) -> tuple[Detection, ...]:
    """`answer` as detections of plain numbers. Raises DetectorError that says what is wrong with it.

    Numbers of other kinds (NumPy's) become floats; an endless answer is read no further than MOST_DETECTIONS.
    """
    if isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Iterable):
        raise DetectorError(f"it answered {_shown(answer)} instead of a list of Detection")
    found = tuple(islice(answer, MOST_DETECTIONS + 1))
    if len(found) > MOST_DETECTIONS:
        raise DetectorError(f"it saw more than {MOST_DETECTIONS} things in one frame; raise its threshold")
    return tuple(map(_admitted, found))


def _admitted(one: object) -> Detection:
    if not isinstance(one, Detection):
        raise DetectorError(f"it answered {_shown(one)} instead of a Detection")
    label: object = one.label
    if not isinstance(label, str) or label not in _LABELS:
        raise DetectorError(f"label {_shown(label)} is none of {', '.join(get_args(Label))}")
    score, yaw, tilt, width, height = (_number(one, name) for name in BOUNDS)
    return Detection(one.label, score, yaw, tilt, width, height)


def _number(one: Detection, name: str) -> float:
    value: object = getattr(one, name)
    lowest, highest = BOUNDS[name]
    if isinstance(value, SupportsFloat) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and lowest <= number <= highest:
            return number
    raise DetectorError(f"{name} is {_shown(value)}; allowed: {lowest:g} to {highest:g}")


def _shown(value: object) -> str:
    kind = type(value).__name__
    return kind if value is None or not isinstance(value, str | int | float) else one_line(repr(value))[:80]
