"""ReconnectingCamera: reconnects a live camera; meanwhile its last frame and silence fill the gap."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from pipeline.buffering.drift import DriftTracker
from pipeline.buffering.stats import drift_note
from pipeline.errors import ForesightError
from pipeline.gst.capture.camera_connection import CameraConnection
from pipeline.gst.capture.camera_feed import SOUND_FORM, Feed, Outage, SoundFeed, VideoFeed
from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.capture.plain_source import PlainSource
from pipeline.gst.capture.source import StreamCallback, Truth, TruthKind
from pipeline.gst.capture.unplayed import UnplayedStreams
from pipeline.gst.core.elements import chain, ghost, make, static_pad
from pipeline.gst.core.reconnector import Disconnected, Reconnector
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, ns_to_seconds, seconds_to_ns

logger = logging.getLogger("foresight")

SPARE_NS = 200 * NS_PER_MS
"""How long frames of several cameras wait for each other, in addition to the latency that each reports."""


class ReconnectingCamera:
    """Feeds a live camera's video and sound into a pipeline without interruption. A Source.

    `element` goes into the pipeline; its pads are the streams of the first connection. One thread connects, watches
    and reconnects, another fills gaps. If the first connection fails, the source has failed; a later loss is an
    outage, which is counted and logged once. Any thread may call; only `close` blocks.
    """

    is_live = True
    has_own_pipelines = True
    dropped = 0

    def __init__(
        self,
        name: str,
        open_source: Callable[[], PlainSource],
        *,
        paced: bool,
        patience_s: float,
        limits: CameraLimits = CameraLimits(),
    ) -> None:
        """`name`: the address without secrets. `open_source` opens the source of each connection; `paced`: it sends
        in bursts (see CameraConnection). `patience_s`: how late a sample may be before it is replaced."""
        self.name = name
        self.element = Gst.Bin.new(None)
        self._given_source = open_source
        self._unplayed: UnplayedStreams | None = None  # of the newest connection
        self._paced = paced
        self._patience_ns = seconds_to_ns(patience_s)
        self._limits = limits
        self._on_stream: StreamCallback | None = None
        self._on_complete: Callable[[], None] | None = None
        self._base_ns = 0
        self._on_failure: Callable[[ForesightError], object] = lambda _error: None
        self._video: VideoFeed | None = None
        self._feeds: dict[str, Feed] = {}
        self._sound_form = Gst.Caps.from_string(SOUND_FORM)
        self._is_known = False
        self._drift = DriftTracker()  # of the newest connection
        self._corrected_ns = 0  # on earlier connections
        self._closing = threading.Event()
        self._reconnector = Reconnector(limits.reconnect, self._closing.wait)
        self._threads: list[threading.Thread] = []

    def survives(self, _message: Gst.Message) -> bool:
        """False: its connections have pipelines of their own, whose errors it handles itself."""
        return False

    def watch(self, on_stream: StreamCallback, on_complete: Callable[[], None]) -> None:
        """Call `on_stream(pad)` and `on_complete()` once the streams of the first connection are known."""
        self._on_stream, self._on_complete = on_stream, on_complete

    def start(self, base_ns: int, on_failure: Callable[[ForesightError], object]) -> None:
        """Connect. `base_ns`: the system clock at running time 0. `on_failure(error)` is called from the camera's
        thread if the first connection fails."""
        self._base_ns, self._on_failure = base_ns, on_failure
        for work, role in ((self._keep_connected, "connection"), (self._fill_gaps, "hold")):
            thread = threading.Thread(target=work, name=f"camera-{role}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def leave(self) -> None:
        """Stop receiving and reconnecting. Returns at once; idempotent."""
        self._closing.set()

    def close(self) -> None:
        """Call `leave`, and wait for each thread for at most the limits' `stop_s`. Idempotent."""
        self.leave()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(self._limits.stop_s)

    def truth(self, _kind: TruthKind) -> Truth | None:
        """None: nobody knows it."""
        return None

    def is_lost_at(self, time_ns: Nanoseconds) -> bool:
        """Whether the frame of that running time had been held for `notice_s` or longer."""
        notice_ns = seconds_to_ns(self._limits.notice_s)
        outages: tuple[Outage, ...] = () if self._video is None else self._video.outages
        return any(
            one.begin_ns + notice_ns <= time_ns and (one.end_ns is None or time_ns < one.end_ns)
            for one in reversed(outages)
        )

    @property
    def refused(self) -> Mapping[str, int]:
        """How many frames of its connections were not taken, by reason."""
        return {} if self._video is None else dict(self._video.refused)

    @property
    def stated_frames(self) -> int | None:
        """None: a camera has no index."""
        return None

    @property
    def outages(self) -> int:
        """How often the connection was lost."""
        return self._reconnector.losses

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: sound that did not come or is not played, lost connections, clock drift."""
        sound = self._feeds.get("audio")
        silent = isinstance(sound, SoundFeed) and not sound.has_come
        announced = (
            (f"{self.name}: announces sound, but none came; silence is in its place",) if silent else ()
        )
        corrected_s = ns_to_seconds(self._corrected_ns + self._drift.total_ns)
        drift = drift_note(self.name, self.clock_drift_ppm, corrected_s)
        unplayed = () if self._unplayed is None else self._unplayed.notes
        if not self.outages or self._video is None:
            return (*announced, *unplayed, *drift)
        times = "once" if self.outages == 1 else f"{self.outages} times"
        state = "; still offline" if self._reconnector.is_away else ""
        held_s = ns_to_seconds(self._video.held_ns)
        lost = f"{self.name}: connection lost {times}, last frame held for {held_s:.1f} s{state}"
        return (*announced, *unplayed, lost, *drift)

    @property
    def clock_drift_ppm(self) -> float:
        """By how many millionths its clock is known to be fast (negative: slow); its times are corrected."""
        return self._drift.rate * 1e6

    # On the camera's own threads

    def _keep_connected(self) -> None:
        self._reconnector.run(self._connect)

    def _connect(self) -> Disconnected | None:
        """Run one connection from start to end; None if no other should follow."""
        if self._closing.is_set():
            return None
        connection, failure = self._stay_connected()
        if self._closing.is_set():
            return None
        is_recorded = connection is not None and connection.has_end
        if failure is None or is_recorded or not self._is_known:
            self._give_up(failure)
            return None
        return Disconnected(str(failure), was_up=connection is not None and connection.has_video)

    def _open_source(self) -> PlainSource:
        source = self._given_source()
        self._unplayed = source.unplayed
        return source

    def _stay_connected(self) -> tuple[CameraConnection | None, ForesightError | None]:
        try:
            connection = CameraConnection(
                self._open_source,
                self._base_ns,
                paced=self._paced,
                sound_form=self._sound_form,
                feed_for=self._feed_for,
                on_known=self._on_known,
                on_video=self._on_video,
                limits=self._limits,
            )
        except ForesightError as error:
            return None, error
        self._corrected_ns += self._drift.total_ns
        self._drift = connection.drift
        return connection, connection.run_until_closed(self._closing, patient=not self._is_known)

    def _give_up(self, failure: ForesightError | None) -> None:
        """End the source: a recording has ended, or (with `failure`) the first connection failed."""
        if failure is not None:
            self._on_failure(failure)
            return
        self._closing.set()
        for feed in self._feeds.values():
            feed.end()

    def _fill_gaps(self) -> None:
        clock = Gst.SystemClock.obtain()
        wait_s = 0.0
        while not self._closing.wait(wait_s):
            now_ns = Nanoseconds(clock.get_time() - self._base_ns)
            due_ns = min(
                (feed.fill(now_ns) for feed in list(self._feeds.values())), default=now_ns + NS_PER_S
            )
            wait_s = ns_to_seconds(Nanoseconds(due_ns - now_ns))

    # On a connection's streaming threads

    def _feed_for(self, kind: str, caps: Gst.Caps, latency_ns: Nanoseconds) -> Feed | None:
        """The feed for a stream; the first connection creates the feeds, later ones reuse them."""
        if self._is_known or self._on_stream is None:
            return self._feeds.get(kind)
        feed: Feed
        if kind == "video":
            feed = self._video = VideoFeed(kind, caps, self._patience_ns)
        else:
            feed = SoundFeed(kind, caps, self._patience_ns)
            self._sound_form = caps
        feed.element.set_property("min-latency", latency_ns + SPARE_NS)
        media = Gst.Caps.new_empty_simple(caps.get_structure(0).get_name())
        form = make("capsfilter", caps=media)  # an appsrc does not report its caps before data
        chain(self.element, feed.element, form)
        self._on_stream(ghost(self.element, static_pad(form, "src"), kind))
        form.sync_state_with_parent()
        feed.element.sync_state_with_parent()
        self._feeds[kind] = feed
        return feed

    def _on_known(self) -> None:
        if not self._is_known and self._on_complete is not None:
            self._is_known = True
            self._on_complete()

    def _on_video(self) -> None:
        if self._reconnector.mark_back():
            logger.warning("%s: reconnected", self.name)
