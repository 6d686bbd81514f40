"""MuteElement: silences the sound that must not be heard, to the sample, before any output has it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.foreign_code import Contained, describe
from pipeline.gst.core.pcm import PcmFormat
from pipeline.gst.runtime import Gst, GstBase
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

logger = logging.getLogger("foresight")

RAMP_NS = 5 * NS_PER_MS
"""How long the sound takes to fade out at a span's begin, and in at its end, inside the span."""

MutedAt = Callable[[Nanoseconds, Nanoseconds], Sequence[tuple[int, int | None]]]
"""Returns the stretches of silence that overlap sound which lasts from one running time of playback to another, as
pairs of running times of that sound, None for no end; called on the streaming thread, in order of time."""

_WHOLE = "S8,U8,S16LE,S16BE,U16LE,U16BE,S24LE,S24BE,S24_32LE,S24_32BE,S32LE,S32BE,U32LE,U32BE"
_RAW: Any = Gst.Caps.from_string(
    f"audio/x-raw,format={{{_WHOLE},F32LE,F32BE,F64LE,F64BE}},layout=interleaved"
)
_WRITE = Gst.MapFlags.READ | Gst.MapFlags.WRITE


class MuteElement(GstBase.BaseTransform):
    """Silences raw sound where ``muted_at(begin, end)`` says. Construct it, then add it to a bin.

    Timestamps and caps do not change; sound outside the stretches keeps every bit. Sound of which it cannot be
    known is silent.
    """

    __gstmetadata__ = ("Foresight mute", "Filter/Effect/Audio", "Silences sound", "Foresight")
    __gsttemplates__: ClassVar[tuple[Any, ...]] = (
        Gst.PadTemplate.new("sink", Gst.PadDirection.SINK, Gst.PadPresence.ALWAYS, _RAW),
        Gst.PadTemplate.new("src", Gst.PadDirection.SRC, Gst.PadPresence.ALWAYS, _RAW),
    )

    def __init__(self, muted_at: MutedAt) -> None:
        super().__init__()
        self._muted_at = muted_at
        self._pcm: PcmFormat | None = None
        self._gains: NDArray[np.float64] | None = None
        self._has_told = False
        self.set_in_place(True)

    def do_set_caps(self, incaps: Gst.Caps, _outcaps: Gst.Caps) -> bool:
        """Prepare for sound of this format."""
        self._pcm = PcmFormat.of(incaps)
        return self._pcm is not None

    def do_before_transform(self, buffer: Gst.Buffer) -> None:
        """Find out what of the next sound is silent; if nothing, it is passed on as it is."""
        pcm, self._gains = self._pcm, None
        if pcm is None:
            return
        count = buffer.get_size() // pcm.frame_bytes
        with Contained() as call:
            begin_ns = self.segment.to_running_time(Gst.Format.TIME, buffer.pts)
            if begin_ns == Gst.CLOCK_TIME_NONE:
                raise PipelineError("it has no time")
            end_ns = begin_ns + count * NS_PER_S // pcm.rate_hz
            stretches = self._muted_at(Nanoseconds(begin_ns), Nanoseconds(end_ns))
            if stretches:
                self._gains = gains(stretches, begin_ns, count, pcm.rate_hz)
        if call.error is not None:
            self._gains = np.zeros(count)
            self._tell(call.error)
        self.set_passthrough(self._gains is None)

    def do_transform_ip(self, buffer: Gst.Buffer) -> Gst.FlowReturn:
        """Silence what is to be silent of one buffer."""
        if self._pcm is None:
            return Gst.FlowReturn.NOT_NEGOTIATED
        if self._gains is not None and len(self._gains):
            with buffer.map(_WRITE) as info:
                length = len(self._gains) * self._pcm.frame_bytes
                data = np.frombuffer(info.data or b"", np.uint8)[:length]
                sound = self._pcm.decode(data.tobytes()) * self._gains[:, None]
                data[:] = np.frombuffer(self._pcm.encode(sound), np.uint8)
        return Gst.FlowReturn.OK

    def _tell(self, error: BaseException) -> None:
        if not self._has_told:
            self._has_told = True
            logger.warning("sound is muted: %s", describe(error))


def gains(
    stretches: Sequence[tuple[int, int | None]], begin_ns: int, count: int, rate_hz: int
) -> NDArray[np.float64]:
    """The factor of each of `count` samples from `begin_ns` on: 0 in the stretches, but for a ramp at either end.

    A stretch that is shorter than four ramps has shorter ones.
    """
    times_ns = begin_ns + np.arange(count) * (NS_PER_S / rate_hz)
    found = np.ones(count)
    for from_ns, to_ns in stretches:
        ramp_ns = RAMP_NS if to_ns is None else min(RAMP_NS, (to_ns - from_ns) / 4)
        factor = np.clip(1 - (times_ns - from_ns) / ramp_ns, 0, 1)
        if to_ns is not None:
            factor = np.maximum(factor, np.clip(1 - (to_ns - times_ns) / ramp_ns, 0, 1))
        found = np.minimum(found, factor)
    return found
