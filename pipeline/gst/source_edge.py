"""The source side of one buffered stream: what its appsink tells, sample by sample and event by event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pipeline.gst.runtime import Gst
from pipeline.gst.stand_in import StandInSource, puller

_TIME = Gst.Format.TIME
_NONE = Gst.CLOCK_TIME_NONE
_DELTA = int(Gst.BufferFlags.DELTA_UNIT)
_DISCONT = int(Gst.BufferFlags.DISCONT)

_ALL = (
    Gst.BufferCopyFlags.FLAGS
    | Gst.BufferCopyFlags.TIMESTAMPS
    | Gst.BufferCopyFlags.META
    | Gst.BufferCopyFlags.MEMORY
)


class Arrival(NamedTuple):
    """What the delay line needs to know of a sample; times in nanoseconds of running time."""

    decoded_ns: int | None
    shown_ns: int | None
    duration_ns: int | None
    size_bytes: int
    keyframe: bool
    discontinuity: bool


def read(sample: Any, *, raw: bool) -> Arrival | None:
    """Read a sample without touching its memory; None for a sample without a buffer.

    raw: each sample stands for itself, so there is no decode timestamp to ask for.
    """
    buffer = sample.get_buffer()
    if buffer is None:
        return None
    to_running_ns = sample.get_segment().to_running_time_full
    shown_ns, duration_ns = buffer.pts, buffer.duration
    decoded_ns = _NONE if raw else buffer.dts
    flags = int(buffer.get_flags())
    return Arrival(
        None if decoded_ns == _NONE else _signed(to_running_ns(_TIME, decoded_ns)),
        None if shown_ns == _NONE else _signed(to_running_ns(_TIME, shown_ns)),
        None if duration_ns == _NONE else duration_ns,
        buffer.get_size(),
        not flags & _DELTA,
        bool(flags & _DISCONT),
    )


def _signed(running: tuple[int, int]) -> int | None:
    """Running time, negative before the segment's start; None where the segment has none."""
    sign, running_ns = running
    return sign * running_ns if sign else None


def running_time_ns(segment: Any, stamp_ns: int) -> int | None:
    """The running time of a timestamp, negative before the segment's start; None where there is none."""
    return None if stamp_ns == _NONE else _signed(segment.to_running_time_full(_TIME, stamp_ns))


def pad_running_time_ns(pad: Any, stamp_ns: int) -> int | None:
    """The running time of a timestamp at `pad`, negative before its segment's start; None where there is none."""
    event = pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
    return None if event is None else running_time_ns(event.parse_segment(), stamp_ns)


def copied(buffer: Any) -> Any:
    """Another buffer with the same memory; `Gst.Buffer.copy` of PyGObject is the buffer itself."""
    return buffer.copy_region(_ALL, 0, buffer.get_size())


def stamped(sample: Any, time_ns: int) -> Any:
    """The sample with a timestamp: a shallow copy of its buffer, in a segment of its own."""
    buffer = copied(sample.get_buffer())
    buffer.pts = max(time_ns, 0)
    segment = Gst.Segment()
    segment.init(_TIME)
    return Gst.Sample.new(buffer, sample.get_caps(), segment, None)


def shifted(sample: Any, shift_ns: int) -> Any:
    """The sample with its running time moved by `shift_ns`: the segment moves, no timestamp is touched."""
    segment = sample.get_segment()
    base_ns = segment.base + shift_ns
    segment.base = max(base_ns, 0)
    segment.offset += max(-base_ns, 0)
    return Gst.Sample.new(sample.get_buffer(), sample.get_caps(), segment, None)


class SourceEdge:
    """One appsink, watched from its first sample to `release`. Another sink gets another edge.

    Whoever holds one may use it from any thread, released or not.
    """

    def __init__(self, sink: Any, on_event: Callable[[SourceEdge, Any], None]) -> None:
        self._on_event = on_event
        self._pad: Any = None
        self._probe = 0
        self.sink = sink
        self.pull = puller(sink)
        """Takes the next sample, waiting for so many nanoseconds; None where there is none."""
        self.is_live = False
        self.base_ns = 0
        """What the clock of the sink's pipeline showed at running time 0, as it was last looked at."""

    def watch(self) -> None:
        """Learn whether the sink's source is live, and hear of its events from now on."""
        self.base_ns = self.sink.get_base_time()
        self._pad = self.sink.get_static_pad("sink")
        if self._pad is None:
            return
        query = Gst.Query.new_latency()
        self.is_live = bool(self._pad.peer_query(query) and query.parse_latency()[0])
        events = Gst.PadProbeType.EVENT_DOWNSTREAM | Gst.PadProbeType.EVENT_FLUSH
        self._probe = self._pad.add_probe(events, self._heard)

    def _heard(self, _pad: Any, info: Any) -> Any:
        self._on_event(self, info.get_event())
        return Gst.PadProbeReturn.OK

    def release(self) -> None:
        """Hear of no events any more; called once."""
        if self._pad is not None:
            self._pad.remove_probe(self._probe)

    @property
    def can_wait(self) -> bool:
        """Whether its source may be held up, and loses nothing by it."""
        return not self.is_live

    def is_eos(self) -> bool:
        """Whether the sink has ended."""
        return bool(self.sink.get_property("eos"))

    def gap_end_ns(self, event: Any) -> int:
        """Running time up to which a GAP event says that nothing comes; 0 where it does not tell."""
        begin_ns, duration_ns = event.parse_gap()
        if duration_ns == _NONE:
            return 0
        return pad_running_time_ns(self._pad, begin_ns + duration_ns) or 0

    @property
    def is_active(self) -> bool:
        """Whether the sink takes data; False as soon as its pipeline is told to stop, which waits for us then."""
        _, _, pending = self.sink.get_state(0)
        return pending in (Gst.State.VOID_PENDING, Gst.State.PLAYING)

    def clock(self) -> Any:
        """The clock of the sink's pipeline, None before it runs."""
        return self.sink.get_clock()

    def moved_ns(self, clock: Any) -> int:
        """By how much the base time has moved since last looked at, of a live source on `clock`.

        It moves when the pipeline was paused or begins again: what comes then is due later by as much.
        """
        if not self.is_live or self.clock() is not clock:
            return 0
        before_ns, self.base_ns = self.base_ns, int(self.sink.get_base_time())
        return self.base_ns - before_ns


Source = SourceEdge | StandInSource


def edge_of(sink: Any, on_event: Callable[[SourceEdge, Any], None]) -> Source:
    """The edge of a sink that was not seen before. Raises ConfigError for what samples cannot be taken from."""
    return SourceEdge(sink, on_event) if isinstance(sink, Gst.Element) else StandInSource(sink)
