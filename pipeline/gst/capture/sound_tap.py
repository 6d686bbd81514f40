"""SoundTap: hands on the captured sound, by reference, beside its way into the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.foreign_code import Contained
from pipeline.gst.core.connections import Connections
from pipeline.gst.core.elements import static_pad
from pipeline.gst.core.pcm import PcmFormat
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst, GstApp


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """A buffer of captured sound. ``captured_ns``: the captured time of its first sample."""

    captured_ns: int
    buffer: Gst.Buffer
    pcm: PcmFormat

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return self.pcm.rate_hz

    def samples(self) -> NDArray[np.float32]:
        """The samples (n, channels), 1 is full scale: a copy."""
        with self.buffer.map(Gst.MapFlags.READ) as info:
            sound = self.pcm.decode(bytes(info.data or b""))
        return (sound / self.pcm.full_scale).astype(np.float32)


class SoundTap:
    """Passes each buffer that reaches an appsink to `on_piece`, on the streaming thread.

    `on_piece` must not block a live stream. Sound that is not raw, or has no time, is passed over.
    """

    def __init__(
        self,
        appsink: GstApp.AppSink,
        connections: Connections,
        on_piece: Callable[[SoundPiece], object],
        shared_ns: Callable[[int], int] = int,
    ) -> None:
        """`shared_ns`: the delay line's time of a running time of the source, see `BufferManager.shared_ns`."""
        self._on_piece, self._shared_ns = on_piece, shared_ns
        self._caps: Gst.Caps | None = None
        self._pcm: PcmFormat | None = None
        connections.probe(static_pad(appsink, "sink"), Gst.PadProbeType.BUFFER, self._on_buffer)

    def _on_buffer(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        with Contained():
            buffer, caps = info.get_buffer(), pad.get_current_caps()
            if caps is not None and (self._caps is None or not caps.is_equal(self._caps)):
                self._caps, self._pcm = caps, PcmFormat.of(caps)
            time_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
            if buffer is not None and self._pcm is not None and time_ns is not None:
                self._on_piece(SoundPiece(self._shared_ns(max(time_ns, 0)), buffer, self._pcm))
        return Gst.PadProbeReturn.OK
