"""Backlog: how much video or sound waits in a queue for a disk that is too slow."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.gst.core.elements import static_pad
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst


class Backlog:
    """Compares what enters a queue with what has left it, by running time; calls `on_exceeded` once.

    The queue's own level is no measure: after a seek or a long pause it counts the jump of the segment as contents.
    The two pads' streaming threads write one number each; `on_exceeded` is called on the one that enters.
    """

    def __init__(self, queue: Gst.Element, limit_ns: int, on_exceeded: Callable[[], None]) -> None:
        self._limit_ns = limit_ns
        self._on_exceeded = on_exceeded
        self._oldest_ns = 0
        self._entered_ns: int | None = None
        self._left_ns: int | None = None
        static_pad(queue, "sink").add_probe(Gst.PadProbeType.BUFFER, self._enters)
        static_pad(queue, "src").add_probe(Gst.PadProbeType.BUFFER, self._leaves)

    def _enters(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        time_ns = _time_ns(pad, info)
        if time_ns is None:
            return Gst.PadProbeReturn.OK
        if self._left_ns == self._entered_ns:  # nothing waits: a gap of the source is no backlog
            self._oldest_ns = time_ns
        elif self._left_ns is not None:
            self._oldest_ns = max(self._oldest_ns, self._left_ns)
        self._entered_ns = time_ns
        if time_ns - self._oldest_ns <= self._limit_ns:
            return Gst.PadProbeReturn.OK
        self._on_exceeded()
        return Gst.PadProbeReturn.REMOVE

    def _leaves(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        time_ns = _time_ns(pad, info)
        if time_ns is not None:
            self._left_ns = time_ns
        return Gst.PadProbeReturn.OK


def _time_ns(pad: Gst.Pad, info: Gst.PadProbeInfo) -> int | None:
    buffer = info.get_buffer()
    return None if buffer is None else pad_running_time_ns(pad, buffer.pts)
