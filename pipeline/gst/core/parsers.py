"""Which element makes whole pictures or packets of an encoded stream."""

from __future__ import annotations

from types import MappingProxyType

PARSERS = MappingProxyType(
    {
        "h264": "h264parse",
        "h265": "h265parse",
        "av1": "av1parse",
        "vp8": None,
        "vp9": "vp9parse",
        "jpeg": "jpegparse",
        "aac": "aacparse",
        "opus": "opusparse",
    }
)
"""By codec (see media.formats); None: GStreamer has none, and the stream needs none."""
