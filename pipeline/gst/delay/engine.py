"""The engine of the delay line: one lock, one thread, and the GStreamer elements on both sides."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from pipeline.buffering.intake import Verdict
from pipeline.buffering.line import DelayLine
from pipeline.buffering.step import LONGEST_WAIT_NS, Send, State
from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry
from pipeline.gst.core.samples import read, shifted, stamped
from pipeline.gst.delay import clock_sync
from pipeline.gst.delay.buffer_pool import Keeper
from pipeline.gst.delay.playback_side import Playout
from pipeline.gst.delay.port import Port
from pipeline.gst.delay.progress_log import Report
from pipeline.gst.delay.source_side import Source, SourceEdge, edge_of
from pipeline.gst.runtime import Gst
from pipeline.interpreter.switch_interval import quick_switching
from pipeline.interpreter.thread_state import attach, detach
from pipeline.timebase import NS_PER_S

logger = logging.getLogger("buffer-manager")

STOP_TIMEOUT_S = 0.9
"""How long stop waits for the thread, which may be inside a GStreamer call."""
LOOK_AGAIN_S = 0.05
"""A source that is shut down does not wake its waiting thread, so that one looks by itself."""
START_PATIENCE_S = 1.0
"""How long a full window waits for the buffer thread's first start, where the source can wait."""
INBOX = 256
"""At most this many samples wait to be stored; then the source's thread does it."""
SHORT_DELAY_NS = NS_PER_S // 5
"""With a delay shorter than this, samples do not wait to be stored."""
PAUSED_AFTER_NS = NS_PER_S // 10
"""After this long without a sample, a live source may have been paused meanwhile."""
_OK = Gst.FlowReturn.OK  # looking these up costs as much as a small call
_EOS = Gst.FlowReturn.EOS


class _Run:
    """One life of the buffer thread; a thread that could not be joined finds its own life stopped."""

    def __init__(self) -> None:
        self.stopped = False
        self.thread: threading.Thread | None = None


