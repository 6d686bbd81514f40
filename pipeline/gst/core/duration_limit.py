"""DurationLimit: ends a stream at a given running time, to the frame."""

from __future__ import annotations

from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds


class DurationLimit:
    """A probe on one source pad that sends EOS instead of the first buffer beyond the limit.

    Its callbacks run on that pad's streaming thread only.
    """

    def __init__(self, pad: Gst.Pad, duration_ns: Nanoseconds) -> None:
        self._duration_ns = duration_ns
        passed = pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
        self._segment = passed.parse_segment() if passed is not None else None
        pad.add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_item)

    def _on_item(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer() if info.type & Gst.PadProbeType.BUFFER else None
        if buffer is None:
            event = info.get_event()
            if event is not None and event.type == Gst.EventType.SEGMENT:
                self._segment = event.parse_segment()
            return Gst.PadProbeReturn.OK
        if self._segment is None or buffer.pts == Gst.CLOCK_TIME_NONE:
            return Gst.PadProbeReturn.OK
        running_time = self._segment.to_running_time(Gst.Format.TIME, buffer.pts)
        if running_time == Gst.CLOCK_TIME_NONE or running_time < self._duration_ns:
            return Gst.PadProbeReturn.OK
        entry = pad.get_peer()
        if entry is not None:
            # Sent from the peer: if `pad` itself sent EOS, it would treat a later event (tags, for example) as an
            # error. Later buffers are refused.
            entry.send_event(Gst.Event.new_eos())
        return Gst.PadProbeReturn.REMOVE
