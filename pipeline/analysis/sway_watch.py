"""SwayWatch: measures how a rig's cameras stand, frame by frame, and writes it to the history."""

from __future__ import annotations

import numpy as np

from pipeline.analysis.sway_history import SwayHistory, mount_of
from pipeline.optics.angles import Array
from pipeline.optics.frame import Frame, Plane
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.backdrop import Sight
from pipeline.optics.stabilisation.sway_meter import SwayMeter
from pipeline.timebase import NS_PER_S, Nanoseconds

FIRST_NS = 3 * NS_PER_S
"""Every frame is measured for this long at first."""

RESTING_EVERY = 4
"""After that, while every camera stands still, only every fourth frame is measured."""

FROZEN_NS = 2 * NS_PER_S
"""A picture that does not change by a single level for this long is frozen."""

PROBE_PX = 16
"""Every so many pixels one is compared."""


class FrozenPicture:
    """Whether a camera sends the same picture again and again. One thread at a time."""

    def __init__(self) -> None:
        self._last: Plane | None = None
        self._since_ns = Nanoseconds(0)

    def look(self, luma: Plane, time_ns: Nanoseconds) -> bool:
        """Whether nothing changed for `FROZEN_NS` up to this frame (height, width)."""
        now = luma[PROBE_PX // 2 :: PROBE_PX, PROBE_PX // 2 :: PROBE_PX]
        if self._last is None or not np.array_equal(now, self._last):
            self._last, self._since_ns = now.copy(), time_ns
        return time_ns - self._since_ns >= FROZEN_NS


class SwayWatch:
    """Measures the turns of the cameras in each frame. One thread calls `look`: the one that delivers frames."""

    def __init__(self, rig: Rig, history: SwayHistory) -> None:
        self._rig = rig
        self._history = history
        self._meters = [SwayMeter(mount_of(rig, i)) for i in range(len(rig.cameras))]
        self._frozen = [FrozenPicture() for _ in rig.cameras]
        self._began_ns: Nanoseconds | None = None
        self._last_ns: Nanoseconds | None = None
        self._frames = 0

    def look(self, frame: Frame, time_ns: Nanoseconds) -> None:
        """Measure a rig frame, one or two milliseconds for each camera; ignores a frame that is not the rig's."""
        if (frame.width, frame.height) != self._rig.frame_size:
            return
        if self._began_ns is None:
            self._began_ns = time_ns
            self._history.begin(time_ns)
        if self._history.is_recalled:
            return
        self._frames += 1
        if (
            time_ns - self._began_ns > FIRST_NS
            and self._frames % RESTING_EVERY
            and not self._history.is_restless
        ):
            return
        vectors: list[Array | None] = []
        sights: list[Sight] = []
        readouts_ns: list[float] = []
        frame_ns = 0 if self._last_ns is None else time_ns - self._last_ns
        self._last_ns = time_ns
        for index, meter in enumerate(self._meters):
            region = self._rig.region(index)
            rows = slice(region.y, region.y + region.height)
            luma = frame.luma[rows, region.x : region.x + region.width]
            fit = meter.measure(luma)
            vectors.append(None if fit is None else fit.vector)
            sights.append("frozen" if self._frozen[index].look(luma, time_ns) else meter.sight)
            readouts_ns.append(meter.readout * frame_ns)
        self._history.add(time_ns, vectors, sights, readouts_ns)

    def finish(self) -> None:
        """No frame follows. Idempotent; any thread."""
        self._history.finish()
