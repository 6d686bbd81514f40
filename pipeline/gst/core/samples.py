"""Reads the times of samples without touching their memory, and stamps or shifts shallow copies."""

from __future__ import annotations

from typing import Any, NamedTuple

from pipeline.gst.runtime import Gst

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

    `raw`: every sample can be decoded on its own, so the decode timestamp is not read.
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
    """Running time, negative before the segment's start; None if the segment has none."""
    sign, running_ns = running
    return sign * running_ns if sign else None


def running_time_ns(segment: Any, stamp_ns: int) -> int | None:
    """The running time of a timestamp, negative before the segment's start; None if it has none."""
    return None if stamp_ns == _NONE else _signed(segment.to_running_time_full(_TIME, stamp_ns))


def pad_running_time_ns(pad: Any, stamp_ns: int) -> int | None:
    """The running time of a timestamp at `pad`, negative before its segment's start; None if it has none."""
    event = pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
    return None if event is None else running_time_ns(event.parse_segment(), stamp_ns)


def copied(buffer: Any) -> Any:
    """A new buffer that shares the memory; PyGObject's `Gst.Buffer.copy` returns the same buffer."""
    return buffer.copy_region(_ALL, 0, buffer.get_size())


def stamped(sample: Any, time_ns: int) -> Any:
    """A shallow copy of the sample with the timestamp `time_ns`, in a new TIME segment."""
    buffer = copied(sample.get_buffer())
    buffer.pts = max(time_ns, 0)
    segment = Gst.Segment()
    segment.init(_TIME)
    return Gst.Sample.new(buffer, sample.get_caps(), segment, None)


def moved(sample: Any, by_ns: int) -> Any:
    """A shallow copy of the sample, its timestamps changed so that its running times are `by_ns` later.

    Unlike `shifted` it keeps the segment: a new one for every sample would make encoders begin again each time.
    """
    buffer, segment = copied(sample.get_buffer()), sample.get_segment()
    by_ns = round(by_ns * abs(segment.rate))
    if buffer.pts != _NONE:
        buffer.pts = max(buffer.pts + by_ns, 0)
    if buffer.dts != _NONE:
        buffer.dts = max(buffer.dts + by_ns, 0)
    return Gst.Sample.new(buffer, sample.get_caps(), segment, None)


def shifted(sample: Any, shift_ns: int) -> Any:
    """The sample with its running time moved by `shift_ns`: its segment changes, its timestamps do not."""
    segment = sample.get_segment()
    base_ns = segment.base + shift_ns
    segment.base = max(base_ns, 0)
    segment.offset += max(-base_ns, 0)
    return Gst.Sample.new(sample.get_buffer(), sample.get_caps(), segment, None)
