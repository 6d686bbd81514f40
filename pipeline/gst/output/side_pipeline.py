"""SidePipeline: a small pipeline that sends encoded samples to a server or into a file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.gst.core.connections import take_apart
from pipeline.gst.core.elements import chain, make, make_appsrc, static_pad
from pipeline.gst.core.explain import explain
from pipeline.gst.encode.encoded_tap import KeyframeGate
from pipeline.gst.encode.muxers import Muxer
from pipeline.gst.output.uplink_gauge import Gauge
from pipeline.gst.runtime import Gst, GstApp
from pipeline.redaction import redact
from pipeline.timebase import NS_PER_MS, Nanoseconds, seconds_to_ns

POLL_NS = 50 * NS_PER_MS

SILENCE = "audio/x-raw,rate=48000,channels=2"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How samples are sent: the muxer, the function that makes the sink, and the codecs.

    `sent`: the sink's statistic that grows once the server accepts data. `linger_s`: how long the connection stays
    open after the end, for a receiver with latency. `make_silence_encoder`: makes the encoder for silence if there
    is no sound; None to send no sound. `patience_s`: when this much video waits, the connection is closed, with
    `advice` for the user; `draining_patience_s`: the same while a lower bit rate may yet send what waits.
    `make_gauge` makes what measures the sink.
    """

    muxer: Muxer
    make_sink: Callable[[], Gst.Element]
    sent: str
    linger_s: float
    video_codec: str
    audio_codec: str | None
    make_silence_encoder: Callable[[], Gst.Element] | None = None
    patience_s: float = 5.0
    draining_patience_s: float | None = None
    make_gauge: Callable[[Gst.Element], Gauge] | None = None
    advice: str = "cannot keep up; check the network, or lower the bit rate"


