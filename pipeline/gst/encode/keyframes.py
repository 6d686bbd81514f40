"""Keyframes by time, because an encoder counts frames, and their rate may be unknown or vary."""

from __future__ import annotations

from pipeline.gst.core.elements import static_pad
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst, GstVideo
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

SLACK_NS = NS_PER_MS
"""A frame this much before its time is a keyframe already, because timestamps are rounded."""

EARLY_NS = 1000 * 3600 * NS_PER_S
"""What an encoder that may reorder frames adds to their times until its first output (see its `set_min_pts`)."""


def force_keyframes(encoder: Gst.Element, interval_ns: Nanoseconds, interval_frames: int) -> None:
    """Make the first frame that comes `interval_ns` of running time after a keyframe a keyframe, at the latest.

    Keyframes that the encoder makes by itself, as every `interval_frames`, or is asked for, count. Call once per
    encoder, before it starts.
    """
    keyframes = _Keyframes(interval_ns, interval_frames)
    static_pad(encoder, "sink").add_probe(Gst.PadProbeType.BUFFER, keyframes.on_frame)
    static_pad(encoder, "src").add_probe(Gst.PadProbeType.BUFFER, keyframes.on_encoded)


class _Keyframes:
    """Where the last keyframe is, in running time.

    Frames enter and leave the encoder on threads that may differ: a keyframe that is noted late makes one more.
    """

    def __init__(self, interval_ns: Nanoseconds, interval_frames: int) -> None:
        self._interval_ns = interval_ns
        self._interval_frames = interval_frames
        self._last_ns: int | None = None
        self._frames = 0
        """Frames since then."""
        self._has_output = False

    def on_frame(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Ask for a keyframe if this frame is due to be one, and is not by the encoder's own count."""
        buffer, encoder = info.get_buffer(), pad.get_parent_element()
        time_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
        if time_ns is None or encoder is None:
            return Gst.PadProbeReturn.OK
        last_ns = self._last_ns
        self._frames += 1
        if last_ns is not None and last_ns <= time_ns < last_ns + self._interval_ns - SLACK_NS:
            return Gst.PadProbeReturn.OK
        if last_ns is not None and self._frames != self._interval_frames:
            self._ask(static_pad(encoder, "src"), max(time_ns, 0))
        self._last_ns, self._frames = time_ns, 0
        return Gst.PadProbeReturn.OK

    def _ask(self, pad: Gst.Pad, time_ns: int) -> None:
        """Ask the encoder twice for one keyframe, because GstVideoEncoder (1.22) ignores either way at times.

        It ignores a request without a time while the frame of another one is being encoded. It ignores a time that
        is not after the last request, whose own time counts EARLY_NS more if nothing had been output yet.
        """
        second_ns = Gst.CLOCK_TIME_NONE if self._has_output else time_ns + EARLY_NS
        for asked_ns in (time_ns, second_ns):
            pad.send_event(GstVideo.video_event_new_upstream_force_key_unit(asked_ns, False, 0))

    def on_encoded(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Note a keyframe that was not asked for here."""
        self._has_output = True
        buffer = info.get_buffer()
        if buffer is not None and not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT):
            time_ns = pad_running_time_ns(pad, buffer.pts)
            if time_ns is not None and time_ns > (self._last_ns or 0):
                self._last_ns, self._frames = time_ns, 0
        return Gst.PadProbeReturn.OK
