"""ClockTracker: how far a camera's clock is off another's, and how fast it parts, from single measurements.

A Kalman filter of the offset and its rate (R. E. Kalman 1960). What does not fit is left out; what keeps
contradicting in the same way replaces the offset, as when a camera loses frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.optics.angles import Array
from pipeline.timebase import NS_PER_S

NOISE_S = 0.005
"""The error of one measurement: an eighth of a frame at 25 frames a second."""

LARGEST_RATE = 0.015
"""Clocks do not part faster."""

FIRST_RATE = 0.003
"""How fast clocks part, as far as is known before the first measurement: a standard deviation."""

KNOWN_RATE = 200e-6
"""A rate is known once its standard deviation is less."""

WANDER_S, WANDER_RATE = 2e-4, 2e-6
"""By how much the offset and its rate change of themselves in a second."""

FEWEST = 3
"""After so many measurements that agree the offset is known."""

REPLACED_BY = 4
"""So many measurements in a row that agree with each other, but not with what is known, replace it."""

AGREE_S = 0.015

LONGEST_S = 120.0
"""After so long without a measurement the rate is kept, but the next one may be anywhere."""


@dataclass(frozen=True, slots=True)
class ClockState:
    """What is known of a camera's clock."""

    time_ns: int
    offset_s: float
    """How much later its frames must be shown than their times say, at `time_ns`."""
    rate: float
    """By how much that grows in each second."""
    is_rate_known: bool
    """Whether the rate is certain enough to go on by it when nothing more is measured."""


class ClockTracker:
    """Follows one camera's clock. One thread at a time; pure."""

    def __init__(self) -> None:
        self._time_ns = 0
        self._x: Array = np.zeros(2)
        self._p: Array = np.zeros((2, 2))
        self._agreed = 0
        self._strange: list[tuple[int, float]] = []

    @property
    def state(self) -> ClockState | None:
        """The newest knowledge; None until it is certain."""
        if self._agreed < FEWEST:
            return None
        is_rate_known = float(self._p[1, 1]) < KNOWN_RATE**2
        return ClockState(self._time_ns, float(self._x[0]), float(self._x[1]), is_rate_known)

    def add(self, time_ns: int, offset_s: float) -> bool:
        """Take a measurement at that time, later than the last one; returns whether it fits what was known."""
        if self._agreed == 0:
            self._begin(time_ns, offset_s)
            return True
        x, p = self._predicted(time_ns)
        spread = float(p[0, 0]) + NOISE_S**2
        surprise = offset_s - float(x[0])
        if abs(surprise) > 3 * spread**0.5 + NOISE_S:
            self._doubt(time_ns, offset_s)
            return False
        gain = p[:, 0] / spread
        self._x, self._p = x + gain * surprise, p - np.outer(gain, p[0])
        self._time_ns = time_ns
        self._agreed += 1
        self._strange.clear()
        if abs(self._x[1]) > LARGEST_RATE:
            self._agreed = 0
        return True

    def _begin(self, time_ns: int, offset_s: float) -> None:
        self._time_ns, self._agreed = time_ns, 1
        self._x, self._p = np.array([offset_s, 0.0]), np.diag([NOISE_S**2, FIRST_RATE**2])
        self._strange.clear()

    def _predicted(self, time_ns: int) -> tuple[Array, Array]:
        seconds = max((time_ns - self._time_ns) / NS_PER_S, 0.0)
        step = np.array([[1.0, seconds], [0.0, 1.0]])
        p = step @ self._p @ step.T + np.diag([WANDER_S**2, WANDER_RATE**2]) * seconds
        if seconds > LONGEST_S:
            p[0, 0] += 1.0
        return step @ self._x, p

    def _doubt(self, time_ns: int, offset_s: float) -> None:
        """A measurement that does not fit: begin anew with it if others like it came before."""
        if self._agreed < FEWEST:  # nothing is certain yet: the newest one counts
            self._begin(time_ns, offset_s)
            return
        rate = float(self._x[1])
        self._strange = [*self._strange[1 - REPLACED_BY :], (time_ns, offset_s)]
        level = [each - rate * (at_ns - time_ns) / NS_PER_S for at_ns, each in self._strange]
        if len(level) == REPLACED_BY and max(level) - min(level) < AGREE_S:
            self._p = np.diag([NOISE_S**2, float(self._p[1, 1]) + (FIRST_RATE / 3) ** 2])
            self._x, self._time_ns = np.array([float(np.mean(level)), rate]), time_ns
            self._strange.clear()
