"""SwayWatch: measures how a rig's cameras sway, frame by frame, and writes it to the history."""

from __future__ import annotations

from pipeline.analysis.sway_history import SwayHistory
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.sway_meter import SwayMeter
from pipeline.timebase import NS_PER_S, Nanoseconds

FIRST_NS = 3 * NS_PER_S
"""Every frame is measured for this long at first."""

RESTING_EVERY = 4
"""After that, while every camera stands still, only every fourth frame is measured."""


class SwayWatch:
    """Measures the turns of the cameras in each frame. One thread calls `look`: the one that delivers frames."""

    def __init__(self, rig: Rig, history: SwayHistory) -> None:
        self._rig = rig
        self._history = history
        self._meters = [SwayMeter(camera.lens) for camera in rig.cameras]
        self._began_ns: Nanoseconds | None = None
        self._frames = 0

    def look(self, frame: Frame, time_ns: Nanoseconds) -> None:
        """Measure a rig frame, one or two milliseconds for each camera; ignores a frame that is not the rig's."""
        if (frame.width, frame.height) != self._rig.frame_size:
            return
        if self._began_ns is None:
            self._began_ns = time_ns
        self._frames += 1
        if (
            time_ns - self._began_ns > FIRST_NS
            and self._frames % RESTING_EVERY
            and not self._history.is_restless
        ):
            return
        turns = []
        for index, meter in enumerate(self._meters):
            region = self._rig.region(index)
            rows = slice(region.y, region.y + region.height)
            turn = meter.measure(frame.luma[rows, region.x : region.x + region.width])
            turns.append(None if turn is None else turn.vector_rad)
        self._history.add(time_ns, turns)

    def finish(self) -> None:
        """No frame follows. Idempotent; any thread."""
        self._history.finish()
