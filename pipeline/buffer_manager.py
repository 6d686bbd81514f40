"""BufferManager: the delay line between two GStreamer pipelines. Read this first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from pipeline.buffering.intake import Verdict
from pipeline.buffering.line import DelayLine, State, Step
from pipeline.buffering.schedule import Schedule
from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry
from pipeline.errors import ConfigError
from pipeline.gst import playback
from pipeline.gst.runtime import Gst
from pipeline.gst.source_edge import SourceEdge, read, shifted, stamped
from pipeline.timebase import NS_PER_MS, NS_PER_S, ns_to_seconds, seconds_to_ns

logger = logging.getLogger("buffer-manager")

STOP_TIMEOUT_S = 0.9
"""How long stop_buffer_thread waits for the thread, which may be inside a GStreamer call."""
REPORT_EVERY_S = 5.0
AUDIO_MATCH_NS = 50 * NS_PER_MS
"""A chunk that begins this much after a frame still belongs to it."""
AUDIO_SYNC_NS = 100 * NS_PER_MS
"""A chunk this far from a frame still is in sync with it."""

Ownership = Literal["auto", "copy", "reference"]


class _Run:
    """One life of the buffer thread; an abandoned thread finds its own stopped."""

    def __init__(self) -> None:
        self.stopped = False
        self.thread: threading.Thread | None = None


class BufferManager:
    """Holds what one pipeline makes for some seconds and hands it to another one, every sample once, in
    time.

    Any thread may call any method, the manager's own callbacks included; no method but `wait_drained`
    blocks, except that `on_new_sample` and `on_new_audio_sample` wait for room when the source is not live.

    Threads: the source's streaming threads store samples, one buffer thread sends them, and the
    emergency callback gets a thread of its own. Locking: there is one lock. What is to be done is
    decided under it (by `pipeline.buffering.line`) and done outside of it: no GStreamer call and no
    callback happens inside.
    """

    def __init__(
        self,
        buffer_duration: float = 7.0,
        framerate: int = 30,
        audio_chunks_per_sec: int = 100,
        appsrc: Any = None,
        audio_appsrc: Any = None,
        playback_pipeline: Any = None,
        *,
        delay: float | None = None,
        start_fill: float = 0.3,
        stall_timeout: float = 5.0,
        max_bytes: int | None = None,
        ownership: Ownership = "auto",
        live: bool = True,
        cushion: float = 0.5,
    ) -> None:
        """Durations are seconds. Raises ConfigError for an unusable argument.

        delay: from capture to playback; None: `start_fill` of `buffer_duration`, the share of the window
        that is filled before playback starts. stall_timeout: this long without a frame sent is a stall.
        max_bytes: bound of all windows together. live: playback is paced by the clock, and who is late
        loses; False: nothing is lost, everybody waits, and playback gets samples as fast as it takes
        them. cushion: how far ahead of its due time a sample is handed to playback.
        """
        _check_positive(buffer_duration=buffer_duration, framerate=framerate, cushion=cushion)
        _check_positive(audio_chunks_per_sec=audio_chunks_per_sec, stall_timeout=stall_timeout)
        if not 0 < start_fill <= 1:
            raise ConfigError(
                f"start_fill is {start_fill}; give a share of the window, above 0 and at most 1"
            )
        if delay is None:
            delay = start_fill * buffer_duration
        if not 0 < delay <= buffer_duration:
            raise ConfigError(f"delay is {delay} s; give more than 0 and at most the buffer_duration")
        if max_bytes is not None and max_bytes <= 0:
            raise ConfigError(f"max_bytes is {max_bytes}; give a positive number of bytes or None")
        if ownership not in ("auto", "copy", "reference"):
            raise ConfigError(f"ownership is {ownership!r}; give 'auto', 'copy' or 'reference'")
        self._live = live
        self._ownership = ownership
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)  # the buffer thread waits here
        self._change = threading.Condition(self._lock)  # producers that need room, and wait_drained
        self._line = DelayLine(
            Schedule(seconds_to_ns(delay), seconds_to_ns(cushion), clocked=live),
            duration_ns=seconds_to_ns(buffer_duration),
            stall_ns=seconds_to_ns(stall_timeout),
            max_bytes=max_bytes,
        )
        self._video = self._line.add_stream("video", nominal_ns=round(NS_PER_S / framerate), leads=True)
        self._audio = self._line.add_stream(
            "audio", nominal_ns=round(NS_PER_S / audio_chunks_per_sec), leads=False
        )
        self._sources = {
            stream.name: SourceEdge(partial(self._on_source_event, stream))
            for stream in (self._video, self._audio)
        }
        self._appsrcs: dict[str, Any] = {}
        self._playback_pipeline: Any = None
        self._clock = playback.system_clock()
        self._run: _Run | None = None
        self._idle = False  # the buffer thread waits, so a new sample should wake it
        self._emergency: Callable[[], Any] | None = None
        self.set_elements(appsrc, audio_appsrc, playback_pipeline)

    # Configuration

    def set_elements(
        self, appsrc: Any = None, audio_appsrc: Any = None, playback_pipeline: Any = None
    ) -> None:
        """Set or replace the playback side; what is not given stays as it is."""
        for name, element in (("video", appsrc), ("audio", audio_appsrc)):
            if element is not None:
                playback.configure_appsrc(element, self._appsrc_limit_ns, live=self._live)
                with self._lock:
                    self._appsrcs[name] = element
        if playback_pipeline is not None:
            self._playback_pipeline = playback_pipeline

    @property
    def _appsrc_limit_ns(self) -> int:
        """How much an appsrc takes: two cushions live, so that one may be late by another."""
        cushion_ns = max(self._line.schedule.cushion_ns, NS_PER_S // 4)
        return 2 * cushion_ns if self._live else cushion_ns

    def set_emergency_shutdown_callback(self, callback: Callable[[], Any] | None) -> None:
        """Call `callback()` once per stall, from a thread of its own; it may call any method."""
        self._emergency = callback

    # The source side

    def on_new_sample(self, sink: Any) -> Any:
        """Video appsink callback ("new-sample"): store one frame. Returns the Gst.FlowReturn."""
        return self._receive(self._video, sink)

    def on_new_audio_sample(self, sink: Any) -> Any:
        """Audio appsink callback ("new-sample"): store one chunk. Returns the Gst.FlowReturn."""
        return self._receive(self._audio, sink)

    def _receive(self, stream: Stream, sink: Any) -> Any:
        sample = sink.try_pull_sample(0)
        if sample is None:
            return Gst.FlowReturn.EOS if sink.is_eos() else Gst.FlowReturn.OK
        source = self._sources[stream.name]
        if source.sink is not sink:
            self._meet(source, sink)
        arrival = read(sample)
        if arrival is None:
            return Gst.FlowReturn.OK
        now_ns = self._clock.get_time()
        running_ns = arrival.shown_ns if arrival.decoded_ns is None else arrival.decoded_ns
        duration_ns = stream.nominal_ns if arrival.duration_ns is None else arrival.duration_ns
        with self._lock:
            verdict, order_ns = self._line.place(stream, running_ns, duration_ns, now_ns)
            shift_ns = stream.intake.shift_ns
        if not verdict.accepted:
            return Gst.FlowReturn.OK
        if verdict is Verdict.UNTIMED:
            sample = stamped(sample, order_ns)
        elif shift_ns:
            sample = shifted(sample, shift_ns)
        time_ns = order_ns
        if running_ns is not None and arrival.shown_ns is not None:
            time_ns += arrival.shown_ns - running_ns
        entry = Entry(order_ns, time_ns, time_ns + duration_ns, arrival.size_bytes, arrival.keyframe, sample)
        self._store(stream, entry, source)
        return Gst.FlowReturn.OK

    def _meet(self, source: SourceEdge, sink: Any) -> None:
        """A sink is seen for the first time. Until playback starts, its pipeline's clock is taken over."""
        source.watch(sink)
        clock = source.clock()
        if clock is not None and self._line.schedule.base_ns is None:
            self._clock = clock

    def _store(self, stream: Stream, entry: Entry, source: SourceEdge) -> None:
        waits = not self._live or not source.is_live
        with self._lock:
            while waits and self._must_wait(stream) and source.is_active:
                self._change.wait(0.05)  # an inactive source does not notify, so look now and then
            evicted = self._line.append(stream, entry)
            if self._idle:
                self._idle = False
                self._wake.notify()
        del evicted  # freed here, outside the lock

    def _must_wait(self, stream: Stream) -> bool:
        if self._line.has_room(stream):
            return False
        running = self._run is not None and not self._run.stopped
        return running or (not self._live and self._line.state is State.IDLE)

    def _on_source_event(self, stream: Stream, event: Any) -> None:
        """An event passed the stream's appsink (streaming thread); all samples before it are stored."""
        with self._lock:
            if event.type is Gst.EventType.EOS:
                stream.ended = True
                self._wake.notify()
            elif event.type is Gst.EventType.STREAM_START:
                stream.ended = False
            elif event.type is Gst.EventType.CAPS:
                stream.counters.caps_changes += 1
            elif event.type is Gst.EventType.SEGMENT:
                stream.counters.segments += 1
            elif event.type is Gst.EventType.FLUSH_STOP:
                stream.counters.flushes += 1

    # The playback side

    def _on_appsrc_need_data(self, _src: Any, _length: int) -> None:
        """Video appsrc callback ("need-data"): wakes the buffer thread, which sends what is due."""
        self._hint()

    def _on_audio_appsrc_need_data(self, _src: Any, _length: int) -> None:
        """Audio appsrc callback ("need-data"): wakes the buffer thread."""
        self._hint()

    def _hint(self) -> None:
        with self._lock:
            if self._idle:
                self._idle = False
                self._wake.notify()

    def _push_audio_for_timestamp(self, video_timestamp: float) -> bool:
        """Send the sound that belongs to a frame of running time `video_timestamp` (seconds).

        Sends every waiting chunk that begins at most 50 ms after the frame, the older ones too, so that
        the sound has no hole. Returns whether the newest chunk sent lies within 100 ms of the frame. The
        buffer thread does not need it: it sends picture and sound by one horizon.
        """
        frame_ns = seconds_to_ns(video_timestamp)
        with self._lock:
            taken = self._audio.take(frame_ns + AUDIO_MATCH_NS, NS_PER_S)
            sent_ns = self._audio.sent_ns
        self._send(self._audio, taken)
        return sent_ns is not None and abs(sent_ns - frame_ns) <= AUDIO_SYNC_NS

    # The buffer thread

    def start_buffer_thread(self) -> None:
        """Start the buffer thread, which starts playback once the window is filled; idempotent."""
        with self._lock:
            if self._run is not None:
                return
            run = self._run = _Run()
            self._line.begin()
            run.thread = threading.Thread(
                target=self._buffer_loop, args=(run,), name="buffer-manager", daemon=True
            )
        run.thread.start()
        logger.info("[BUFFER] thread started; playback starts after %.2f s", self.delay_s)

    def stop_buffer_thread(self) -> None:
        """Stop the buffer thread and wake every waiting producer; idempotent, returns within a second.

        What is stored stays. May be called from any thread and from every callback.
        """
        with self._lock:
            run, self._run = self._run, None
            if run is None:
                return
            run.stopped = True
            self._line.state = State.STOPPED
            self._wake.notify_all()
            self._change.notify_all()
        for source in self._sources.values():
            source.release()
        if run.thread is not None and run.thread is not threading.current_thread():
            run.thread.join(STOP_TIMEOUT_S)
        logger.info("[BUFFER] thread stopped")

    def _buffer_loop(self, run: _Run | None = None) -> None:
        """The buffer thread: wait for the fill, start playback, send what is due, watch for stalls."""
        if run is None:
            run = self._run
        if run is None:
            return
        report_s = time.monotonic() + REPORT_EVERY_S
        while not run.stopped:
            rooms_ns = self._measure_room()
            now_ns = self._clock.get_time()
            origin_ns = self._origin_ns(now_ns) if self._line.schedule.base_ns is None else None
            with self._lock:
                if run.stopped:
                    break
                step = self._line.step(now_ns, origin_ns, rooms_ns)
                self._idle = False
            self._act(step)
            if time.monotonic() >= report_s:
                report_s += REPORT_EVERY_S
                self._report()
            with self._lock:
                if step.sends or step.closes or step.evicted:
                    self._change.notify_all()
                if step.wait_ns and not run.stopped:
                    self._idle = not self._live
                    self._wake.wait(step.wait_ns / NS_PER_S)

    def _measure_room(self) -> dict[str, int]:
        """How many nanoseconds each appsrc still takes."""
        limit_ns = self._appsrc_limit_ns
        return {name: limit_ns - appsrc.get_current_level_time() for name, appsrc in self._appsrcs.items()}

    def _origin_ns(self, now_ns: int) -> int | None:
        """What the clock showed at running time 0 of a live source; None for a source that is not live."""
        for stream in (self._video, self._audio):
            source = self._sources[stream.name]
            if source.is_live and source.clock() is self._clock and stream.newest_ns is not None:
                origin_ns = source.base_ns() + stream.intake.shift_ns
                age_ns = now_ns - origin_ns - stream.newest_ns
                return origin_ns if age_ns < self._line.schedule.delay_ns else None
        return None

    def _act(self, step: Step) -> None:
        if step.start_base_ns is not None:
            self._start_playback(step.start_base_ns)
        for stream, entries in step.sends:
            self._send(stream, entries)
        for stream, begin_ns, end_ns in step.gaps:
            self._appsrcs[stream.name].send_event(Gst.Event.new_gap(max(begin_ns, 0), end_ns - begin_ns))
        for stream in step.closes:
            appsrc = self._appsrcs.get(stream.name)
            if appsrc is not None:
                appsrc.end_of_stream()
        if step.stalled:
            self._raise_alarm()

    def _start_playback(self, base_ns: int) -> None:
        appsrcs = list(self._appsrcs.values())
        pipeline = self._playback_pipeline or playback.pipeline_of(appsrcs)
        logger.info("[BUFFER] filled; playback starts")
        if pipeline is None:
            return
        if not self._live:
            pipeline.set_state(Gst.State.PLAYING)
            return
        playback.start(pipeline, appsrcs, self._clock, base_ns)
        if not playback.has_synced_sink(pipeline):
            self._line.schedule.cushion_ns = 0  # nothing downstream waits for the clock, so the thread does

    def _send(self, stream: Stream, entries: list[Entry]) -> None:
        """Push entries that were taken; what the appsrc refuses waits again."""
        appsrc = self._appsrcs.get(stream.name)
        if appsrc is None:
            return
        push_sample = appsrc.push_sample
        for place, entry in enumerate(entries):
            if push_sample(entry.sample) is not Gst.FlowReturn.OK:
                with self._lock:
                    stream.give_back(len(entries) - place)
                return

    def _raise_alarm(self) -> None:
        logger.error("[BUFFER] playback stalled: no frame sent for more than the stall timeout")
        callback = self._emergency
        if callback is not None:
            threading.Thread(target=callback, name="buffer-emergency", daemon=True).start()

    def _report(self) -> None:
        stats = self.get_stats()
        logger.info("[SOURCE] %d frames received", stats["frames_received"])
        logger.info(
            "[PLAYBACK] %d frames sent, at %.2f s", stats["frames_sent"], stats["current_playback_time"]
        )
        logger.info(
            "[BUFFER] %d of %d frames, %d of %d audio chunks, %.2f s",
            stats["frame_buffer_size"],
            stats["frame_buffer_capacity"],
            stats["audio_buffer_size"],
            stats["audio_buffer_capacity"],
            stats["display_buffer_duration"],
        )

    # The window

    def clear_buffers(self) -> None:
        """Drop everything stored and begin anew: counters at zero, and a running thread fills again."""
        with self._lock:
            evicted = self._line.clear()
            self._change.notify_all()
        del evicted

    def _remove_old_frames_locked(self) -> None:
        """Drop frames that ended 0.5 s before the playhead; the caller holds the lock."""
        self._evict_stale(self._video)

    def _remove_old_audio_chunks(self) -> None:
        """Drop audio chunks that ended 0.5 s before the playhead."""
        with self._lock:
            self._evict_stale(self._audio)

    def _evict_stale(self, stream: Stream) -> None:
        self._line.evict_stale(stream, self._clock.get_time())

    # What is going on

    def get_stats(self) -> dict[str, Any]:
        """The contract's eight figures; does not block the streaming threads. Times are seconds."""
        video, audio = self._video, self._audio
        playhead_ns = self.playhead_ns
        held_ns = max(video.ahead_ns, audio.ahead_ns)
        if playhead_ns is not None:
            held_ns = max((video.newest_ns or 0) - playhead_ns, (audio.newest_ns or 0) - playhead_ns, 0)
        return {
            "frames_received": video.counters.received,
            "frames_sent": video.counters.sent,
            "frame_buffer_size": len(video.window),
            "frame_buffer_capacity": video.capacity,
            "audio_buffer_size": len(audio.window),
            "audio_buffer_capacity": audio.capacity,
            "display_buffer_duration": ns_to_seconds(held_ns),
            "current_playback_time": ns_to_seconds(playhead_ns or 0),
        }

    @property
    def playhead_ns(self) -> int | None:
        """Running time that is due now, offline of the newest frame sent; None before playback starts."""
        base_ns = self._line.schedule.base_ns
        if base_ns is None:
            return None
        return int(self._clock.get_time()) - base_ns if self._live else self._video.sent_ns

    @property
    def delay_s(self) -> float:
        """Seconds from capture to playback."""
        return ns_to_seconds(self._line.schedule.delay_ns)

    @property
    def is_running(self) -> bool:
        """Whether the buffer thread runs."""
        return self._run is not None

    def wait_drained(self, timeout: float | None = None) -> bool:
        """Block until all streams ended and all was handed to playback; False after `timeout` seconds.

        Returns early, with False, when the thread is stopped.
        """
        with self._change:
            self._change.wait_for(lambda: self._line.state is State.DRAINED or self._run is None, timeout)
            return self._line.state is State.DRAINED


def _check_positive(**settings: float) -> None:
    for name, value in settings.items():
        if not (isinstance(value, int | float) and 0 < value < float("inf")):
            raise ConfigError(f"{name} is {value!r}; give a positive number")
