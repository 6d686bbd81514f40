"""CameraConnection: one connection to a live camera, a small pipeline from the network to the camera's feeds."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipeline.errors import SourceError
from pipeline.gst.capture.camera_feed import Feed
from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.capture.source import Source
from pipeline.gst.core.connections import Connections, take_apart
from pipeline.gst.core.elements import chain, drain, make, make_appsink, media_type, pad_caps, static_pad
from pipeline.gst.core.explain import explain
from pipeline.gst.runtime import Gst, GstApp
from pipeline.redaction import redact
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

POLL_NS = 50 * NS_PER_MS
LIVE_LAG_NS = 3 * NS_PER_S
"""Timestamps that are at most this old, and not in the future, are capture times by the system clock."""


class CameraConnection:
    """Receives a camera's samples and passes them to its feeds. Used once.

    The pipeline has the analysis pipeline's clock and base time, so a sample has the same running time in both.
    If a camera's timestamps are unrelated to the clock, video and sound are shifted by the same amount, so that
    their first sample gets the present time. `run_until_closed` blocks a thread of the camera. Lock: `_lock` guards
    what is known about the streams; nothing is called while holding it.
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
        self._base_ns = base_ns
        self._paced = paced
        self._feed_for = feed_for
        self._on_known = on_known
        self._on_video = on_video
        self._sound_form = sound_form
        self._limits = limits
        self._lock = threading.Lock()
        self._feeds: dict[str, Feed | None] = {}
        self._complete = self._is_reported = False
        self._shift_ns: Nanoseconds | None = None
        self._seen_ns: Nanoseconds | None = None
        self._misfit: str | None = None
        self._clock = Gst.SystemClock.obtain()
        self._pipeline = Gst.Pipeline.new("camera")
        self._pipeline.use_clock(self._clock)
        self._pipeline.set_start_time(Gst.CLOCK_TIME_NONE)
        self._pipeline.set_base_time(base_ns)
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
            if silent_s > self._limits.answer_s and not patient:
                return SourceError(f"{name}: does not answer")
        return None

    def _on_stream(self, pad: Gst.Pad) -> None:
        """Link a new stream (streaming thread): the first video and the first audio stream are used."""
        kind = media_type(pad_caps(pad)).replace("image", "video")
        with self._lock:
            is_wanted = kind in ("video", "audio") and kind not in self._feeds
            self._feeds.setdefault(kind, None)
        if not is_wanted:
            drain(self._pipeline, pad)
            return
        appsink = make_appsink(kind, sync=self._paced)
        self._connections.connect(appsink, "new-sample", self._on_sample, kind)
        shape = make("capsfilter", caps=self._sound_form)
        convert = [make("audioconvert"), make("audioresample"), shape] if kind == "audio" else []
        elements = [*convert, appsink]
        chain(self._pipeline, *elements)
        for element in reversed(elements):
            element.sync_state_with_parent()
        self._connections.probe(pad, Gst.PadProbeType.BUFFER, self._anchor)
        pad.link(static_pad(elements[0], "sink"))

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
        if feed.take(sample, now_ns) and not self.has_video:
            self.has_video = True
            self._on_video()
        return Gst.FlowReturn.OK

    def _begin(self, appsink: GstApp.AppSink, kind: str, caps: Gst.Caps) -> Feed | None:
        """Find the feed of a stream when its first sample arrives."""
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
