"""The muxers that write containers, for files and for pushes: their elements, properties and pads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from pipeline.gst.core.elements import find_property, make, static_pad
from pipeline.gst.core.parsers import PARSERS
from pipeline.gst.runtime import Gst
from pipeline.media.formats import CONTAINERS, Container

FRAGMENT_MS = 1000
"""An mp4 file is playable up to its last whole fragment, should the run be killed."""

LIVE_FRAGMENT_MS = 100
"""A browser has a picture so much later than it was encoded."""
SEGMENT_FRAGMENT_MS = 500
"""So far picture and sound of an HLS segment end from each other at most."""
FRAGMENTS_TIMESCALE_HZ = 90_000
"""What times in fragments are counted in; a frame of 24, 25 or 30 a second is a whole number of it."""


@dataclass(frozen=True, slots=True)
class Muxer:
    """The element that writes a container, and how its pads are named; the container says which codecs it holds.

    `repeats_headers`: whoever joins in the middle needs the codec's headers at every keyframe. `stream_caps`:
    what a network sink is to see of the caps, if not all.
    """

    container: Container
    element: str
    video_pad: str
    audio_pad: str
    properties: tuple[tuple[str, object], ...] = ()
    repeats_headers: bool = False
    stream_caps: str | None = None

    def make(self) -> Gst.Element:
        """The muxer, ready for a file or a stream."""
        return make(self.element, None, **dict(self.properties))

    def make_parser(self, codec: str) -> Gst.Element:
        """What turns encoded `codec` to the muxer's liking."""
        parser = make(PARSERS[codec] or "identity")
        if codec == "opus" and self.container.name == "mp4":
            _leave_out_header(parser)
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


def _leave_out_header(parser: Gst.Element) -> None:
    """Take Opus' header out of the caps behind `parser`, and with it how much a player is to skip at the begin.

    mp4mux (GStreamer 1.22) writes it with its bytes swapped: players left out 299 ms, where it is 6.5 ms.
    """
    static_pad(parser, "src").add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, _without_header)


def _without_header(pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    event = info.get_event()
    caps = event.parse_caps() if event is not None and event.type == Gst.EventType.CAPS else None
    if caps is None or not caps.get_structure(0).has_field("streamheader"):
        return Gst.PadProbeReturn.OK
    structure = caps.get_structure(0).copy()
    structure.remove_field("streamheader")
    plain = Gst.Caps.new_empty()
    plain.append_structure(structure)
    pad.push_event(Gst.Event.new_caps(plain))
    return Gst.PadProbeReturn.DROP


_TAGGED = "video_%u", "audio_%u"
_MP4, _FLV = CONTAINERS["mp4"], CONTAINERS["flv"]
FILE_MUXERS = MappingProxyType(
    {
        muxer.container.name: muxer
        for muxer in (
            Muxer(
                _MP4,
                "mp4mux",
                *_TAGGED,
                (("fragment_duration", FRAGMENT_MS), ("fragment_mode", "first-moov-then-finalise")),
            ),
            Muxer(CONTAINERS["mkv"], "matroskamux", *_TAGGED),
            Muxer(_FLV, "flvmux", "video", "audio"),
            Muxer(CONTAINERS["ts"], "mpegtsmux", "sink_%d", "sink_%d", repeats_headers=True),
        )
    }
)
"""By the container's name: what writes it to a file."""
LIVE_TS = replace(FILE_MUXERS["ts"], stream_caps="video/mpegts,systemstream=true,packetsize=188")
"""For SRT. With the stream's headers in the caps, srtsink would leave out every buffer that is marked as holding
headers, and so every keyframe."""
LIVE_FLV = replace(FILE_MUXERS["flv"], properties=(("streamable", True),))
"""For RTMP."""
STREAM_MUXERS = MappingProxyType({muxer.container.name: muxer for muxer in (LIVE_TS, LIVE_FLV)})
"""By the container's name: what writes it to the network."""


def _fragmented(fragment_ms: int) -> Muxer:
    """MP4 in fragments that nobody goes back to. Each track begins at 0, whenever its first sample is."""
    fragments = ("fragment_duration", fragment_ms), ("trak_timescale", FRAGMENTS_TIMESCALE_HZ)
    return Muxer(_MP4, "mp4mux", *_TAGGED, (*fragments, ("streamable", True)))


LIVE_MP4 = _fragmented(LIVE_FRAGMENT_MS)
"""What a browser's Media Source takes."""
SEGMENT_MP4 = _fragmented(SEGMENT_FRAGMENT_MS)
"""What the fMP4 segments of an HLS playlist are cut from."""
