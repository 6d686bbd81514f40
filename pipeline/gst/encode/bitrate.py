"""Reads and changes the bit rate of a video encoder, while it plays too if its element can."""

from __future__ import annotations

from pipeline.gst.core.elements import factory_name, find_property
from pipeline.gst.runtime import Gst

BITS_PER_UNIT = {"openh264enc": 1}
"""What one unit of the property ``bitrate`` is, where it is not a kbit."""
KBIT = 1000
NEVER_ENDS = {"x265enc"}
"""Encoders that take another bit rate, and then never reach the end of their stream (GStreamer 1.22, x265 3.5)."""


def can_change_bitrate(encoder: Gst.Element) -> bool:
    """Whether the encoder takes another bit rate while it plays, by what its element says of the property.

    x264enc and openh264enc do; v4l2h264enc gets its bit rate once, when its device is opened.
    """
    spec = find_property(encoder, "bitrate")
    if spec is None or factory_name(encoder) in NEVER_ENDS:
        return False
    return bool(int(spec.flags) & Gst.PARAM_MUTABLE_PLAYING)


def bitrate_kbps(encoder: Gst.Element) -> int:
    """The bit rate that the encoder is set to, in kbit/s; 0 if its element does not tell."""
    if find_property(encoder, "bitrate") is None:
        return 0
    return int(encoder.get_property("bitrate")) * _bits(encoder) // KBIT


def set_bitrate(encoder: Gst.Element, kbps: int) -> None:
    """Encode at `kbps` from the next frame on. Any thread; for an encoder that `can_change_bitrate`."""
    encoder.set_property("bitrate", kbps * KBIT // _bits(encoder))


def _bits(encoder: Gst.Element) -> int:
    return BITS_PER_UNIT.get(factory_name(encoder) or "", KBIT)
