"""Detectors that fail in the ways real ones do, named as ``tests.analysis.detectors_in_trouble:NAME``."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from pipeline.analysis.detector import Detection
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.timebase import NS_PER_S, Nanoseconds

BALL = Detection("ball", 0.9, 5.0, -12.0, 0.4, 0.4)


class Detector:
    """Finds one ball, 10 times a second, until the failure."""

    name = "troubled"
    rate_hz = 10.0

    def __init__(self, rig: Rig) -> None:
        del rig
        self._pause = threading.Event()

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        """The detections in a frame."""
        del frame, time_ns
        return [BALL]

    def close(self) -> None:
        """Release nothing: there is nothing to release."""


class Killed(Detector):
    """Fails from the first second on."""

    name = "killed"

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        """Works, then raises."""
        if time_ns > NS_PER_S:
            raise RuntimeError("the accelerator is gone")
        return super().detect(frame, time_ns)


class Slow(Detector):
    """Takes ten times longer than it may."""

    name = "slow"

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        """Takes a second for each frame."""
        self._pause.wait(1.0)
        return super().detect(frame, time_ns)


class Silent(Detector):
    """Finds nothing after the first second."""

    name = "silent"

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        """An empty list after the first second."""
        return super().detect(frame, time_ns) if time_ns < NS_PER_S else []


class Hanging(Detector):
    """Never answers."""

    name = "hanging"

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        """Waits for what does not come."""
        self._pause.wait()
        return super().detect(frame, time_ns)
