"""Detectors that look at nothing: one replays a recorded run at its times, one sees nothing at all."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.analysis.jsonl import read_detections
from pipeline.optics.frame import Frame
from pipeline.timebase import NS_PER_MS, Nanoseconds

TOLERANCE_NS = NS_PER_MS
"""A recorded time is met by a frame up to this much earlier, for times that were rounded in between."""


class ReplayDetector:
    """Gives recorded detections at the first frame at or after their time; between them it does not look."""

    name = "replay"
    rate_hz = math.inf

    def __init__(self, sets: Sequence[DetectionSet]) -> None:
        self._sets = sorted(sets, key=lambda seen: seen.time_ns)
        self._times = [seen.time_ns for seen in self._sets]
        self._given = 0

    @classmethod
    def load(cls, path: Path) -> ReplayDetector:
        """Replay a detections file. Raises ConfigError when it cannot be read."""
        return cls(read_detections(path))

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection] | None:
        """The newest recorded set that is due and not given yet; a frame that comes late skips the older."""
        due = bisect_right(self._times, time_ns + TOLERANCE_NS)
        if due <= self._given:
            self._given = due
            return None
        self._given = due
        return self._sets[due - 1].detections

    def close(self) -> None:
        """Nothing is held."""


class NoDetector:
    """Sees nothing, so that the rest of the house need not ask whether there is a detector."""

    name = "none"
    rate_hz = 1.0

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection] | None:
        """Never looks."""
        return None

    def close(self) -> None:
        """Nothing is held."""
