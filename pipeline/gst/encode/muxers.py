"""The muxers for files, pushes and browsers: their elements, properties and pads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from pipeline.gst.core.elements import find_property, make, static_pad
from pipeline.gst.core.parsers import PARSERS
from pipeline.gst.runtime import Gst
from pipeline.media.formats import CONTAINERS, Container

FRAGMENT_MS = 1000
"""If the run is killed, an mp4 file plays up to its last complete fragment."""

LIVE_FRAGMENT_MS = 100
"""Adds this much latency to the browser's preview."""
SEGMENT_FRAGMENT_MS = 500
"""The ends of video and sound in an HLS segment differ by this much at most."""
FRAGMENTS_TIMESCALE_HZ = 90_000
"""Units per second of the times in fragments; a frame at 24, 25 or 30 fps is a whole number of them."""


@dataclass(frozen=True, slots=True)
class Muxer:
    """The element that writes a container, the names of its pads, and its properties.

    `repeats_headers`: the codec's headers are repeated at every keyframe, for receivers that join late.
    `stream_caps`: the caps that a network sink gets instead of the muxer's; None: the muxer's.
    """

    container: Container
    element: str
    video_pad: str
    audio_pad: str
    properties: tuple[tuple[str, object], ...] = ()
    repeats_headers: bool = False
    stream_caps: str | None = None

    def make(self) -> Gst.Element:
        """Make the muxer's element. Raises MissingDependencyError."""
        return make(self.element, None, **dict(self.properties))

    def make_parser(self, codec: str) -> Gst.Element:
        """Make the parser that converts a `codec` stream to the form that the muxer needs."""
        parser = make(PARSERS[codec] or "identity")
        if codec == "opus" and self.container.name == "mp4":
            _leave_out_header(parser)
        if self.repeats_headers and find_property(parser, "config-interval") is not None:
            parser.set_property("config-interval", -1)
        return parser

    def make_stream_filter(self) -> list[Gst.Element]:
        """Make the elements between the muxer and a network sink; often none."""
        if self.stream_caps is None:
            return []
        return [
            make("capssetter", None, replace=True, join=False, caps=Gst.Caps.from_string(self.stream_caps))
        ]


def _leave_out_header(parser: Gst.Element) -> None:
    """Remove the Opus header, which holds the pre-skip, from the caps after `parser`.

    mp4mux (GStreamer 1.22) writes the pre-skip with its bytes swapped, so players skipped 299 ms instead of 6.5 ms.
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
"""Muxers for files, by the container's name."""
LIVE_TS = replace(FILE_MUXERS["ts"], stream_caps="video/mpegts,systemstream=true,packetsize=188")
"""For SRT. If the caps held the stream's headers, srtsink would drop every buffer that is marked as a header, and
with it every keyframe."""
LIVE_FLV = replace(FILE_MUXERS["flv"], properties=(("streamable", True),))
"""For RTMP."""
STREAM_MUXERS = MappingProxyType({muxer.container.name: muxer for muxer in (LIVE_TS, LIVE_FLV)})
"""Muxers for the network, by the container's name."""


def _fragmented(fragment_ms: int) -> Muxer:
    """Fragmented MP4 that is written without seeking. Each track starts at 0, whatever its first timestamp."""
    fragments = ("fragment_duration", fragment_ms), ("trak_timescale", FRAGMENTS_TIMESCALE_HZ)
    return Muxer(_MP4, "mp4mux", *_TAGGED, (*fragments, ("streamable", True)))


LIVE_MP4 = _fragmented(LIVE_FRAGMENT_MS)
"""For a browser's Media Source Extensions."""
SEGMENT_MP4 = _fragmented(SEGMENT_FRAGMENT_MS)
"""For the fMP4 segments of an HLS playlist."""
