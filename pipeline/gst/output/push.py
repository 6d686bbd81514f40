"""Push: sends the encoded streams to one server, reconnects at a keyframe, and counts the gaps."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from pathlib import Path

from pipeline.gst.core.reconnector import Disconnected, Reconnector
from pipeline.gst.encode.encoded_tap import EncodedTap, begin_ns
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.output import OutputKind
from pipeline.gst.output.side_pipeline import Delivery, SidePipeline
from pipeline.gst.output.uplink import Uplink
from pipeline.gst.runtime import Gst
from pipeline.media.bitrate_law import BitrateBounds
from pipeline.media.film_file import FilmFile
from pipeline.timebase import Nanoseconds, ns_to_seconds

logger = logging.getLogger("foresight")


class Push:
    """Sends encoded video and sound to one server until the video ends, and reconnects when needed. An Output.

    `element` goes into the encoding pipeline; its sink pads are ``video`` and, with sound, ``audio``, and never
    block. A thread of the push connects, watches and reconnects. `close` and the properties may be used from any
    thread.
    """

    kind: OutputKind = "stream"
    recovers = True
    files: tuple[Path, ...] = ()
    sole_file: Path | None = None
    films: tuple[FilmFile, ...] = ()
    cut_short = None  # missing video is counted as a gap
    waiting_bytes: tuple[int, ...] = ()

    def __init__(
        self,
        name: str,
        delivery: Delivery,
        limits: OutputLimits = OutputLimits(),
        bounds: BitrateBounds | None = None,
    ) -> None:
        """`name`: the address without secrets. `bounds`: between which its bit rate follows the uplink."""
        self.name = name
        self._lost_ns = 0
        self._delivery = delivery
        self._gap_from_ns: int | None = None
        self._first_ns: int | None = None
        self._newest_ns: int | None = None
        self._start_lock = threading.Lock()  # video and sound arrive on different threads
        self._closing = threading.Event()
        self._over = threading.Event()
        self._reconnector = Reconnector(limits.reconnect, self._pause)
        self._farewell_s = limits.farewell_s
        self._thread: threading.Thread | None = None
        self._side: SidePipeline | None = None
        self._trouble: str | None = None
        self._has_delivered = False
        self.undelivered: str | None = None
        self._tap = EncodedTap(self._on_sample, self._on_end, with_sound=delivery.audio_codec is not None)
        self.uplink = Uplink(
            name, bounds, self._send_video, partial(self._end, "video"), self._tap.ask_for_keyframe
        )

    @property
    def element(self) -> Gst.Bin:
        """The bin that receives the encoded streams."""
        return self._tap.element

    @property
    def trouble(self) -> str | None:
        """Why the server is not receiving video now, in one line; None while it is."""
        return self._trouble

    @property
    def gaps(self) -> int:
        """How often the connection was lost."""
        return self._reconnector.losses

    @property
    def lost_s(self) -> float:
        """Seconds of video that the server has not received, a current gap included."""
        lost_ns = self._lost_ns
        if self._reconnector.is_away:
            lost_ns += max(0, (self._newest_ns or 0) - (self._gap_from_ns or 0))
        return ns_to_seconds(lost_ns)

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: generated silence, gaps."""
        notes = []
        if self._delivery.audio_codec is None and self._delivery.make_silence_encoder is not None:
            notes.append(f"{self.name}: no sound source, so silence is sent")
        if self.gaps:
            state = "; still offline" if self._reconnector.is_away else ""
            gaps = "1 gap" if self.gaps == 1 else f"{self.gaps} gaps"
            notes.append(f"{self.name}: {gaps}, {self.lost_s:.1f} s of video not sent{state}")
        return (*notes, *self.uplink.notes)

    def abandon(self) -> None:
        """Do nothing: it never blocks playback."""

    def close(self) -> None:
        """End the push; after the end of the video, first let the server receive the rest. Idempotent.

        Blocks for a bounded time.
        """
        side, thread = self._side, self._thread
        if thread is None:
            return
        if side is not None and side.is_up and self._tap.has_ended:
            self._over.wait(self._farewell_s)
        self._closing.set()
        thread.join(self._farewell_s)
        if not self._has_delivered:
            why = (self._trouble or "").removeprefix(self.name).lstrip(": ") or "not connected before the end"
            self.undelivered = f"{self.name}: nothing was delivered: {why}"

    # On the streaming threads

    def _on_sample(self, kind: str, sample: Gst.Sample) -> None:
        self._note_time(kind, sample)
        with self._start_lock:
            if self._thread is None:
                self._side = SidePipeline(self.name, self._delivery)
                self._thread = threading.Thread(target=self._run, name=f"push-{self.name}", daemon=True)
                self._thread.start()
        if kind == "video":
            self.uplink.take("shared", sample)
            return
        self.uplink.note_sound(sample)
        side = self._side
        if side is not None:
            side.take(kind, sample)

    def _send_video(self, sample: Gst.Sample) -> None:
        side = self._side
        if side is not None:
            side.take("video", sample)

    def _note_time(self, kind: str, sample: Gst.Sample) -> None:
        buffer = sample.get_buffer()
        if kind == "video" and buffer is not None:
            self._newest_ns = begin_ns(sample, buffer)
            if self._first_ns is None:
                self._first_ns = self._newest_ns

    def _on_end(self, kind: str) -> None:
        if kind == "video":
            self.uplink.end("shared")
        else:
            self._end(kind)

    def _end(self, kind: str) -> None:
        side = self._side
        if side is not None:
            side.end(kind)

    # On the push's own thread

    def _run(self) -> None:
        self._reconnector.run(self._connect)
        self._over.set()

    def _connect(self) -> Disconnected | None:
        """Run one connection from start to end; None if no other should follow."""
        side = self._side
        if side is None:
            side = self._side = SidePipeline(self.name, self._delivery)
            self.uplink.ask_for_keyframe()
        trouble = side.run_until_closed(
            self._closing, partial(self._on_up, side), partial(self._is_draining, side)
        )
        self._side = None
        self.uplink.lost(Nanoseconds(time.monotonic_ns()), was_too_slow=side.was_too_slow)
        if trouble is None or self._closing.is_set():
            return None
        if self._gap_from_ns is None:
            self._gap_from_ns = side.sent_ns if side.is_up else self._first_ns
        self._trouble = trouble
        return Disconnected(trouble, side.is_up)

    def _is_draining(self, side: SidePipeline) -> bool:
        """Measure the connection; returns whether a lower bit rate may yet send what waits."""
        self.uplink.measure(Nanoseconds(time.monotonic_ns()), side.waiting_ns, side.waiting_bytes)
        return self.uplink.is_draining

    def _pause(self, seconds: float) -> bool:
        """Wait before the next attempt; returns whether the push or the video has ended."""
        return self._closing.wait(seconds) or self._tap.has_ended

    def _on_up(self, side: SidePipeline) -> None:
        self._trouble = None
        self._has_delivered = True
        if self._delivery.make_gauge is not None:
            self.uplink.begin(self._delivery.make_gauge(side.sink))
        if side.first_ns is None or not self._reconnector.mark_back():
            return
        gap_ns = 0 if self._gap_from_ns is None else side.first_ns - self._gap_from_ns
        self._gap_from_ns = None
        self._lost_ns += gap_ns
        logger.warning("%s: reconnected; %.1f s of video were not sent", self.name, ns_to_seconds(gap_ns))
