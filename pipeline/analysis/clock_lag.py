"""How much later one camera shows the same movement than another, to a tenth of a frame.

The changes of brightness from frame to frame at points that both cameras see are compared at every shift in time
(as `optics.calibration.timing` does once); the top of the parabola through the best three is the lag.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LONGEST = 12
"""The longest lag that is looked for, in frames."""

LEAST_CORRELATION = 0.3
"""Two cameras see the same movement if their changes correlate by this; noise correlates by 0.01."""

LEAST_LEAD = 1.3
"""The best shift correlates so much better than any one `APART` frames away; movement that repeats does not."""
APART = 4

NOISE_LEVELS = 2.0
"""Smaller changes are noise."""

FEWEST_CHANGES = 60
"""So many changes of a point are needed in either camera, in `FEWEST_FRAMES` of its frames."""
FEWEST_FRAMES = 10


@dataclass(frozen=True, slots=True)
class Lag:
    """A measured lag."""

    frames: float
    """By how many frames the second camera shows it later."""
    correlation: float
    """How much alike the changes are, 0 to 1."""


def lag_of(first: Floats, second: Floats) -> Lag | None:
    """The lag of the second camera's brightness (frames, points) behind the first's, taken at the same times.

    None if too little moves, or if it does not tell one lag from another. Pure.
    """
    changes = _changes(first), _changes(second)
    for each in changes:
        moved = np.abs(each) > 0
        if moved.sum() < FEWEST_CHANGES or moved.any(axis=1).sum() < FEWEST_FRAMES:
            return None
    longest = min(LONGEST, len(changes[0]) // 3)
    if longest < APART:
        return None
    shifts = np.arange(-longest, longest + 1)
    heights = np.array([_correlation(changes[0], changes[1], int(shift)) for shift in shifts])
    best = int(np.argmax(heights))
    rivals = heights[np.abs(shifts - shifts[best]) >= APART]
    if best in (0, len(shifts) - 1) or heights[best] < LEAST_CORRELATION:
        return None
    if heights[best] < LEAST_LEAD * rivals.max(initial=0.0):
        return None
    before, top, after = (float(height) for height in heights[best - 1 : best + 2])
    bend = before - 2 * top + after
    off = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return Lag(float(shifts[best]) + off, top)


def _changes(brightness: Floats) -> Floats:
    """The change of each point from frame to frame, without what all points do (light) and without noise."""
    changes = np.diff(brightness, axis=0)
    changes -= np.median(changes, axis=1, keepdims=True)
    kept: Floats = np.sign(changes) * np.maximum(np.abs(changes) - NOISE_LEVELS, 0)
    return kept


def _correlation(first: Floats, second: Floats, shift: int) -> float:
    count = len(first)
    a = first[max(0, -shift) : count - max(0, shift)]
    b = second[max(0, shift) : count - max(0, -shift)]
    power = float(np.vdot(a, a)) * float(np.vdot(b, b))
    return float(np.vdot(a, b)) / power**0.5 if power > 0 else 0.0
