"""Deinterlacer: makes one progressive frame of each two fields, at the time of the first."""

from __future__ import annotations

from collections import deque

from pipeline.gst.core.connections import Connections
from pipeline.gst.core.elements import make, set_property, static_pad
from pipeline.gst.runtime import Gst
from pipeline.media.frame_correction import Field

MOST_WAITING = 8
"""More frames than the element ever holds back."""


class Deinterlacer:
    """GStreamer's ``deinterlace`` with the method that keeps still lines whole and moving edges clean, YADIF.

    That method stamps its first and its last frame with their neighbour's time (GStreamer 1.22), so each frame gets
    the time with which it came. Progressive frames pass unchanged. Its callbacks run on the streaming thread.
    """

    def __init__(self, connections: Connections) -> None:
        """`connections`: those of its pipeline."""
        self.element = make("deinterlace", method="yadif")
        self._came_ns: deque[int] = deque(maxlen=MOST_WAITING)
        frames = Gst.PadProbeType.BUFFER
        connections.probe(static_pad(self.element, "sink"), frames, self._on_frame)
        connections.probe(static_pad(self.element, "src"), frames, self._on_made)

    def use_first(self, field: Field) -> None:
        """Show the moment of this field, the earlier one of each frame."""
        set_property(self.element, "fields", field)

    def _on_frame(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer()
        if buffer is not None and buffer.pts != Gst.CLOCK_TIME_NONE:
            self._came_ns.append(buffer.pts)
        return Gst.PadProbeReturn.OK

    def _on_made(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer()
        if buffer is None or buffer.pts == Gst.CLOCK_TIME_NONE or not self._came_ns:
            return Gst.PadProbeReturn.OK
        came_ns = self._came_ns.popleft()
        while self._came_ns and self._came_ns[0] < buffer.pts:  # it is one frame off at most
            came_ns = self._came_ns.popleft()
        if came_ns != buffer.pts:
            buffer.pts = came_ns
        return Gst.PadProbeReturn.OK
