"""Detectors that do not use the frames: one replays recorded detections, one detects nothing."""

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
"""A recorded set matches a frame up to this much earlier, because recorded times may be rounded."""


class ReplayDetector:
    """Returns recorded detections at the first frame at or after their time, and None in between."""

    name = "replay"
    rate_hz = math.inf

    def __init__(self, sets: Sequence[DetectionSet]) -> None:
        self._sets = sorted(sets, key=lambda seen: seen.time_ns)
        self._times = [seen.time_ns for seen in self._sets]
        self._given = 0

    @classmethod
    def load(cls, path: Path) -> ReplayDetector:
        """Replay a detections file. Blocks on the disk. Raises ConfigError if it cannot be read."""
        return cls(read_detections(path))

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection] | None:
        """The newest recorded set that is due and was not returned yet; a late frame skips older sets."""
        due = bisect_right(self._times, time_ns + TOLERANCE_NS)
        if due <= self._given:
            self._given = due
            return None
        self._given = due
        return self._sets[due - 1].detections

    def close(self) -> None:
        """There is nothing to release."""


class NoDetector:
    """Detects nothing, so that other code need not check whether there is a detector."""

    name = "none"
    rate_hz = 1.0

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection] | None:
        """Return None: no frame is examined."""
        return None

    def close(self) -> None:
        """There is nothing to release."""
