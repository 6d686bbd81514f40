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
from pipeline.buffering.step import LONGEST_WAIT_NS, Send, State, Step
from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry
from pipeline.gst import playback
from pipeline.gst.attach import attach, detach
from pipeline.gst.crossfade import spliced
from pipeline.gst.held import Held
from pipeline.gst.ownership import Keeper
from pipeline.gst.port import Port
from pipeline.gst.runtime import Gst
from pipeline.gst.silence import bridge
from pipeline.gst.source_edge import SourceEdge, read, shifted, stamped
from pipeline.gst.switching import quick_switching
from pipeline.timebase import NS_PER_S

logger = logging.getLogger("buffer-manager")

STOP_TIMEOUT_S = 0.9
"""How long stop waits for the thread, which may be inside a GStreamer call."""
REPORT_EVERY_S = 5.0
LOOK_AGAIN_S = 0.05
"""A source that is shut down does not wake its waiting thread, so that one looks by itself."""
START_PATIENCE_S = 1.0
"""How long a full window waits for the buffer thread's first start, where the source can wait."""
INBOX = 256
"""At most this many samples wait to be stored; then the source's thread does it."""
SHORT_DELAY_NS = NS_PER_S // 5
"""With a delay shorter than this, samples do not wait to be stored."""
_OK = Gst.FlowReturn.OK  # looking these up costs as much as a small call
_EOS = Gst.FlowReturn.EOS
SMALLEST_LIMIT_NS = NS_PER_S // 2


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
        self.pipeline: Held | None = None
        self.clock: Any = playback.system_clock()
        self.on_stall: Callable[[], Any] | None = None
        self.on_report: Callable[[], None] | None = None
        self._make_keeper = make_keeper
        self._cushion_ns = line.schedule.cushion_ns
        self._run: _Run | None = None
        self._patient_until_s: float | None = None
        self._idle = False  # the buffer thread waits for something to happen

    def add_port(self, name: str, *, nominal_ns: int, leads: bool) -> Port:
        """A new stream; its elements come later."""
        with self.lock:
            stream = self.line.add_stream(name, nominal_ns=nominal_ns, leads=leads)
            port = Port(stream, SourceEdge(partial(self._on_event, name)), self._make_keeper())
            self.ports = {**self.ports, name: port}  # replaced, not changed: the thread iterates over it
        return port

    def set_appsrc(self, port: Port, appsrc: Any) -> None:
        """Set or replace the element that the stream is played through."""
        playback.configure_appsrc(appsrc, self._limit_ns, live=self.live)
        port.target = Held(appsrc)

    @property
    def _limit_ns(self) -> int:
        """How much an appsrc takes: two cushions, so that the thread may be late by one."""
        return max(2 * self._cushion_ns, SMALLEST_LIMIT_NS)

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
        sample = sink.try_pull_sample(0)
        if sample is None:
            return _EOS if sink.is_eos() else _OK
        if port.source.sink is not sink:
            self._meet(port, sink, sample)
        now_ns = self.clock.get_time()
        if self._may_wait_for_the_thread(port):
            port.inbox.append((sample, now_ns))
        else:
            with port.order:
                self.take_in(port)
                self._store(port, sample, now_ns)
        return _OK

    def _may_wait_for_the_thread(self, port: Port) -> bool:
        return (
            self.live
            and port.source.is_live
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
        for port in self.ports.values():
            self.take_in(port)

    def _store(self, port: Port, sample: Any, now_ns: int) -> None:
        arrival = read(sample, raw=port.raw)
        if arrival is None:
            return
        stream, source = port.stream, port.source
        decoded_ns, shown_ns, duration_ns, size_bytes, keyframe, discontinuity = arrival
        if duration_ns is None:
            duration_ns = stream.nominal_ns
        running_ns = shown_ns if decoded_ns is None else decoded_ns
        with self.lock:
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
        waits = not self.live or not source.is_live
        with self.lock:
            while waits and self._must_wait(stream, entry) and source.is_active:
                self.change.wait(LOOK_AGAIN_S)
            waited = waits and self.line.has_room(stream, entry)
            evicted = self.line.append(stream, entry, waited=waited)
            self._nudge()
            if port.waiting_readers:
                self.change.notify_all()
        del evicted  # freed here, outside the lock

    def _meet(self, port: Port, sink: Any, sample: Any) -> None:
        """A sink is seen for the first time. Until playback starts, its pipeline's clock is taken over."""
        port.source.watch(sink)
        self._note_caps(port, sample.get_caps())
        clock = port.source.clock()
        if clock is not None and self.line.schedule.base_ns is None:
            self.clock = clock

    @staticmethod
    def _note_caps(port: Port, caps: Any) -> None:
        port.keeper.check_again()
        port.caps = caps
        media = caps.get_structure(0).get_name() if caps and caps.get_size() else ""
        port.raw = media in ("video/x-raw", "audio/x-raw")
        port.stream.divisible = media == "audio/x-raw"

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

    def _on_event(self, name: str, event: Any) -> None:
        """An event passed the stream's appsink (streaming thread); all samples before it are stored."""
        port = self.ports[name]
        kind = event.type
        self.take_in(port)
        if kind is Gst.EventType.EOS:
            detach()
        gap_to_ns = port.source.gap_end_ns(event) if kind is Gst.EventType.GAP else 0
        if kind is Gst.EventType.CAPS:
            self._note_caps(port, event.parse_caps())
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
                stream.gap_to_ns = gap_to_ns + stream.intake.shift_ns
            elif kind is Gst.EventType.FLUSH_STOP:
                stream.counters.flushes += 1
                stream.ended = False

    # The buffer thread

    def hint(self) -> None:
        """Playback asks for data: wake the buffer thread if it has nothing else to wait for."""
        with self.lock:
            self._nudge()

    def _nudge(self) -> None:
        if self._idle:
            self._idle = False
            self.wake.notify()

    def start(self) -> bool:
        """Start the buffer thread; False when it runs already."""
        for target in self._targets():
            target.hold()
        with self.lock:
            if self._run is not None:
                return False
            run = self._run = _Run()
            self.line.begin()
            run.thread = threading.Thread(target=self._loop, args=(run,), name="buffer-manager", daemon=True)
            run.thread.start()
        return True

    def stop(self) -> bool:
        """Stop the thread, wake every waiter, let go of the sinks; within a second, False when it was stopped."""
        with self.lock:
            run, self._run = self._run, None
            if run is None:
                return False
            run.stopped = True
            self.line.state = State.STOPPED
            self.wake.notify_all()
            self.change.notify_all()
        self.take_in_all()
        for port in self.ports.values():
            port.source.release()
        if run.thread is not None and run.thread is not threading.current_thread():
            run.thread.join(STOP_TIMEOUT_S)
        for target in self._targets():
            target.loosen()
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

    @quick_switching()
    def _loop(self, run: _Run) -> None:
        report_s = time.monotonic() + REPORT_EVERY_S
        while not run.stopped:
            if self.line.state is State.PLAYING:
                self.take_in_all()
            if self.live and self.line.schedule.base_ns is None:
                self._choose_cushion()
            rooms_ns = self._rooms_ns()
            now_ns = self.clock.get_time()
            origin_ns = self.origin_ns(now_ns) if self.line.schedule.base_ns is None else None
            with self.lock:
                if run.stopped:
                    break
                step = self.line.step(now_ns, origin_ns, rooms_ns)
            refused = not self._act(step)
            if time.monotonic() >= report_s:
                report_s += REPORT_EVERY_S
                if self.on_report is not None:
                    self.on_report()
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

    def _rooms_ns(self) -> dict[str, int]:
        """How many nanoseconds each appsrc still takes."""
        limit_ns = self._limit_ns
        return {
            name: limit_ns - appsrc.get_current_level_time()
            for name, port in self.ports.items()
            if (appsrc := port.appsrc) is not None
        }

    def origin_ns(self, now_ns: int) -> int | None:
        """What the clock showed at running time 0 of a live source; None for a source that is not live."""
        for port in self.ports.values():
            stream, source = port.stream, port.source
            if source.is_live and source.clock() is self.clock and stream.newest_ns is not None:
                origin_ns = source.base_ns() - stream.intake.shift_ns
                age_ns = now_ns - origin_ns - stream.newest_ns
                return origin_ns if age_ns < self.line.schedule.delay_ns else None
        return None

    def _act(self, step: Step) -> bool:
        """Do what was decided; False when playback refused some of it."""
        if step.start_base_ns is not None:
            self._start_playback(step.start_base_ns)
        for stream, begin_ns, end_ns in step.gaps:
            port = self.ports[stream.name]
            bridge(port.appsrc, port.caps, max(begin_ns, 0), end_ns)
        taken = [self.send(send) for send in step.sends]
        for stream in step.closes:
            appsrc = self.ports[stream.name].appsrc
            if appsrc is not None:
                appsrc.end_of_stream()
        if step.stalled:
            self._raise_alarm()
        return all(taken)

    @property
    def appsrcs(self) -> list[Any]:
        """The elements that playback gets its samples through."""
        return [appsrc for port in self.ports.values() if (appsrc := port.appsrc) is not None]

    @property
    def playback_pipeline(self) -> Any:
        """The pipeline that shows the samples: the one given, or the one that holds the appsrcs; may be None."""
        given = None if self.pipeline is None else self.pipeline.element
        return given if given is not None else playback.pipeline_of(self.appsrcs)

    def _targets(self) -> list[Held]:
        targets = [port.target for port in self.ports.values()] + [self.pipeline]
        return [target for target in targets if target is not None]

    def _start_playback(self, base_ns: int) -> None:
        logger.info("[BUFFER] filled; playback starts")
        pipeline = self.playback_pipeline
        if pipeline is not None and self.live:
            playback.start(pipeline, self.appsrcs, self.clock, base_ns)
        elif pipeline is not None:
            pipeline.set_state(Gst.State.PLAYING)

    def _choose_cushion(self) -> None:
        """Where no sink waits for the clock, the buffer thread does: samples leave when they are due."""
        synced = playback.has_synced_sink(self.playback_pipeline)
        self.line.schedule.cushion_ns = self._cushion_ns if synced else 0
        self.line.late_is_fine = not synced

    def send(self, send: Send) -> bool:
        """Push entries that were taken; False when the appsrc refuses some, which then wait again."""
        appsrc = self.ports[send.stream.name].appsrc
        if appsrc is None:
            with self.lock:
                send.stream.give_back(len(send.entries))
            return False
        push_sample = appsrc.push_sample
        for place, entry in enumerate(send.entries):
            sample = entry.sample
            if place == 0 and send.splice is not None:
                sample = spliced(entry, send.splice)
            if send.shift_ns:
                sample = shifted(sample, send.shift_ns)
            if push_sample(sample) is not _OK:
                with self.lock:
                    send.stream.give_back(len(send.entries) - place)
                return False
        return True

    def _raise_alarm(self) -> None:
        logger.error("[BUFFER] playback stalled: no frame was sent for longer than the stall timeout")
        callback = self.on_stall
        if callback is not None:
            threading.Thread(target=callback, name="buffer-emergency", daemon=True).start()
