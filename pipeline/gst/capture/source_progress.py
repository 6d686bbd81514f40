"""SourceProgress: how many frames one source has delivered, and whether it or its decoder is to blame for none."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.gst.capture.source import Source
from pipeline.gst.core.connections import Connections
from pipeline.gst.core.elements import elements_of
from pipeline.gst.runtime import Gst


class SourceProgress:
    """Counts at the pad where a source's video enters. Any thread may read; nothing blocks."""

    def __init__(self, source: Source, entry: Gst.Pad, connections: Connections) -> None:
        self.name = source.name
        self.frames = 0
        """Frames, or access units of a compressed stream."""
        self.has_ended = False
        self._element = source.element
        connections.probe(entry, Gst.PadProbeType.BUFFER, self._on_frame)
        connections.probe(entry, Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event)

    @property
    def waits_for_decoder(self) -> bool:
        """Whether the source has video that its decoder has not taken."""
        return any(pad.get_property("current-level-buffers") for pad in _queued(self._element))

    def _on_frame(self, _pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        self.frames += 1
        return Gst.PadProbeReturn.OK

    def _on_event(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        event = info.get_event()
        if event is not None and event.type == Gst.EventType.EOS:
            self.has_ended = True
        return Gst.PadProbeReturn.OK


def _queued(element: Gst.Element) -> Iterator[Gst.Pad]:
    """The pads of the queues in which decodebin keeps compressed streams before their decoders."""
    factory = element.get_factory()
    if factory is not None and factory.get_name() == "multiqueue":
        yield from element.sinkpads
    elif isinstance(element, Gst.Bin):
        for within in elements_of(element):
            yield from _queued(within)
