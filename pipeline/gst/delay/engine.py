"""The engine of the delay line: one lock, one thread, and the GStreamer elements on both sides."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from pipeline.buffering import transport
from pipeline.buffering.line import DelayLine
from pipeline.buffering.step import LONGEST_WAIT_NS, Send, State
from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry
from pipeline.gst.core.samples import read
from pipeline.gst.delay import clock_sync
from pipeline.gst.delay.buffer_pool import BufferOwnership
from pipeline.gst.delay.element_kinds import check_appsrc
from pipeline.gst.delay.endpoints import Endpoints
from pipeline.gst.delay.limits import DelayLimits
from pipeline.gst.delay.playback_side import PlaybackSide
from pipeline.gst.delay.progress_log import ProgressLog
from pipeline.gst.delay.source_side import SourceSide, WatchedAppSink, source_side
from pipeline.gst.runtime import Gst
from pipeline.interpreter.switch_interval import quick_switching
from pipeline.interpreter.thread_state import attach, detach
from pipeline.timebase import NS_PER_S

logger = logging.getLogger("buffer-manager")

STOP_TIMEOUT_S = 0.9
"""How long stop waits for the thread, which may be inside a GStreamer call."""
POLL_S = 0.05
"""A source that is shut down does not wake its waiting thread, so that thread polls."""
INBOX_SIZE = 256
"""At most this many samples wait to be stored; beyond that the source's thread stores them itself."""
SHORT_DELAY_NS = NS_PER_S // 5
"""With a delay shorter than this, samples do not wait to be stored."""
PAUSED_AFTER_NS = NS_PER_S // 10
"""After this long without a sample, a live source may have been paused meanwhile."""
_OK = Gst.FlowReturn.OK  # looking these up costs as much as a small call
_EOS = Gst.FlowReturn.EOS


class _Run:
    """One start of the buffer thread; a thread that could not be joined finds its own run stopped."""

    def __init__(self) -> None:
        self.stopped = False
        self.thread: threading.Thread | None = None


