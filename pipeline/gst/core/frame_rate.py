"""Frame rates in caps: read one, and take one out that cannot be true."""

from __future__ import annotations

from pipeline.gst.core.connections import Connections
from pipeline.gst.runtime import Gst
from pipeline.media.frame_rate import agree, is_rate

ASSUMED_FPS = 30
"""For elements that need a rate."""


def caps_rate(caps: Gst.Caps | None) -> tuple[int, int] | None:
    """The frame rate of `caps` as numerator and denominator; None if it is missing, varies or cannot be true."""
    if caps is None or caps.get_size() == 0:
        return None
    return structure_rate(caps.get_structure(0))


def structure_rate(structure: Gst.Structure) -> tuple[int, int] | None:
    """As `caps_rate`, of one structure of caps."""
    known, numerator, denominator = structure.get_fraction("framerate")
    return (numerator, denominator) if known and is_rate(numerator, denominator) else None


def caps_fps(caps: Gst.Caps | None) -> float:
    """The frame rate of `caps` in frames per second; 0 where `caps_rate` is None."""
    rate = caps_rate(caps)
    return 0.0 if rate is None else rate[0] / rate[1]


def check_rate(pad: Gst.Pad, connections: Connections) -> None:
    """Let caps that enter the sink pad `pad` with an impossible frame rate say that it varies.

    No encoder accepts 90000 frames a second; with a varying rate, the timestamps alone count.
    """
    connections.probe(pad, Gst.PadProbeType.EVENT_DOWNSTREAM, _on_event)


def check_first_rate(pad: Gst.Pad, connections: Connections, fps: float) -> None:
    """Let the first caps that enter the sink pad `pad` say that the rate varies, unless they agree with `fps`.

    `fps`: frames per second by the timestamps. A header that says 1 of 25 frames a second would make an encoder
    spend 25 times the bitrate, and a muxer let the last frame stand for a second.
    """
    connections.probe(pad, Gst.PadProbeType.EVENT_DOWNSTREAM, _on_first_caps, fps)


def _on_first_caps(pad: Gst.Pad, info: Gst.PadProbeInfo, fps: float) -> Gst.PadProbeReturn:
    event = info.get_event()
    if event is None or event.type != Gst.EventType.CAPS:
        return Gst.PadProbeReturn.OK
    said_fps = caps_fps(event.parse_caps())
    if not said_fps or agree(said_fps, fps):
        return Gst.PadProbeReturn.REMOVE
    return _replace(pad, event.parse_caps(), 0)  # comes by here again


def assume_rate(pad: Gst.Pad) -> None:
    """Let caps that enter the sink pad `pad` with a rate that varies, or none, say ASSUMED_FPS; timestamps stay."""
    pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, _assume)


def _on_event(pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    event = info.get_event()
    if event is None or event.type != Gst.EventType.CAPS:
        return Gst.PadProbeReturn.OK
    caps = event.parse_caps()
    known, numerator, _ = caps.get_structure(0).get_fraction("framerate")
    if not known or numerator == 0 or caps_rate(caps) is not None:
        return Gst.PadProbeReturn.OK
    return _replace(pad, caps, 0)


def _assume(pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    event = info.get_event()
    caps = None if event is None or event.type != Gst.EventType.CAPS else event.parse_caps()
    if caps is None or caps_rate(caps) is not None:
        return Gst.PadProbeReturn.OK
    return _replace(pad, caps, ASSUMED_FPS)


def _replace(pad: Gst.Pad, caps: Gst.Caps, fps: int) -> Gst.PadProbeReturn:
    """Send `caps` with another frame rate in their place."""
    corrected = Gst.Caps.from_string(caps.to_string())  # a copy; PyGObject's would be the same object
    if corrected is None:
        return Gst.PadProbeReturn.OK
    corrected.set_value("framerate", Gst.Fraction(fps, 1))
    pad.send_event(Gst.Event.new_caps(corrected))
    return Gst.PadProbeReturn.DROP
