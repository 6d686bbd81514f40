"""ClockTracker: how far a camera's clock is off another's, and how fast it parts, from single measurements.

A line through the measurements of the last two minutes, by iteratively reweighted least squares in which what fits
badly weighs less (P. J. Huber 1964), however early it came. What does not fit at all is left out; what keeps
contradicting in the same way moves the line, as when a camera loses frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.optics.angles import Array
from pipeline.timebase import NS_PER_S

NOISE_S = 0.0025
"""The error of most measurements: a sixteenth of a frame at 25 frames a second."""

GROSS_S = 0.005
"""The error of those that fit badly and still tell something."""

LARGEST_RATE = 0.015
"""Clocks do not part faster."""

FIRST_RATE = 0.003
"""How fast clocks part, as far as is known before the first measurement: a standard deviation."""

KNOWN_RATE = 200e-6
"""A rate is known once its standard deviation is less."""

SPAN_S = 120.0
"""The line goes through what was measured in so long; after so long without a measurement its rate is kept, but the
next one may be anywhere."""

FEWEST = 3
"""After so many measurements that agree the offset is known."""

REPLACED_BY = 4
"""So many measurements in a row that agree with each other, but not with what is known, replace it."""

AGREE_S = 0.015

ROUNDS = 12
"""How often the weights are found anew."""


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
        self._times_s: Array = np.zeros(0)
        self._offsets_s: Array = np.zeros(0)
        self._time_ns = 0
        self._line: Array = np.zeros(2)
        """The offset at the newest measurement, and the rate."""
        self._covariance: Array = np.zeros((2, 2))
        self._agreed = 0
        self._strange: list[tuple[int, float]] = []

    @property
    def state(self) -> ClockState | None:
        """The newest knowledge; None until it is certain."""
        if self._agreed < FEWEST:
            return None
        is_rate_known = float(self._covariance[1, 1]) < KNOWN_RATE**2
        return ClockState(self._time_ns, float(self._line[0]), float(self._line[1]), is_rate_known)

    def add(self, time_ns: int, offset_s: float) -> bool:
        """Take a measurement at that time, later than the last one; returns whether it fits what was known."""
        if self._agreed == 0:
            self._begin(time_ns, offset_s)
            return True
        ahead = np.array([1.0, max((time_ns - self._time_ns) / NS_PER_S, 0.0)])
        surprise = offset_s - float(ahead @ self._line)
        known = float(ahead @ self._covariance @ ahead)
        if ahead[1] > SPAN_S:
            self._offsets_s = self._offsets_s + surprise
        elif abs(surprise) > 3 * (known + GROSS_S**2) ** 0.5 + GROSS_S:
            self._doubt(time_ns, offset_s)
            return False
        self._agreed += 1
        self._take(time_ns, offset_s)
        if abs(self._line[1]) > LARGEST_RATE:
            self._agreed = 0
        return True

    def _begin(self, time_ns: int, offset_s: float) -> None:
        self._times_s = self._offsets_s = np.zeros(0)
        self._agreed = 1
        self._take(time_ns, offset_s)

    def _take(self, time_ns: int, offset_s: float) -> None:
        self._time_ns = time_ns
        self._strange.clear()
        times_s = np.append(self._times_s, time_ns / NS_PER_S)
        offsets_s = np.append(self._offsets_s, offset_s)
        too_old = int(np.searchsorted(times_s, times_s[-1] - SPAN_S))
        # of a line that is older than the span, the last points still tell the rate
        kept = min(too_old, max(len(times_s) - FEWEST, 0))
        self._times_s, self._offsets_s = times_s[kept:], offsets_s[kept:]
        self._fit()

    def _fit(self) -> None:
        rows = np.column_stack([np.ones(len(self._times_s)), self._times_s - self._times_s[-1]])
        prior = np.diag([0.0, FIRST_RATE**-2])
        weights = np.ones(len(rows))
        for _ in range(ROUNDS):
            weighed = rows * (weights / NOISE_S**2)[:, None]
            inverse = weighed.T @ rows + prior
            self._line = np.linalg.solve(inverse, weighed.T @ self._offsets_s)
            off = np.abs(self._offsets_s - rows @ self._line) / NOISE_S
            weights = 1 / np.maximum(off, 1.0)
        self._covariance = np.linalg.inv(inverse)

    def _doubt(self, time_ns: int, offset_s: float) -> None:
        """A measurement that does not fit: move the line to it if others like it came before."""
        if self._agreed < FEWEST:  # nothing is certain yet: the newest one counts
            self._begin(time_ns, offset_s)
            return
        offset_then_s, rate = (float(each) for each in self._line)
        self._strange = [*self._strange[1 - REPLACED_BY :], (time_ns, offset_s)]
        level = [each - rate * (at_ns - time_ns) / NS_PER_S for at_ns, each in self._strange]
        if len(level) == REPLACED_BY and max(level) - min(level) < AGREE_S:
            now_s = float(np.mean(level))
            self._offsets_s = (
                self._offsets_s + now_s - (offset_then_s + rate * (time_ns - self._time_ns) / NS_PER_S)
            )
            self._take(time_ns, now_s)
