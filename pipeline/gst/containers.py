"""The containers that a film is put into, for files and for pushes: the muxer, its pads, the codecs it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.errors import ConfigError
from pipeline.gst.elements import find_property, make
from pipeline.gst.runtime import Gst

FRAGMENT_MS = 1000
"""An mp4 file is playable up to its last whole fragment, should the run be killed."""

LIVE_FRAGMENT_MS = 100
"""A browser has a picture so much later than it was encoded."""
LIVE_TIMESCALE_HZ = 90_000


@dataclass(frozen=True, slots=True)
class Container:
    """A muxer, how its pads are named, and which codecs it holds.

    `repeats_headers`: whoever joins in the middle needs the codec's headers at every keyframe. `stream_caps`:
    what a network sink is to see of the caps, if not all.
    """

    muxer: str
    video_pad: str
    audio_pad: str
    codecs: frozenset[str]
    properties: tuple[tuple[str, object], ...] = ()
    repeats_headers: bool = False
    stream_caps: str | None = None

    def make(self) -> Gst.Element:
        """The muxer, ready for a file or a stream."""
        return make(self.muxer, None, **dict(self.properties))

    def make_parser(self, codec: str) -> Gst.Element:
        """What turns encoded `codec` to the muxer's liking."""
        parser = make(f"{codec}parse")
        if self.repeats_headers and find_property(parser, "config-interval") is not None:
            parser.set_property("config-interval", -1)
        return parser

    def make_stream_filter(self) -> list[Gst.Element]:
        """What stands between muxer and network sink, if anything must."""
        if self.stream_caps is None:
            return []
        return [
            make("capssetter", None, replace=True, join=False, caps=Gst.Caps.from_string(self.stream_caps))
        ]

    def check(self, name: str, *codecs: str | None) -> None:
        """Raise ConfigError, naming output `name`, for a codec (None: there is none) that this does not hold."""
        for codec in codecs:
            if codec is not None and codec not in self.codecs:
                held = ", ".join(sorted(self.codecs))
                raise ConfigError(f"{name}: {self.muxer} does not hold {codec}, only {held}")


_ALL = frozenset({"h264", "h265", "aac", "opus"})
_FLASH = frozenset({"h264", "aac"})
_TAGGED = "video_%u", "audio_%u"
CONTAINERS: dict[str, Container] = {
    "mp4": Container(
        "mp4mux",
        *_TAGGED,
        _ALL,
        (("fragment_duration", FRAGMENT_MS), ("fragment_mode", "first-moov-then-finalise")),
    ),
    "mkv": Container("matroskamux", *_TAGGED, _ALL),
    "flv": Container("flvmux", "video", "audio", _FLASH),
    "ts": Container("mpegtsmux", "sink_%d", "sink_%d", _ALL, repeats_headers=True),
}
LIVE_TS = replace(CONTAINERS["ts"], stream_caps="video/mpegts,systemstream=true,packetsize=188")
"""What SRT carries. With the stream's headers in the caps, srtsink would leave out every buffer that is marked as
holding headers, and so every keyframe."""
LIVE_FLV = Container("flvmux", "video", "audio", _FLASH, (("streamable", True),))
"""What RTMP carries."""
LIVE_MP4 = Container(
    "mp4mux",
    *_TAGGED,
    _FLASH,
    (("fragment_duration", LIVE_FRAGMENT_MS), ("streamable", True), ("trak_timescale", LIVE_TIMESCALE_HZ)),
)
"""What a browser's Media Source takes. Each track begins at 0, whenever its first sample is."""
