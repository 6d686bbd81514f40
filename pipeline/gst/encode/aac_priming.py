"""Removes an AAC encoder's priming, so that sound keeps its time in players that ignore priming."""

from __future__ import annotations

from math import ceil

from pipeline.gst.core.elements import static_pad
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S

PRIMING_SAMPLES = {"avenc_aac": 1024, "voaacenc": 1600}
"""Samples of silence that an encoder inserts before the sound, measured by encoding a click."""

SAMPLES_PER_PACKET = 1024


def remove_priming(encoder: Gst.Element) -> None:
    """Drop the packets that hold the encoder's priming and shift the rest back by it. Call once per encoder."""
    factory = encoder.get_factory()
    samples = PRIMING_SAMPLES.get(factory.get_name() or "", 0) if factory is not None else 0
    if samples:
        _Priming(static_pad(encoder, "src"), samples)


class _Priming:
    """Runs on the encoder's streaming thread only."""

    def __init__(self, pad: Gst.Pad, samples: int) -> None:
        self._samples = samples
        self._to_drop = ceil(samples / SAMPLES_PER_PACKET)
        pad.add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_item)

    def _on_item(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        event = info.get_event() if info.type & Gst.PadProbeType.EVENT_DOWNSTREAM else None
        if event is not None:
            if event.type == Gst.EventType.CAPS:
                _known, rate = event.parse_caps().get_structure(0).get_int("rate")
                pad.set_offset(-(self._samples * NS_PER_S // rate))
            return Gst.PadProbeReturn.OK
        if self._to_drop == 0:
            return Gst.PadProbeReturn.REMOVE
        self._to_drop -= 1
        return Gst.PadProbeReturn.DROP
