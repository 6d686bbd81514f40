"""What an opened source announces: how long a recording is, and whether there is sound."""

from __future__ import annotations

from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds, ns_to_seconds

INDEXED = frozenset({"qtdemux", "matroskademux", "flvdemux", "avidemux"})
"""Demuxers that read the length from the recording itself; the others estimate it."""


def promised_s(opened: Gst.Element) -> float:
    """The length in seconds that the recording inside the bin `opened` promises; 0 if it promises none."""
    lengths = (_length_ns(element) for element in _inside(opened) if _kind(element) in INDEXED)
    return ns_to_seconds(Nanoseconds(max(lengths, default=0)))


def _inside(element: Gst.Element) -> list[Gst.Element]:
    children = element.children if isinstance(element, Gst.Bin) else []
    return [element, *(found for child in children for found in _inside(child))]


def _kind(element: Gst.Element) -> str | None:
    factory = element.get_factory()
    return None if factory is None else factory.get_name()


def _length_ns(element: Gst.Element) -> int:
    known, duration_ns = element.query_duration(Gst.Format.TIME)
    return duration_ns if known and duration_ns > 0 else 0


def announces_sound(opened: Gst.Element) -> bool:
    """Whether some stream inside the bin `opened` is sound by its caps, whether or not any comes."""
    return any(_is_sound(pad.get_current_caps()) for element in _inside(opened) for pad in element.srcpads)


def _is_sound(caps: Gst.Caps | None) -> bool:
    if caps is None or caps.get_size() == 0:
        return False
    structure = caps.get_structure(0)
    return structure.get_name().startswith("audio/") or structure.get_string("media") == "audio"


def lists_sound(streams: Gst.StreamCollection) -> bool:
    """Whether a demuxer's list of its streams holds sound."""
    listed = (streams.get_stream(index) for index in range(streams.get_size()))
    return any(
        bool(stream.get_stream_type() & Gst.StreamType.AUDIO) for stream in listed if stream is not None
    )
