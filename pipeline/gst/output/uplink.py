"""Uplink: what one push knows of the way to its server, and the video bit rate that it asks for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.gst.output.splice import Source, Splice
from pipeline.gst.output.uplink_gauge import Gauge
from pipeline.gst.runtime import Gst
from pipeline.media.bitrate_law import BitrateBounds, BitrateLaw
from pipeline.media.uplink_meter import UplinkMeter, UplinkSample
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds

logger = logging.getLogger("foresight")

MEASURE_EVERY_NS = NS_PER_S // 4


@dataclass(frozen=True, slots=True)
class UplinkStatus:
    """How a push's server takes the stream, at one moment."""

    bitrate_kbps: int | None
    """The video bit rate that is sent now; None if it does not follow the uplink."""
    most_kbps: int | None
    """The most that may be sent; None likewise."""
    arrives_kbps: float
    """The video bit rate that has arrived in the last seconds."""
    backlog_s: float
    """How much video waits for the server, in seconds."""


class Uplink:
    """Measures one push, follows its server with the bit rate, and joins the video of the two encoders.

    The push's thread calls `begin`, `measure` and `lost`; the streaming threads `take` and `end`; the board the
    rest. Nothing blocks. Lock: `_lock`, also held while samples are passed on, so that they stay in order.
    """

    def __init__(
        self,
        name: str,
        bounds: BitrateBounds | None,
        send: Callable[[Gst.Sample], None],
        end: Callable[[], None],
        ask_for_keyframe: Callable[[], None],
    ) -> None:
        """`bounds`: None if the bit rate stays as it is. `send(sample)` sends video, `end()` notes its end; neither
        blocks. `ask_for_keyframe()` asks the encoder that all outputs share.
        """
        self._name = name
        self._law = None if bounds is None else BitrateLaw(bounds)
        self._send, self._end = send, end
        self._ask: dict[Source, Callable[[], None]] = {"shared": ask_for_keyframe}
        self._lock = threading.Lock()
        self._splice = Splice()
        self._meter = UplinkMeter()
        self._gauge: Gauge | None = None
        self._bytes = {"video": 0, "audio": 0}
        self._measured_ns = 0
        self._backlog_s = 0.0
        self._arrives_kbps = 0.0
        self._lowered_ns: int | None = None
        self._lowered_for_ns = 0
        self._falls = 0
        self._least_kbps = 0
        self._refusal: str | None = None

    # On the push's thread

    def begin(self, gauge: Gauge) -> None:
        """Measure a new connection."""
        self._gauge, self._meter = gauge, UplinkMeter()

    def measure(self, now_ns: Nanoseconds, waiting_ns: int, waiting_bytes: int) -> None:
        """Measure, some times a second, and decide. `waiting_ns`, `waiting_bytes`: what waits to be sent."""
        gauge = self._gauge
        if gauge is None or now_ns - self._measured_ns < MEASURE_EVERY_NS:
            return
        self._measured_ns = now_ns
        taken = gauge.read()
        reading = self._meter.add(
            UplinkSample(
                now_ns,
                self._bytes["video"],
                self._bytes["audio"],
                taken.arrived_bytes,
                waiting_ns,
                waiting_bytes,
                taken.unacknowledged_bytes,
                taken.round_trip_s,
                taken.packets,
                taken.lost_packets,
            )
        )
        self._backlog_s = self._meter.waiting_s
        self._arrives_kbps = self._meter.arrives_kbps
        if self._law is not None and self._refusal is None:
            before_kbps = self._law.kbps
            self._tell(now_ns, before_kbps, self._law.step(now_ns, reading))

    def lost(self, now_ns: Nanoseconds, *, was_too_slow: bool) -> None:
        """Note that the connection is lost; if the server `was_too_slow`, the next one begins with less."""
        self._gauge = None
        self._backlog_s = self._arrives_kbps = 0.0
        if was_too_slow and self._law is not None and self._refusal is None:
            before_kbps = self._law.kbps
            self._tell(now_ns, before_kbps, self._law.fall(now_ns))

    @property
    def is_draining(self) -> bool:
        """Whether what waits may yet be sent, because the bit rate follows and something arrives. Any thread."""
        return self._law is not None and self._refusal is None and self._arrives_kbps > 0

    def _tell(self, now_ns: int, before_kbps: int, kbps: int) -> None:
        """Log the first fall, and the return."""
        if self._law is None:
            return
        ceiling_kbps = self._law.bounds.ceiling_kbps
        if kbps < before_kbps:
            self._falls += 1
            self._least_kbps = kbps if self._falls == 1 else min(self._least_kbps, kbps)
        if kbps < ceiling_kbps and self._lowered_ns is None:
            self._lowered_ns = now_ns
            logger.warning(
                "%s: the server takes less than it is sent (%.1f Mbit/s of video arrive); the bit rate is lowered "
                "from %d to %d kbit/s, recordings keep theirs",
                self._name, self._arrives_kbps / 1000, before_kbps, kbps,
            )  # fmt: skip
        elif kbps >= ceiling_kbps and self._lowered_ns is not None:
            self._lowered_for_ns += now_ns - self._lowered_ns
            self._lowered_ns = None
            logger.warning("%s: the bit rate is back at %d kbit/s", self._name, kbps)

    # Read by anybody. Any thread.

    def status(self) -> UplinkStatus:
        """The figures of the last measurement."""
        most_kbps = None if self._law is None or self._refusal is not None else self._law.bounds.ceiling_kbps
        return UplinkStatus(
            self.wanted_kbps, most_kbps, round(self._arrives_kbps, 1), round(self._backlog_s, 3)
        )

    @property
    def wanted_kbps(self) -> int | None:
        """The video bit rate that it asks for, in kbit/s; None if it does not follow."""
        return None if self._law is None or self._refusal is not None else self._law.kbps

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: how often and how far the bit rate was lowered, or why it cannot be."""
        notes = []
        if self._refusal is not None:
            notes.append(f"{self._name}: the bit rate cannot follow the uplink: {self._refusal}")
        if self._falls:
            for_ns = self._lowered_for_ns
            if self._lowered_ns is not None:
                for_ns += self._measured_ns - self._lowered_ns
            notes.append(
                f"{self._name}: the server took less than was sent; bit rate lowered to {self._least_kbps} kbit/s "
                f"at least, for {ns_to_seconds(for_ns):.0f} s in all"
            )
        return tuple(notes)

    # On the streaming threads

    def take(self, source: Source, sample: Gst.Sample) -> None:
        """Video of one of the two encoders; it is sent if it is the turn of that one."""
        with self._lock:
            for each in self._splice.take(source, sample):
                self._pass_on(each)

    def note_sound(self, sample: Gst.Sample) -> None:
        """Count sound that is sent."""
        self._count("audio", sample)

    def end(self, source: Source) -> None:
        """The end of an encoder's video; it is the end of what is sent, if it is the turn of that one."""
        with self._lock:
            samples, is_over = self._splice.end(source)
            for each in samples:
                self._pass_on(each)
        if is_over:
            self._end()

    def ask_for_keyframe(self) -> None:
        """Ask the encoder whose turn it is. Any thread."""
        self._ask[self._splice.source]()

    def _pass_on(self, sample: Gst.Sample) -> None:
        self._count("video", sample)
        self._send(sample)

    def _count(self, kind: str, sample: Gst.Sample) -> None:
        buffer = sample.get_buffer()
        if buffer is not None:
            self._bytes[kind] += buffer.get_size()

    # Called by the board

    @property
    def is_own(self) -> bool:
        """Whether the video comes from its own encoder."""
        return self._splice.source == "own"

    @property
    def is_switching(self) -> bool:
        """Whether it waits for the other encoder's keyframe."""
        return self._splice.is_switching

    def go_to_own(self) -> None:
        """Go on with the video of its own encoder; call it before that one gets its first frame."""
        with self._lock:
            self._splice.go_to("own")

    def has_own(self, ask_for_keyframe: Callable[[], None]) -> None:
        """Its own encoder runs; `ask_for_keyframe()` asks it."""
        self._ask["own"] = ask_for_keyframe
        ask_for_keyframe()

    def go_to_shared(self) -> None:
        """Go on with the video that all outputs share, from its next keyframe, which is asked for."""
        with self._lock:
            self._splice.go_to("shared")
        self._ask["shared"]()

    def leave_own(self) -> None:
        """Its own encoder is to go at once, because the output ends."""
        with self._lock:
            for each in self._splice.release():
                self._pass_on(each)
            self._splice = Splice()

    def refuse(self, why: str) -> None:
        """The bit rate cannot be changed, for this reason; it stays at the one that all outputs share."""
        if self._refusal is None:
            self._refusal = why
            logger.warning("%s: the bit rate cannot follow the uplink: %s", self._name, why)
