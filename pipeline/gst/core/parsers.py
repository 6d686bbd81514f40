"""The parser element for each codec, which splits an encoded stream into whole frames or packets."""

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
"""By codec name (see media.formats); None: GStreamer has no parser, and the stream needs none."""
