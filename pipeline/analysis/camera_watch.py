"""CameraWatch: shows each rig frame to all that watches the cameras: sway, clocks, colours, seams."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pipeline.analysis.clock_watch import ClockWatch
from pipeline.analysis.colour_watch import ColourWatch
from pipeline.analysis.seam_error import SeamErrorWatch
from pipeline.analysis.sway_history import SwayHistory
from pipeline.analysis.sway_watch import SwayWatch
from pipeline.foreign_code import Contained, describe
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.timebase import Nanoseconds

logger = logging.getLogger("foresight")


class CameraWatch:
    """Measures a rig's cameras in each frame. One thread calls `look`; any thread `finish`.

    What fails is left out from then on, and what it measured stays as it was.
    """

    def __init__(
        self,
        rig: Rig,
        history: SwayHistory,
        clock: ClockWatch | None = None,
        colour: ColourWatch | None = None,
        error: SeamErrorWatch | None = None,
    ) -> None:
        """None for what is not to be measured."""
        self._frame_px = rig.frame_size
        self._history = history
        self._sway: SwayWatch | None = SwayWatch(rig, history)
        self._clock, self._colour, self._error = clock, colour, error

    def look(self, frame: Frame, time_ns: Nanoseconds, running_ns: Nanoseconds) -> None:
        """Measure a frame, a few milliseconds: `time_ns` is the delay line's, `running_ns` its source's time."""
        if (frame.width, frame.height) != self._frame_px:
            return
        sway, clock, colour, error = self._sway, self._clock, self._colour, self._error
        if sway is not None and not self._goes_on("sway", lambda: sway.look(frame, time_ns)):
            sway.finish()
            self._sway = None
        poses = self._history.pose_at(time_ns).from_place
        if clock is not None and not self._goes_on("clocks", lambda: clock.look(frame, running_ns, poses)):
            self._clock = None
        if colour is not None and not self._goes_on("colours", lambda: colour.look(frame, time_ns, poses)):
            colour.finish()
            self._colour = None
        if error is not None and not self._goes_on("seams", lambda: error.look(frame, time_ns, poses)):
            self._error = None

    def finish(self) -> None:
        """No frame follows. Idempotent."""
        for watch in (self._sway, self._colour):
            if watch is not None:
                watch.finish()

    @staticmethod
    def _goes_on(what: str, measure: Callable[[], object]) -> bool:
        with Contained() as call:
            measure()
        if call.error is not None:
            logger.error("the %s of the cameras are measured no more: %s", what, describe(call.error))
        return call.error is None
