"""CameraConnection: one connection to a live camera, a small pipeline from the network to the camera's feeds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from pipeline.buffering.drift import DriftTracker
from pipeline.errors import SourceError
from pipeline.gst.capture.announced import announces_sound
from pipeline.gst.capture.camera_feed import Feed, SoundFeed
from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.capture.source import Source
from pipeline.gst.capture.stream_joiner import USUAL_SOUND
from pipeline.gst.capture.track_choice import TrackChoice
from pipeline.gst.core.connections import Connections, take_apart
from pipeline.gst.core.elements import chain, drain, make, make_appsink, media_type, pad_caps, static_pad
from pipeline.gst.core.explain import explain
from pipeline.gst.core.frame_corrector import orientation_of
from pipeline.gst.core.pcm import PcmFormat
from pipeline.gst.core.samples import moved, running_time_ns
from pipeline.gst.core.sound_retimer import SoundRetimer
from pipeline.gst.core.stream_colour import trust_streams
from pipeline.gst.runtime import Gst, GstApp
from pipeline.media.frame_correction import UPRIGHT
from pipeline.redaction import redact
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

POLL_NS = 50 * NS_PER_MS
LIVE_LAG_NS = 3 * NS_PER_S
"""Timestamps that are at most this old, and not in the future, are capture times by the system clock."""


class CameraConnection:
    """Receives a camera's samples and passes them to its feeds. Used once.

    The pipeline has the analysis pipeline's clock and base time, so a sample has the same running time in both.
    If a camera's timestamps are unrelated to the clock, video and sound are shifted by the same amount, so that
    their first sample gets the present time. If its clock then runs faster or slower than ours, they are corrected
    by as much, the same for video and sound. `run_until_closed` blocks a thread of the camera. Lock: `_lock` guards
    what is known about the streams and their clock; nothing outside is called while holding it.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        base_ns: int,
        *,
        paced: bool,
        sound_form: Gst.Caps | None,
        feed_for: Callable[[str, Gst.Caps, Nanoseconds], Feed | None],
        on_known: Callable[[], None],
        on_video: Callable[[], None],
        limits: CameraLimits,
    ) -> None:
        """`base_ns`: the system clock at running time 0. `paced`: samples arrive in bursts and are played by their
        timestamps. `sound_form`: the caps to which sound is converted. `feed_for(kind, caps, latency)` returns the
        feed of the first ``video`` or ``audio`` stream, None to discard it. `on_known()` is called once all streams
        are known and have started, `on_video()` with the first frame. Raises SourceError when the source cannot be
        opened.
        """
        self.has_video = False
        self.has_end = False
        self._began_ns = Nanoseconds(0)
        self._base_ns = base_ns
        self._paced = paced
        self._feed_for = feed_for
        self._on_known = on_known
        self._on_video = on_video
        self._sound_form = sound_form
        self._limits = limits
        self._lock = threading.Lock()
        self._beginning = threading.Lock()
        self._feeds: dict[str, Feed | None] = {}
        self._choices = {
            kind: TrackChoice(partial(self._link, kind), self._discard) for kind in ("video", "audio")
        }
        self._sound_shape: Gst.Element | None = None
        self._complete = self._is_reported = False
        self._orientation = UPRIGHT
        self._shift_ns: Nanoseconds | None = None
        self._seen_ns: Nanoseconds | None = None
        self._misfit: str | None = None
        self.drift = DriftTracker()
        """How fast the camera's clock is against ours. Any thread may read its `rate` and `total_ns`."""
        self._retimer: SoundRetimer | None = None
        self._clock = Gst.SystemClock.obtain()
        self._pipeline = Gst.Pipeline.new("camera")
        self._pipeline.use_clock(self._clock)
        self._pipeline.set_start_time(Gst.CLOCK_TIME_NONE)
        self._pipeline.set_base_time(base_ns)
        trust_streams(self._pipeline)
        self._connections = Connections()
        self._source = open_source()
        self._pipeline.add(self._source.element)
        self._source.watch(self._on_stream, self._on_complete)

    def run_until_closed(self, closing: threading.Event, *, patient: bool) -> SourceError | None:
        """Connect, and receive until `closing` is set or a recording ends (None), or the connection is lost (why).

        `patient`: wait for the first frame without a time limit. Blocks.
        """
        try:
            self._pipeline.set_state(Gst.State.PLAYING)
            return self._watch(closing, patient)
        finally:
            self._pipeline.set_state(Gst.State.NULL)
            self._source.close()
            self._connections.release()
            take_apart(self._pipeline)

    @property
    def _now_ns(self) -> Nanoseconds:
        return Nanoseconds(self._clock.get_time() - self._base_ns)

    def _watch(self, closing: threading.Event, patient: bool) -> SourceError | None:
        name, bus, begun_ns = self._source.name, self._pipeline.get_bus(), self._now_ns
        while not closing.is_set():
            message = bus.timed_pop_filtered(POLL_NS, Gst.MessageType.ERROR | Gst.MessageType.EOS)
            if message is not None and message.type == Gst.MessageType.ERROR:
                return SourceError(redact(str(explain(message, "source", name))))
            if message is not None and self.has_end:
                return None
            if message is not None:
                return SourceError(f"{name}: has stopped sending")
            if self._misfit is not None:
                return SourceError(f"{name}: {self._misfit}")
            silent_s = (self._now_ns - (self._seen_ns or begun_ns)) / NS_PER_S
            if silent_s > self._limits.silent_s and self._seen_ns is not None:
                return SourceError(f"{name}: no video for {self._limits.silent_s:g} s")
            if (
                patient
                and self.has_video
                and self._now_ns - self._began_ns > self._limits.stream_s * NS_PER_S
            ):
                patient = False  # from here on it has answered
                self._settle()
            if silent_s > self._limits.answer_s and not patient:
                return SourceError(f"{name}: does not answer")
        return None

    def _on_stream(self, pad: Gst.Pad) -> None:
        """Link a new stream (streaming thread): of each kind, the first that delivers is used."""
        kind = media_type(pad_caps(pad)).replace("image", "video")
        choice = self._choices.get(kind)
        if choice is None:
            self._discard(pad)
            return
        with self._lock:
            self._feeds.setdefault(kind, None)
        choice.offer(pad)

    def _discard(self, pad: Gst.Pad) -> None:
        drain(self._pipeline, pad)

    def _link(self, kind: str, pad: Gst.Pad) -> None:
        appsink = make_appsink(kind, sync=self._paced)
        self._connections.connect(appsink, "new-sample", self._on_sample, kind)
        convert: list[Gst.Element] = []
        if kind == "audio":
            self._sound_shape = make("capsfilter", caps=self._sound_form)
            convert = [make("audioconvert"), make("audioresample"), self._sound_shape]
        elements = [*convert, appsink]
        chain(self._pipeline, *elements)
        for element in reversed(elements):
            element.sync_state_with_parent()
        self._connections.probe(pad, Gst.PadProbeType.BUFFER, self._anchor)
        if kind == "video":
            self._connections.probe(
                static_pad(appsink, "sink"), Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event
            )
        pad.link(static_pad(elements[0], "sink"))

    def _has_waited(self) -> bool:
        """Whether video came long enough ago; less is enough for sound that is known to be announced."""
        limits, began_s = self._limits, (self._now_ns - self._began_ns) / NS_PER_S
        if began_s > limits.stream_s:
            return True
        return began_s > limits.sound_s and announces_sound(self._source.element)

    def _settle(self) -> None:
        """There is video: go on without the streams that are announced and do not come, with silence for sound."""
        for choice in self._choices.values():
            choice.settle()
        if self._choices["audio"].count or announces_sound(self._source.element):
            form = Gst.Caps.from_string(USUAL_SOUND)
            with self._beginning:
                is_missing = self._feeds.get("audio") is None
                feed = self._feed_for("audio", form, Nanoseconds(0)) if is_missing and form else None
                if isinstance(feed, SoundFeed):
                    feed.begin_silent(self._now_ns)
                    self._sound_form = feed.caps
                    if self._sound_shape is not None:
                        self._sound_shape.set_property("caps", feed.caps)
                    with self._lock:
                        self._feeds["audio"] = feed
        self._on_complete()

    def _on_complete(self) -> None:
        """Note that there are no more streams (streaming thread)."""
        with self._lock:
            self._complete = True
        self._report_known()

    def _report_known(self) -> None:
        with self._lock:
            is_known = (self._complete and not self._is_reported) and all(
                self._feeds[kind] is not None for kind in ("video", "audio") if kind in self._feeds
            )
            self._is_reported = self._is_reported or is_known
        if is_known:
            self._on_known()

    def _anchor(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Shift a stream at its first buffer; the first stream of the connection decides by how much."""
        buffer, event = info.get_buffer(), pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
        if buffer is None or event is None:
            return Gst.PadProbeReturn.OK
        running_ns = event.parse_segment().to_running_time(Gst.Format.TIME, buffer.pts)
        if running_ns == Gst.CLOCK_TIME_NONE:
            return Gst.PadProbeReturn.OK
        lag_ns = Nanoseconds(self._now_ns - running_ns)
        by_clock = not self._paced and 0 <= lag_ns <= LIVE_LAG_NS
        has_duration, duration_ns = pad.query_duration(Gst.Format.TIME)
        with self._lock:
            self.has_end = self.has_end or (self._paced and has_duration and duration_ns > 0)
            if self._shift_ns is None:
                self._shift_ns = Nanoseconds(0) if by_clock else lag_ns
        pad.set_offset(self._shift_ns)
        return Gst.PadProbeReturn.REMOVE

    def _on_event(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        event = info.get_event()
        if event is not None and event.type == Gst.EventType.TAG:
            self._orientation = orientation_of(event) or self._orientation
        return Gst.PadProbeReturn.OK

    def _on_sample(self, appsink: GstApp.AppSink, kind: str) -> Gst.FlowReturn:
        sample = appsink.emit("pull-sample")
        if sample is None:
            return Gst.FlowReturn.OK
        now_ns = self._now_ns
        if kind == "video":
            self._seen_ns = now_ns
        feed = self._feeds[kind]
        if feed is None:
            feed = self._begin(appsink, kind, sample.get_caps())
        if feed is None or self._misfit is not None or not (kind == "video" or self.has_video):
            return Gst.FlowReturn.OK  # no sound before the first frame
        if kind == "video":
            feed.turn(self._orientation)
        corrected = self._corrected(sample, kind, now_ns)
        if corrected is not None and feed.take(corrected, now_ns) and not self.has_video:
            self.has_video, self._began_ns = True, now_ns
            self._on_video()
        return Gst.FlowReturn.OK

    def _corrected(self, sample: Gst.Sample, kind: str, now_ns: Nanoseconds) -> Gst.Sample | None:
        """The sample with its times by our clock; None if nothing of it is left. Each kind has its own thread."""
        buffer, segment = sample.get_buffer(), sample.get_segment()
        if self._paced or buffer is None:
            return sample
        time_ns = running_time_ns(segment, buffer.pts if buffer.dts == Gst.CLOCK_TIME_NONE else buffer.dts)
        if time_ns is None:
            return sample
        with self._lock:
            correction_ns = self.drift.correction_ns(time_ns)
            if kind == "video":
                self.drift.note(time_ns, now_ns)
        if kind == "video":
            return moved(sample, correction_ns) if correction_ns else sample
        if correction_ns and self._retimer is None and (pcm := PcmFormat.of(sample.get_caps())) is not None:
            self._retimer = SoundRetimer(pcm)
        if self._retimer is None:
            return sample
        retimed = self._retimer.retime(sample, time_ns, correction_ns)
        return None if retimed is None else retimed[0]

    def _begin(self, appsink: GstApp.AppSink, kind: str, caps: Gst.Caps) -> Feed | None:
        """Find the feed of a stream when its first sample arrives."""
        with self._beginning:
            return self._feeds[kind] or self._begin_feed(appsink, kind, caps)

    def _begin_feed(self, appsink: GstApp.AppSink, kind: str, caps: Gst.Caps) -> Feed | None:
        latency = Gst.Query.new_latency()
        latency_ns = latency.parse_latency()[1] if appsink.query(latency) else 0
        feed = self._feed_for(kind, caps, Nanoseconds(latency_ns))
        if feed is None:
            return None
        self._misfit = self._misfit or feed.misfit(caps)
        feed.rejoin()
        with self._lock:
            self._feeds[kind] = feed
        self._report_known()
        return feed