class DelayEngine:
    """Runs a DelayLine between appsinks and appsrcs.

    There is one lock, beside the order of each stream's inbox, which is taken first. What is to be done is decided
    under it, by the line, and done outside of it: no push, no state change and no callback happens inside. `wake`
    and `change` are conditions of this one lock: the buffer thread waits for the first, producers, readers and
    `wait_drained` for the second.
    """

    def __init__(self, line: DelayLine, make_keeper: Callable[[], Keeper], *, live: bool) -> None:
        self.line = line
        self.live = live
        self.lock = threading.RLock()
        self.wake = threading.Condition(self.lock)
        self.change = threading.Condition(self.lock)
        self.ports: dict[str, Port] = {}
        self.playout = Playout(line, self.lock, self.ports, live=live)
        self.clock: Any = clock_sync.system_clock()
        self.on_stall: Callable[[], Any] | None = None
        self.figures: Callable[[], dict[str, Any]] = dict
        """What the log is told every few seconds."""
        self._make_keeper = make_keeper
        self._run: _Run | None = None
        self._patient_until_s: float | None = None
        self._idle = False  # the buffer thread waits for something to happen

    def add_port(self, name: str, *, nominal_ns: int, leads: bool) -> Port:
        """A new stream; its elements come later."""
        with self.lock:
            stream = self.line.add_stream(name, nominal_ns=nominal_ns, leads=leads)
            port = self.ports[name] = Port(stream, self._make_keeper())
        return port

    def set_appsrc(self, port: Port, appsrc: Any) -> None:
        """Set or replace the element that the stream is played through; a running playback changes over to it."""
        self.playout.set_appsrc(port, appsrc)
        self._adopt_unless_running()

    def set_pipeline(self, pipeline: Any) -> None:
        """Set or replace the playback pipeline; while playback runs, it is started too."""
        self.playout.set_pipeline(pipeline)
        self._adopt_unless_running()

    def _adopt_unless_running(self) -> None:
        if self._run is None:
            self.playout.adopt(self.clock.get_time())

    @property
    def is_running(self) -> bool:
        """Whether the buffer thread runs."""
        return self._run is not None

    # The source side

    def receive(self, port: Port, sink: Any) -> Any:
        """Take one sample from an appsink (streaming thread); waits for room where that is due.

        While playback runs live, the buffer thread stores what has come, some samples at a time: that costs half
        of storing each in the callback, and the source's thread is back at its work at once.
        """
        attach()
        source = port.source
        if source is None or source.sink is not sink:
            source, sample = self._meet(port, sink)
        else:
            sample = source.pull(0)
        if sample is None:
            return _EOS if source.is_eos() else _OK
        now_ns = self.clock.get_time()
        if self._may_wait_for_the_thread(port, source):
            port.inbox.append((sample, now_ns))
        else:
            with port.order:
                self.take_in(port)
                self._store(port, sample, now_ns, source)
        return _OK

    def _may_wait_for_the_thread(self, port: Port, source: Source) -> bool:
        return (
            self.live
            and source.is_live
            and self.line.state is State.PLAYING
            and self.line.schedule.delay_ns >= SHORT_DELAY_NS
            and not port.waiting_readers
            and not port.keeper.copies
            and len(port.inbox) < INBOX
        )

    def take_in(self, port: Port) -> None:
        """Store what waits in the stream's inbox: samples of a live source, so that nobody waits for room here."""
        if port.inbox:
            with port.order:  # one thread at a time, so that samples stay in their order
                while port.inbox:
                    self._store(port, *port.inbox.popleft())

    def take_in_all(self) -> None:
        """Store what waits in any inbox."""
        for port in list(self.ports.values()):
            self.take_in(port)

    def _store(self, port: Port, sample: Any, now_ns: int, source: Source | None = None) -> None:
        """source: where the sample came from, of one that may be held up."""
        arrival = read(sample, raw=port.raw)
        if arrival is None:
            return
        stream = port.stream
        decoded_ns, shown_ns, duration_ns, size_bytes, keyframe, discontinuity = arrival
        if duration_ns is None:
            duration_ns = stream.nominal_ns
        running_ns = shown_ns if decoded_ns is None else decoded_ns
        moved_ns = 0
        if now_ns - port.arrived_ns > PAUSED_AFTER_NS and (edge := port.source) is not None:
            moved_ns = edge.moved_ns(self.clock)
        port.arrived_ns = now_ns
        with self.lock:
            if moved_ns:
                stream.intake.shift_by(moved_ns, running_ns, now_ns)
            verdict, order_ns = self.line.place(stream, running_ns, duration_ns, now_ns)
            stream.counters.discontinuities += discontinuity
        if not verdict.accepted:
            return
        if verdict is Verdict.UNTIMED:
            sample = stamped(sample, order_ns)
        elif stream.intake.shift_ns:
            sample = shifted(sample, stream.intake.shift_ns)
        sample = port.keeper.keep(sample, stream.capacity)
        time_ns = order_ns
        if decoded_ns is not None and shown_ns is not None:
            time_ns += shown_ns - decoded_ns
        entry = Entry(order_ns, time_ns, time_ns + duration_ns, size_bytes, keyframe, sample)
        with self.lock:
            waited = False
            if source is not None and (source.can_wait or not self.live):
                while self._must_wait(stream, entry) and source.is_active:
                    self.change.wait(LOOK_AGAIN_S)
                waited = self.line.has_room(stream, entry)
            evicted = self.line.append(stream, entry, waited=waited)
            self._nudge()
            if port.waiting_readers:
                self.change.notify_all()
        del evicted  # freed here, outside the lock

    def _meet(self, port: Port, sink: Any) -> tuple[Source, Any]:
        """A sink is seen for the first time: takes its first sample, and watches it from then on.

        Until playback starts, its pipeline's clock is taken over.
        """
        source = edge_of(sink, partial(self._on_event, port))
        sample = source.pull(0)
        if sample is None:
            return source, None
        source.watch()
        with self.lock:
            before, port.source = port.source, source
        if before is not None:
            before.release()
        port.note_caps(sample.get_caps())
        clock = source.clock()
        if clock is not None and self.line.schedule.base_ns is None:
            self.clock = clock
        return source, sample

    def _must_wait(self, stream: Stream, entry: Entry) -> bool:
        return not self.line.has_room(stream, entry) and (self._run is not None or self._may_still_start())

    def _may_still_start(self) -> bool:
        """Whether a producer waits for a buffer thread that was never started.

        Offline it does. Else the window may be all that is wanted of us, or the start may wait for this producer
        (its pipeline's preroll, say), so that after a little patience the oldest samples go.
        """
        if self.line.state is not State.IDLE:
            return False
        if self._patient_until_s is None:
            self._patient_until_s = time.monotonic() + START_PATIENCE_S
        return not self.live or time.monotonic() < self._patient_until_s

    def _on_event(self, port: Port, source: SourceEdge, event: Any) -> None:
        """An event passed the stream's appsink (streaming thread); all samples before it are stored."""
        kind = event.type
        self.take_in(port)
        if kind is Gst.EventType.EOS:
            detach()
        gap_end_ns = source.gap_end_ns(event) if kind is Gst.EventType.GAP else 0
        if kind is Gst.EventType.CAPS:
            port.note_caps(event.parse_caps())
        with self.lock:
            stream = port.stream
            if kind is Gst.EventType.EOS:
                stream.ended = True
                self._nudge()
                self.change.notify_all()
            elif kind is Gst.EventType.STREAM_START:
                stream.ended = False
            elif kind is Gst.EventType.CAPS:
                stream.counters.caps_changes += 1
            elif kind is Gst.EventType.SEGMENT:
                stream.counters.segments += 1
            elif kind is Gst.EventType.GAP:
                stream.counters.source_gaps += 1
                stream.source_gap_until_ns = gap_end_ns + stream.intake.shift_ns
            elif kind is Gst.EventType.FLUSH_STOP:
                stream.counters.flushes += 1
                stream.ended = False

    # The buffer thread

    def asked(self, port: Port, src: Any) -> None:
        """Playback asks for data: wake the buffer thread if it has nothing else to wait for.

        Before the thread is started for the first time, push the next sample instead. Where no element was given,
        it is the one that asks.
        """
        if src is not None and port.given is None:
            self.set_appsrc(port, src)
        with self.lock:
            self._nudge()
            if self.line.state is not State.IDLE:
                return
            send = Send(port.stream, port.stream.take(None, 0), 0, None)
        self.playout.send(send)

    def _nudge(self) -> None:
        if self._idle:
            self._idle = False
            self.wake.notify()

    def start(self) -> bool:
        """Start the buffer thread; False when it runs already."""
        self.playout.hold()
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
        """Stop the thread, wake every waiter, let go of the sinks; within a second, False when it was stopped."""
        with self.lock:
            run, self._run = self._run, None
            if run is None:
                return False
            run.stopped = True
            self.line.stop(self.clock.get_time())
            sources = []
            for port in self.ports.values():
                sources.append(port.source)
                port.source = None
            self.wake.notify_all()
            self.change.notify_all()
        for source in sources:
            if source is not None:
                source.release()
        self.take_in_all()
        if run.thread is not None and run.thread is not threading.current_thread():
            run.thread.join(STOP_TIMEOUT_S)
        self.playout.adopt(self.clock.get_time())
        self.playout.loosen()
        return True

    def clear(self) -> None:
        """Drop everything stored."""
        self.take_in_all()
        with self.lock:
            evicted = self.line.clear()
            self.change.notify_all()
        del evicted  # freed here, outside the lock

    def loop(self) -> None:
        """The thread's work until it is stopped: wait for the fill, start playback, send, watch for stalls."""
        if self._run is not None:
            self._loop(self._run)

    def _work(self, run: _Run) -> None:
        """The thread: whatever ends it but a stop is logged, and is an emergency."""
        try:
            self._loop(run)
        except Exception:
            logger.exception("[BUFFER] the buffer thread failed; playback stops")
            if not run.stopped:
                try:
                    self.stop()
                finally:
                    self._call_for_help()

    @quick_switching()
    def _loop(self, run: _Run) -> None:
        report = Report(self.line, self.figures)
        playout, schedule = self.playout, self.line.schedule
        while not run.stopped:
            now_ns = self.clock.get_time()
            adopted = playout.adopt(now_ns)
            if self.live and (adopted or schedule.base_ns is None):
                playout.choose_cushion()
            base_ns = schedule.base_ns
            if adopted and base_ns is not None and schedule.paused_ns is None:
                playout.start(base_ns, self.clock)
            if self.line.state is State.PLAYING:
                self.take_in_all()
            rooms_ns = playout.rooms_ns()
            now_ns = self.clock.get_time()
            origin_ns = self.origin_ns(now_ns) if schedule.base_ns is None else None
            with self.lock:
                if run.stopped:
                    break
                step = self.line.step(now_ns, origin_ns, rooms_ns)
            refused = not playout.act(step, self.clock)
            if step.stalled:
                logger.error("[BUFFER] playback stalled: no frame was sent for longer than the stall timeout")
                self._call_for_help()
            report.look()
            changed = bool(step.sends or step.closes or step.evicted)
            wait_s = (LONGEST_WAIT_NS if refused else step.wait_ns) / NS_PER_S
            del step  # what was evicted is freed before the wait
            with self.lock:
                if changed:
                    self.change.notify_all()
                if wait_s and not run.stopped:
                    self._idle = not self.live
                    self.wake.wait(wait_s)
                    self._idle = False

    def _call_for_help(self) -> None:
        callback = self.on_stall
        if callback is not None:
            threading.Thread(target=callback, name="buffer-emergency", daemon=True).start()

    def origin_ns(self, now_ns: int) -> int | None:
        """What the clock showed at running time 0 of a live source; None for a source that is not live."""
        delay_ns = self.line.schedule.delay_ns
        origins_ns = (port.origin_ns(now_ns, self.clock, delay_ns) for port in list(self.ports.values()))
        return next((origin_ns for origin_ns in origins_ns if origin_ns is not None), None)
