"""Your own detector in ten lines: the brightest spot in the first camera's frame is the ball."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.analysis.detector import Detection
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.timebase import Nanoseconds


class BrightestSpot:
    """Run it with ``--detector examples.own_detector:BrightestSpot``."""

    name, rate_hz = "brightest", 10.0

    def __init__(self, rig: Rig) -> None:
        self.rig, self.region = rig, rig.region(0)

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        luma = frame.luma[: self.region.height, : self.region.width]
        y, x = np.unravel_index(np.argmax(luma), luma.shape)
        yaw_deg, tilt_deg = self.rig.pixels_to_angles(0, np.array([x, y], np.float64))
        return [Detection("ball", float(luma[y, x]) / 255, float(yaw_deg), float(tilt_deg), 0.2, 0.2)]

    def close(self) -> None:
        """Do nothing: no resources are held."""
