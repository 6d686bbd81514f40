"""Makes the colour range that a stream says itself count for more than what its mp4 or mov file says of it."""

from __future__ import annotations

from pipeline.gst.core.elements import factory_name, static_pad
from pipeline.gst.runtime import Gst
from pipeline.media.colour_range import FULL_RANGE, vp9_is_full_range

_DEMUXER = "qtdemux"
_PARSERS = frozenset({"h264parse", "h265parse", "av1parse"})
"""They read the colours from the stream, if the caps do not say them."""
_HEADER_BYTES = 16


def trust_streams(pipeline: Gst.Pipeline) -> None:
    """Let the streams in mp4 and mov files of `pipeline` say their colour range themselves.

    GStreamer's demuxer calls every stream limited of which the file describes the colours, and overlooks what a
    VP9 stream says.
    """
    pipeline.connect("deep-element-added", _on_element)


def _on_element(_pipeline: Gst.Pipeline, parent: Gst.Bin, element: Gst.Element) -> None:
    kind = factory_name(element)
    if kind == _DEMUXER:
        element.connect("pad-added", _on_pad)
    elif kind in _PARSERS and any(factory_name(other) == _DEMUXER for other in parent.children):
        static_pad(element, "sink").add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, _without_colour)


def _on_pad(_element: Gst.Element, pad: Gst.Pad) -> None:
    caps = pad.get_current_caps()
    if caps is not None and caps.get_structure(0).has_name("video/x-vp9"):
        pad.add_probe(Gst.PadProbeType.BUFFER, _read_vp9)


def _without_colour(pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    event = info.get_event()
    if event is None or event.type != Gst.EventType.CAPS:
        return Gst.PadProbeReturn.OK
    structure = event.parse_caps().get_structure(0).copy()
    if not structure.has_field("colorimetry"):
        return Gst.PadProbeReturn.OK
    structure.remove_field("colorimetry")
    bare = Gst.Caps.new_empty()
    bare.append_structure(structure)
    pad.send_event(Gst.Event.new_caps(bare))  # comes by here again
    return Gst.PadProbeReturn.DROP


def _read_vp9(pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    buffer, caps, peer = info.get_buffer(), pad.get_current_caps(), pad.get_peer()
    if buffer is None or caps is None or peer is None:
        return Gst.PadProbeReturn.OK
    is_full = vp9_is_full_range(buffer.extract_dup(0, _HEADER_BYTES))
    if is_full is None:
        return Gst.PadProbeReturn.OK
    if is_full and not caps.get_structure(0).has_field("colorimetry"):
        told: Gst.Caps = caps.copy()
        told.set_value("colorimetry", FULL_RANGE)
        peer.send_event(Gst.Event.new_caps(told))
    return Gst.PadProbeReturn.REMOVE