class SidePipeline:
    """Sends encoded samples, from a keyframe on. Used once.

    `take` and `end` are called by the streaming threads and never block; `run_until_closed` blocks a thread of the
    output. Lock: `_lock` keeps samples in order while the pipeline starts; pushing while holding it never blocks.
    """

    def __init__(self, name: str, delivery: Delivery) -> None:
        """`name`: the address or path, without secrets. Nothing is opened yet."""
        self.is_up = False
        self.was_too_slow = False
        """Whether the connection was closed because too much waited."""
        self._name = name
        self._sent = delivery.sent
        self._linger_s = delivery.linger_s
        self._patience_ns = seconds_to_ns(delivery.patience_s)
        self._draining_patience_ns = seconds_to_ns(delivery.draining_patience_s or delivery.patience_s)
        self._advice = delivery.advice
        self._lock = threading.Lock()
        self._gate = KeyframeGate()
        self._unsent_ns = 0
        self._waiting: list[tuple[str, Gst.Sample | None]] | None = []
        self._pipeline = Gst.Pipeline.new("push")
        self._sink = delivery.make_sink()
        self._appsrcs: dict[str, GstApp.AppSrc] = {}
        self._silence: Gst.Element | None = None
        self._build(delivery)

    @property
    def first_ns(self) -> Nanoseconds | None:
        """The running time of the first keyframe sent; None before it."""
        return self._gate.first_ns

    @property
    def last_ns(self) -> Nanoseconds | None:
        """The running time of the last frame accepted."""
        return self._gate.last_ns

    @property
    def sent_ns(self) -> Nanoseconds | None:
        """Up to which running time video had been sent when the connection was lost; None if there was none."""
        return None if self.last_ns is None else Nanoseconds(self.last_ns - self._unsent_ns)

    @property
    def sound_late_ns(self) -> Nanoseconds:
        """How much later than the first keyframe the first sound is; 0 before there is sound."""
        sound_ns = self._gate.first_sound_ns
        return Nanoseconds(0 if sound_ns is None else sound_ns - (self.first_ns or 0))

    def take(self, kind: str, sample: Gst.Sample) -> None:
        """Send one encoded sample of ``video`` or ``audio``; samples before the first keyframe are dropped."""
        with self._lock:
            had_begun = self.first_ns is not None
            admitted = self._gate.admit(kind, sample)
            if self.first_ns is not None and not had_begun:
                self._begin(self.first_ns)
            for kind_admitted, sample_admitted in admitted:
                self._pass_on(kind_admitted, sample_admitted)

    def end(self, kind: str) -> None:
        """Note that no more samples of `kind` follow."""
        with self._lock:
            self._pass_on(kind, None)

    @property
    def sink(self) -> Gst.Element:
        """The sink that sends."""
        return self._sink

    @property
    def waiting_ns(self) -> int:
        """How much video waits to be sent. Any thread."""
        return int(self._appsrcs["video"].get_property("current-level-time"))

    @property
    def waiting_bytes(self) -> int:
        """How much video and sound waits to be sent. Any thread."""
        return sum(int(appsrc.get_property("current-level-bytes")) for appsrc in self._appsrcs.values())

    def run_until_closed(
        self,
        closing: threading.Event,
        on_up: Callable[[], None],
        is_draining: Callable[[], bool] = lambda: False,
    ) -> str | None:
        """Connect and send until all is sent or `closing` is set (None), or the connection is lost (why).

        `on_up()` is called once the server accepts data; `is_draining()`, some times a second from then on, returns
        whether what waits may yet be sent. Blocks.
        """
        try:
            self._pipeline.set_state(Gst.State.PLAYING)
            with self._lock:
                waiting, self._waiting = self._waiting or [], None
                for kind, sample in waiting:
                    self._pass_on(kind, sample)
            return self._watch(closing, on_up, is_draining)
        finally:
            self._unsent_ns = self.waiting_ns
            self._pipeline.set_state(Gst.State.NULL)
            take_apart(self._pipeline)

    def _watch(
        self, closing: threading.Event, on_up: Callable[[], None], is_draining: Callable[[], bool]
    ) -> str | None:
        bus = self._pipeline.get_bus()
        while not closing.is_set():
            message = bus.timed_pop_filtered(POLL_NS, Gst.MessageType.ERROR | Gst.MessageType.EOS)
            if message is not None and message.type == Gst.MessageType.ERROR:
                return redact(str(explain(message, "output", self._name)))
            if message is not None:
                closing.wait(self._linger_s)
                return None
            if not self.is_up and self._sink.get_property("stats").get_value(self._sent):
                self.is_up = True
                on_up()
            is_slow = self.is_up and is_draining()
            if self.waiting_ns > (self._draining_patience_ns if is_slow else self._patience_ns):
                self.was_too_slow = True
                return f"{self._name}: {self._advice}"
        return None

    def _build(self, delivery: Delivery) -> None:
        muxer = delivery.muxer.make()
        chain(self._pipeline, muxer, *delivery.muxer.make_stream_filter(), self._sink)
        pads = {"video": delivery.muxer.video_pad, "audio": delivery.muxer.audio_pad}
        codecs = {"video": delivery.video_codec, "audio": delivery.audio_codec}
        for kind, codec in codecs.items():
            if codec is None:
                continue
            appsrc = make_appsrc(kind)
            appsrc.set_property("handle-segment-change", True)
            parser = delivery.muxer.make_parser(codec)
            chain(self._pipeline, appsrc, parser)
            parser.link_pads("src", muxer, pads[kind])
            self._appsrcs[kind] = appsrc
        if delivery.audio_codec is None and delivery.make_silence_encoder is not None:
            shape = make("capsfilter", None, caps=Gst.Caps.from_string(SILENCE))
            self._silence = make("audiotestsrc", None, wave="silence")
            parser = make("aacparse")
            encoder = delivery.make_silence_encoder()
            chain(self._pipeline, self._silence, make("audioconvert"), shape, encoder, parser)
            parser.link_pads("src", muxer, pads["audio"])

    def _begin(self, first_ns: Nanoseconds) -> None:
        """Shift the streams so that the running time `first_ns` becomes 0."""
        for appsrc in self._appsrcs.values():
            static_pad(appsrc, "src").set_offset(-first_ns)

    def _pass_on(self, kind: str, sample: Gst.Sample | None) -> None:
        if self._waiting is not None:
            self._waiting.append((kind, sample))
        elif sample is not None:
            self._appsrcs[kind].push_sample(sample)
        else:
            self._appsrcs[kind].end_of_stream()
            if kind == "video" and self._silence is not None:
                self._silence.send_event(Gst.Event.new_eos())
