"""SoundEnd: pads sound that ends before the video with silence, so that both end together."""

from __future__ import annotations

import threading

from pipeline.gst.core.elements import add, chain, make, make_appsrc, static_pad
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.core.silence import silence
from pipeline.gst.runtime import Gst, GstApp
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds

SPARE_NS = NS_PER_S // 2
"""Sound that ends within this time before the video is not padded."""


class SoundEnd:
    """Follows the appsrc `sound`, and pads it up to the video that passes the pad `video`; its output is `element`.

    The padding is needed because a muxer, a player or a server waits for every stream it knows of: one that has
    ended before they start would block them for ever. Lock: `_lock` separates the two streaming threads; the appsrc
    never blocks.
    """

    def __init__(self, pipeline: Gst.Pipeline, sound: GstApp.AppSrc, video: Gst.Pad) -> None:
        self.element = make("concat", None, adjust_base=False)
        self._silence = make_appsrc("silence")
        self._lock = threading.Lock()
        self._source = sound
        self._begin_ns: Nanoseconds | None = None
        """Begin of the video."""
        self._sound_ns: Nanoseconds | None = None
        """End of the sound so far."""
        self._video_ns: Nanoseconds | None = None
        self._is_sound_over = self._is_video_over = self._is_silent = False
        self._sent = 0
        self._padded_s = 0.0
        add(pipeline, self.element)
        for source in (sound, self._silence):  # in the order of playback
            chain(pipeline, source)
            source.link(self.element)
        self._sound_pad = static_pad(sound, "src").get_peer()
        kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
        for pad in (self._sound_pad, video):
            if pad is not None:
                pad.add_probe(kinds, self._on_item)

    @property
    def padded_s(self) -> float:
        """How much silence it has sent, in seconds. Any thread."""
        with self._lock:
            return self._padded_s

    @property
    def end_s(self) -> float:
        """End of the sound that came, in seconds of running time; 0 if none came. Any thread."""
        with self._lock:
            return 0.0 if self._sound_ns is None else ns_to_seconds(self._sound_ns)

    def _on_item(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        is_sound = pad is self._sound_pad
        event = info.get_event() if info.type & Gst.PadProbeType.EVENT_DOWNSTREAM else None
        if event is None:
            self._note(pad, info.get_buffer(), is_sound=is_sound)
        elif event.type == Gst.EventType.EOS:
            with self._lock:
                if is_sound:
                    self._is_sound_over = True
                else:
                    self._is_video_over = True
                self._send_silence()
        return Gst.PadProbeReturn.OK

    def _note(self, pad: Gst.Pad, buffer: Gst.Buffer | None, *, is_sound: bool) -> None:
        begin_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
        if buffer is None or begin_ns is None:
            return
        lasts_ns = 0 if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration
        with self._lock:
            if is_sound:
                self._sound_ns = Nanoseconds(begin_ns + lasts_ns)
                return
            if self._begin_ns is None:
                self._begin_ns = Nanoseconds(begin_ns)
            self._video_ns = Nanoseconds(begin_ns + lasts_ns)
            self._send_silence()

    def _send_silence(self) -> None:
        """Send the silence that is due. Called while holding the lock."""
        if not self._is_sound_over:
            return
        if self._sound_ns is None:
            self._sound_ns = self._begin_ns  # none came
        if self._sound_ns is not None and self._video_ns is not None:
            self._is_silent = self._is_silent or self._video_ns - self._sound_ns > SPARE_NS
            if self._is_silent and not self._fill(self._sound_ns, self._video_ns):
                self._silence.end_of_stream()
        if self._is_video_over:
            self._silence.end_of_stream()

    def _fill(self, begin_ns: Nanoseconds, end_ns: Nanoseconds) -> bool:
        """Push silence up to `end_ns`; False if there is none for this audio format."""
        caps = (
            None if self._sound_pad is None else self._sound_pad.get_current_caps() or self._source.get_caps()
        )
        known, rate = (False, 0) if not caps else caps.get_structure(0).get_int("rate")
        due = (end_ns - begin_ns) * rate // NS_PER_S
        if not known or due <= self._sent:
            return known
        span_ns = [begin_ns + count * NS_PER_S // rate for count in (self._sent, due)]
        sample = silence(caps, *span_ns)
        if sample is None:
            return False
        self._sent = due
        self._padded_s = due / rate
        self._silence.push_sample(sample)
        return True
