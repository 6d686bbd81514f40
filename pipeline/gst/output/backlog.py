"""Backlog: how much video or sound waits in a queue for a disk that is too slow."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.gst.core.elements import static_pad
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S

LONGEST_STEP_NS = NS_PER_S
"""A longer step from one sample to the next is a gap of the source, of which nothing waits."""


class ContentLength:
    """How much video or sound has passed a place, by its timestamps; a gap counts as LONGEST_STEP_NS. Pure."""

    def __init__(self) -> None:
        self.length_ns = 0
        self._newest_ns: int | None = None

    def add(self, time_ns: int) -> int:
        """Count the sample with this running time; returns the length so far, in nanoseconds."""
        if self._newest_ns is not None and time_ns > self._newest_ns:
            self.length_ns += min(time_ns - self._newest_ns, LONGEST_STEP_NS)
        self._newest_ns = time_ns if self._newest_ns is None else max(self._newest_ns, time_ns)
        return self.length_ns


class Backlog:
    """Compares what enters a queue with what has left it, by running time; calls `on_exceeded` once.

    The queue's own level is no measure: after a seek, a long pause or a time in which the process was
    stopped, it counts the gap as contents. Each pad's streaming thread counts for itself; the one that enters
    calls `on_exceeded`.
    """

    def __init__(self, queue: Gst.Element, limit_ns: int, on_exceeded: Callable[[], None]) -> None:
        self._limit_ns = limit_ns
        self._on_exceeded = on_exceeded
        self._entered, self._left = ContentLength(), ContentLength()
        static_pad(queue, "sink").add_probe(Gst.PadProbeType.BUFFER, self._enters)
        static_pad(queue, "src").add_probe(Gst.PadProbeType.BUFFER, self._leaves)

    def _enters(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        time_ns = _time_ns(pad, info)
        if time_ns is None or self._entered.add(time_ns) - self._left.length_ns <= self._limit_ns:
            return Gst.PadProbeReturn.OK
        self._on_exceeded()
        return Gst.PadProbeReturn.REMOVE

    def _leaves(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        time_ns = _time_ns(pad, info)
        if time_ns is not None:
            self._left.add(time_ns)
        return Gst.PadProbeReturn.OK


def _time_ns(pad: Gst.Pad, info: Gst.PadProbeInfo) -> int | None:
    buffer = info.get_buffer()
    return None if buffer is None else pad_running_time_ns(pad, buffer.pts)
