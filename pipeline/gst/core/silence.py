"""Silence for gaps in a sound stream."""

from __future__ import annotations

from typing import Any

from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S

_BYTES = {"S16LE": 2, "S32LE": 4, "F32LE": 4, "F64LE": 8}
"""Audio formats in which zero is silence, with the bytes per sample."""


def bridge(appsrc: Any, caps: Any, begin_ns: int, end_ns: int) -> None:
    """Bridge a gap in a stream, in running time: push silence, or a GAP event if it is not raw sound."""
    if appsrc is None:
        return
    sample = silence(caps, begin_ns, end_ns)
    if sample is not None:
        appsrc.push_sample(sample)
    else:
        appsrc.send_event(Gst.Event.new_gap(begin_ns, end_ns - begin_ns))


def silence(caps: Any, begin_ns: int, end_ns: int) -> Any:
    """A sample of silence from one running time to another; None if `caps` is not a common raw audio format.

    Silence is needed because an encoder drops GAP events and a muxer would keep waiting for sound.
    """
    if caps is None or caps.get_size() == 0 or not caps.get_structure(0).has_name("audio/x-raw"):
        return None
    structure = caps.get_structure(0)
    size = _BYTES.get(structure.get_string("format") or "")
    if size is None:
        return None
    rate, channels = structure.get_value("rate"), structure.get_value("channels")
    frames = round((end_ns - begin_ns) * rate / NS_PER_S)
    if frames <= 0:
        return None
    buffer = Gst.Buffer.new_wrapped(bytes(frames * channels * size))
    buffer.pts, buffer.duration = begin_ns, end_ns - begin_ns
    buffer.set_flags(Gst.BufferFlags.GAP)
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    return Gst.Sample.new(buffer, caps, segment, None)
