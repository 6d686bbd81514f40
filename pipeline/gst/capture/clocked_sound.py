"""ClockedSound: keeps a camera's sound with its frames, which are shown by another camera's clock."""

from __future__ import annotations

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.gst.core.connections import Connections
from pipeline.gst.core.pcm import PcmFormat
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.core.sound_retimer import SoundRetimer
from pipeline.gst.runtime import Gst


class ClockedSound:
    """Resamples the raw sound that passes a pad by what is added to the times of one camera.

    Sound passes untouched until something is. On the streaming thread of the pad.
    """

    def __init__(self, pad: Gst.Pad, clocks: CameraClocks, connections: Connections) -> None:
        """`pad`: a sink pad that the sound enters."""
        self._clocks = clocks
        self.camera = 0
        """The camera whose sound it is; set before any comes."""
        self._retimer: SoundRetimer | None = None
        self._is_own = False
        """Whether what passes is what was made here."""
        connections.probe(pad, Gst.PadProbeType.BUFFER, self._on_buffer)
        connections.probe(pad, Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event)

    def _on_event(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        event = info.get_event()
        if event is not None and event.type in (Gst.EventType.CAPS, Gst.EventType.SEGMENT):
            self._retimer = None
        return Gst.PadProbeReturn.OK

    def _on_buffer(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer()
        time_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
        segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
        if self._is_own or time_ns is None or segment is None or not self._clocks.is_followed(self.camera):
            return Gst.PadProbeReturn.OK
        caps = pad.get_current_caps()
        if self._retimer is None:
            pcm = PcmFormat.of(caps)
            if pcm is None:
                return Gst.PadProbeReturn.OK
            self._retimer = SoundRetimer(pcm)
        sample = Gst.Sample.new(buffer, caps, segment.parse_segment(), None)
        retimed = self._retimer.retime(
            sample, time_ns, round(self._clocks.correction_ns(self.camera, time_ns))
        )
        if retimed is not None:
            self._is_own = True
            try:
                pad.chain(retimed[0].get_buffer())
            finally:
                self._is_own = False
        return Gst.PadProbeReturn.DROP