class DelayEngine:
    """Runs a DelayLine between appsinks and appsrcs.

    There is one lock, and one more for each stream's inbox, which is taken first. The line decides under the lock;
    what it decided is done outside: no push, no state change and no callback happens with the lock held. `wake` and
    `change` are conditions of this one lock: the buffer thread waits for the first, producers, readers and
    `wait_drained` for the second.
    """

    def __init__(
        self,
        line: DelayLine,
        make_ownership: Callable[[], BufferOwnership],
        limits: DelayLimits,
        *,
        live: bool,
    ) -> None:
        self.line = line
        self.live = live
        self.lock = threading.RLock()
        self.wake = threading.Condition(self.lock)
        self.change = threading.Condition(self.lock)
        self.endpoints: dict[str, Endpoints] = {}
        self.playback = PlaybackSide(line, self.lock, self.endpoints, live=live)
        self.clock: Any = clock_sync.system_clock()
        self.on_stall: Callable[[], Any] | None = None
        self.figures: Callable[[], dict[str, Any]] = dict
        """Returns what is logged every few seconds."""
        self._make_ownership = make_ownership
        self._limits = limits
        self._run: _Run | None = None
        self._wait_for_start_until_s: float | None = None
        self._is_waiting = False  # the buffer thread waits for something to happen

    def add_stream(self, name: str, *, nominal_ns: int, leads: bool) -> Endpoints:
        """A new stream; its elements come later."""
        with self.lock:
            stream = self.line.add_stream(name, nominal_ns=nominal_ns, leads=leads)
            ends = self.endpoints[name] = Endpoints(stream, self._make_ownership())
        return ends

    def set_appsrc(self, ends: Endpoints, appsrc: Any) -> None:
        """Set or replace the element that the stream is played through; a running playback changes over to it."""
        self.playback.set_appsrc(ends, appsrc)
        self._adopt_unless_running()

    def set_pipeline(self, pipeline: Any) -> None:
        """Set or replace the playback pipeline; while playback runs, it is started too."""
        self.playback.set_pipeline(pipeline)
        self._adopt_unless_running()

    def _adopt_unless_running(self) -> None:
        if self._run is None:
            self.playback.adopt(self.clock.get_time())

    @property
    def is_running(self) -> bool:
        """Whether the buffer thread runs."""
        return self._run is not None

    # The source side

    def receive(self, ends: Endpoints, sink: Any) -> Any:
        """Take one sample from an appsink (streaming thread); a source that is not live waits for room.

        While playback runs live, the buffer thread stores the samples, several at a time: that costs half of
        storing each in the callback, and the source's thread returns at once.
        """
        attach()
        source = ends.source
        if source is None or source.sink is not sink:
            source, sample = self._attach_sink(ends, sink)
        else:
            sample = source.pull(0)
        if sample is None:
            return _EOS if source.is_eos() else _OK
        now_ns = self.clock.get_time()
        if self._may_defer(ends, source):
            ends.inbox.append((sample, now_ns))
        else:
            with ends.inbox_lock:
                self.store_inbox(ends)
                self._store(ends, sample, now_ns, source)
        return _OK

    def _may_defer(self, ends: Endpoints, source: SourceSide) -> bool:
        return (
            self.live
            and source.is_live
            and self.line.state is State.PLAYING
            and self.line.schedule.delay_ns >= SHORT_DELAY_NS
            and not ends.waiting_readers
            and not ends.ownership.copies
            and len(ends.inbox) < INBOX_SIZE
        )

    def store_inbox(self, ends: Endpoints) -> None:
        """Store the samples in the stream's inbox; they come from a live source, so nothing here waits for room."""
        if ends.inbox:
            with ends.inbox_lock:  # one thread at a time, so that samples stay in their order
                while ends.inbox:
                    self._store(ends, *ends.inbox.popleft())

    def store_inboxes(self) -> None:
        """Store the samples of all inboxes."""
        for ends in list(self.endpoints.values()):
            self.store_inbox(ends)

    def _store(self, ends: Endpoints, sample: Any, now_ns: int, source: SourceSide | None = None) -> None:
        """source: where the sample came from, if its thread may wait here."""
        arrival = read(sample, raw=ends.raw)
        if arrival is None:
            return
        stream = ends.stream
        decoded_ns, shown_ns, duration_ns, size_bytes, keyframe, discontinuity = arrival
        if duration_ns is None:
            duration_ns = stream.nominal_ns
        running_ns = shown_ns if decoded_ns is None else decoded_ns
        moved_ns = 0
        if now_ns - ends.arrived_ns > PAUSED_AFTER_NS and (sender := ends.source) is not None:
            moved_ns = sender.moved_ns(self.clock)
        ends.arrived_ns = now_ns
        with self.lock:
            if moved_ns:
                stream.intake.shift_by(moved_ns, running_ns, now_ns)
            verdict, order_ns = self.line.place(stream, running_ns, duration_ns, now_ns)
            stream.counters.discontinuities += discontinuity
            shift_ns, correction_ns = stream.intake.shift_ns, stream.intake.correction_ns
        if not verdict.accepted:
            return
        placed = ends.placed(sample, verdict, order_ns, shift_ns, correction_ns)
        if placed is None:
            return
        sample, order_ns = placed
        sample = ends.ownership.keep(sample, stream.capacity)
        time_ns = order_ns
        if decoded_ns is not None and shown_ns is not None:
            time_ns += shown_ns - decoded_ns
        entry = Entry(order_ns, time_ns, time_ns + duration_ns, size_bytes, keyframe, sample)
        with self.lock:
            waited = False
            if source is not None and (source.can_wait or not self.live):
                while self._must_wait(stream, entry) and source.is_active:
                    self.change.wait(POLL_S)
                waited = self.line.has_room(stream, entry)
            evicted = self.line.append(stream, entry, waited=waited)
            self._wake_thread()
            if ends.waiting_readers:
                self.change.notify_all()
        del evicted  # freed here, outside the lock

    def _attach_sink(self, ends: Endpoints, sink: Any) -> tuple[SourceSide, Any]:
        """Take the first sample of a new sink, and watch the sink from then on.

        Until playback starts, its pipeline's clock becomes the engine's.
        """
        source = source_side(sink, partial(self._on_event, ends))
        sample = source.pull(0)
        if sample is None:
            return source, None
        source.watch()
        with self.lock:
            before, ends.source = ends.source, source
        if before is not None:
            before.release()
        ends.note_caps(sample.get_caps())
        ends.stream.has_own_clock &= not source.can_wait
        clock = source.clock()
        if clock is not None and self.line.schedule.base_ns is None:
            self.clock = clock
        return source, sample

    def _must_wait(self, stream: Stream, entry: Entry) -> bool:
        return not self.line.has_room(stream, entry) and (self._run is not None or self._may_still_start())

    def _may_still_start(self) -> bool:
        """Whether a producer waits for a buffer thread that was never started.

        Offline it does. Live it waits for `first_start_wait_s` and then drops the oldest samples: the program may
        want the window alone, or start the thread only after this producer's pipeline has prerolled.
        """
        if self.line.state is not State.IDLE:
            return False
        if self._wait_for_start_until_s is None:
            self._wait_for_start_until_s = time.monotonic() + self._limits.first_start_wait_s
        return not self.live or time.monotonic() < self._wait_for_start_until_s

    def _on_event(self, ends: Endpoints, source: WatchedAppSink, event: Any) -> None:
        """An event passed the stream's appsink (streaming thread); all samples before it are stored."""
        kind = event.type
        self.store_inbox(ends)
        if kind is Gst.EventType.EOS:
            detach()
        gap_end_ns = source.gap_end_ns(event) if kind is Gst.EventType.GAP else 0
        if kind is Gst.EventType.CAPS:
            ends.note_caps(event.parse_caps())
        with self.lock:
            stream = ends.stream
            if kind is Gst.EventType.EOS:
                stream.ended = True
                self._wake_thread()
                self.change.notify_all()
            elif kind is Gst.EventType.STREAM_START:
                stream.ended = False
            elif kind is Gst.EventType.CAPS:
                stream.counters.caps_changes += 1
            elif kind is Gst.EventType.SEGMENT:
                stream.counters.segments += 1
            elif kind is Gst.EventType.GAP:
                stream.counters.source_gaps += 1
                stream.source_gap_until_ns = stream.intake.shared_ns(gap_end_ns)
            elif kind is Gst.EventType.FLUSH_STOP:
                stream.counters.flushes += 1
                stream.ended = False

    # The buffer thread

    def on_need_data(self, ends: Endpoints, src: Any) -> None:
        """Playback asks for data: wake the buffer thread if it waits for nothing else.

        Before the thread is started for the first time, push the next sample instead. Where no appsrc was given,
        `src` becomes it.
        """
        if src is not None and ends.given_appsrc is None:
            check_appsrc(src)
            self.set_appsrc(ends, src)
        with self.lock:
            self._wake_thread()
            if self.line.state is not State.IDLE:
                return
            send = Send(ends.stream, self.line.take(ends.stream, None, 0), 0, None)
        self.playback.send(send)

    def _wake_thread(self) -> None:
        if self._is_waiting:
            self._is_waiting = False
            self.wake.notify()

    def start(self) -> bool:
        """Start the buffer thread; False when it runs already."""
        self.playback.hold()
        with self.lock:
            if self._run is not None:
                return False
            run = _Run()
            run.thread = threading.Thread(target=self._work, args=(run,), name="buffer-manager", daemon=True)
            run.thread.start()  # it takes its first step when the lock is free
            self._run = run
            self.line.begin()
        return True

    def stop(self) -> bool:
        """Stop the thread, wake every waiter, release the sinks; within a second. False when it was stopped: then
        it releases what sinks have delivered to since."""
        with self.lock:
            run, self._run = self._run, None
            if run is not None:
                run.stopped = True
                self.line.stop(self.clock.get_time())
            sources = [ends.source for ends in self.endpoints.values() if ends.source is not None]
            for ends in self.endpoints.values():
                ends.source = None
            self.wake.notify_all()
            self.change.notify_all()
        for source in sources:
            source.release()
        self.store_inboxes()
        if run is None:
            return False
        if run.thread is not None and run.thread is not threading.current_thread():
            run.thread.join(STOP_TIMEOUT_S)
        self.playback.adopt(self.clock.get_time())
        self.playback.release_elements()
        return True

    def clear(self) -> None:
        """Drop everything stored."""
        self.store_inboxes()
        with self.lock:
            evicted = self.line.clear()
            self.change.notify_all()
        del evicted  # freed here, outside the lock

    def loop(self) -> None:
        """The thread's work until it is stopped: wait for the fill, start playback, send, watch for stalls."""
        if self._run is not None:
            self._loop(self._run)

    def _work(self, run: _Run) -> None:
        """The thread: a failure is logged, stops playback and calls the emergency callback."""
        try:
            self._loop(run)
        except Exception:
            logger.exception("[BUFFER] the buffer thread failed; playback stops")
            if not run.stopped:
                try:
                    self.stop()
                finally:
                    self._call_emergency()

    @quick_switching()
    def _loop(self, run: _Run) -> None:
        progress_log = ProgressLog(self.line, self.figures, self._limits, time.monotonic())
        playback, schedule = self.playback, self.line.schedule
        while not run.stopped:
            now_ns = self.clock.get_time()
            adopted = playback.adopt(now_ns)
            if self.live and (adopted or schedule.base_ns is None):
                playback.choose_cushion()
            if adopted and (base_ns := schedule.base_ns) is not None and schedule.paused_ns is None:
                playback.start(base_ns, self.clock)
            if self.line.state is State.PLAYING:
                self.store_inboxes()
            rooms_ns = playback.rooms_ns()
            now_ns = self.clock.get_time()
            origin_ns = self.origin_ns(now_ns) if schedule.base_ns is None else None
            with self.lock:
                if run.stopped:
                    break
                step = transport.step(self.line, now_ns, origin_ns, rooms_ns)
            refused = not playback.act(step, self.clock)
            if step.stalled:
                logger.error("[BUFFER] playback stalled: no frame was sent for longer than the stall timeout")
                self._call_emergency()
            progress_log.update(time.monotonic())
            changed = bool(step.sends or step.closes or step.evicted)
            wait_s = (LONGEST_WAIT_NS if refused else step.wait_ns) / NS_PER_S
            del step  # what was evicted is freed before the wait
            with self.lock:
                if changed:
                    self.change.notify_all()
                if wait_s and not run.stopped:
                    self._is_waiting = not self.live
                    self.wake.wait(wait_s)
                    self._is_waiting = False

    def _call_emergency(self) -> None:
        callback = self.on_stall
        if callback is not None:
            threading.Thread(target=callback, name="buffer-emergency", daemon=True).start()

    def origin_ns(self, now_ns: int) -> int | None:
        """What the clock showed at running time 0 of a live source; None for a source that is not live."""
        delay_ns = self.line.schedule.delay_ns
        origins_ns = (ends.origin_ns(now_ns, self.clock, delay_ns) for ends in list(self.endpoints.values()))
        return next((origin_ns for origin_ns in origins_ns if origin_ns is not None), None)
