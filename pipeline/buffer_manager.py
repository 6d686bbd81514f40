"""BufferManager: the delay line between two GStreamer pipelines. Read this first."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.buffering import transport
from pipeline.buffering.annotations import Annotation, Annotations, checked
from pipeline.buffering.arguments import check_memory, check_positive, checked_delay
from pipeline.buffering.line import DelayLine
from pipeline.buffering.schedule import Schedule
from pipeline.buffering.snapshot import summary
from pipeline.buffering.step import State
from pipeline.errors import ConfigError
from pipeline.gst.delay import clock_sync, playhead
from pipeline.gst.delay.annotation_follower import AnnotationFollower
from pipeline.gst.delay.buffer_pool import BufferOwnership, Ownership
from pipeline.gst.delay.buffer_stream import BufferStream
from pipeline.gst.delay.delay_line_view import DelayLineView
from pipeline.gst.delay.element_kinds import check_appsrc, check_pipeline
from pipeline.gst.delay.engine import DelayEngine
from pipeline.gst.delay.frame_sound import push_sound
from pipeline.gst.delay.limits import DEFAULT_LIMITS, DelayLimits
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.output.clips import check_clip_path, write_clip
from pipeline.interpreter.processor_wait import ProcessorWait
from pipeline.timebase import NS_PER_S, seconds_to_ns

logger = logging.getLogger("buffer-manager")


class BufferManager(DelayLineView):
    """Takes the samples of one pipeline and hands them to another one after a constant delay, each exactly once.

    Any thread may call any method, from the manager's own callbacks too. These block: `wait_drained`, `save_clip`,
    `Reader.read`, and, when the source is not live, `on_new_sample` and the other sample callbacks while the window
    is full. Playback, `stop_buffer_thread` and the shutdown of the source's pipeline wake those; before the first
    start they wait for a second at most.

    Threads: the source's streaming threads store samples, one buffer thread sends them, and the emergency callback
    gets a thread of its own. Inside, `pipeline.buffering` decides (pure), and `pipeline.gst.delay.engine` holds the
    one lock and acts.

    Times of samples are running times in nanoseconds, the same number in both pipelines.
    """

    def __init__(
        self,
        buffer_duration: float = 7.0,
        framerate: float = 30,
        audio_chunks_per_sec: float = 100,
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
        keep_behind: float = 0.5,
        follow_drift: bool = True,
        limits: DelayLimits = DEFAULT_LIMITS,
    ) -> None:
        """Durations are seconds. Raises ConfigError for an unusable argument.

        delay: from capture to playback; None: `start_fill` of `buffer_duration`, the share of the window that is
        filled before playback starts. stall_timeout: this long without a frame sent is a stall. max_bytes: bound
        of all windows together. ownership: keep the source's memory ("reference"), copy it ("copy"), or copy it
        only where the source's pool has too few buffers ("auto"). live: playback is paced by the clock, and when
        it falls behind, the oldest samples are dropped; False: producers wait, nothing is dropped, and playback
        gets samples as fast as it takes them. cushion: how long before it is due a sample is handed to playback.
        keep_behind: how much stays in the window behind the playhead, for seeks back and clips. follow_drift:
        correct the times of a source whose clock runs faster or slower than ours. limits: further waits, and how
        often the log is written.
        """
        self._buffer_duration = buffer_duration
        self._framerate = framerate
        self._audio_chunks_per_sec = audio_chunks_per_sec
        check_positive(buffer_duration=buffer_duration, framerate=framerate)
        check_positive(audio_chunks_per_sec=audio_chunks_per_sec, stall_timeout=stall_timeout)
        check_positive(cushion=cushion, keep_behind=keep_behind)
        delay = checked_delay(delay, start_fill, buffer_duration)
        check_memory(max_bytes, ownership)
        schedule = Schedule(seconds_to_ns(delay), seconds_to_ns(cushion), clocked=live)
        self._line = DelayLine(
            schedule,
            duration_ns=seconds_to_ns(buffer_duration),
            stall_ns=seconds_to_ns(stall_timeout),
            max_bytes=max_bytes,
            keep_behind_ns=seconds_to_ns(keep_behind),
            follow_drift=follow_drift,
        )
        self._line.stall.waited_ns = ProcessorWait().since_last_ns
        self._line.gaps.waited_ns = ProcessorWait().since_last_ns
        self._engine = DelayEngine(self._line, lambda: BufferOwnership(ownership), limits, live=live)
        self._engine.figures = self.get_stats
        self._video = self._engine.add_stream("video", nominal_ns=round(NS_PER_S / framerate), leads=True)
        audio_ns = round(NS_PER_S / audio_chunks_per_sec)
        self._audio = self._engine.add_stream("audio", nominal_ns=audio_ns, leads=False)
        self.set_elements(appsrc, audio_appsrc, playback_pipeline)

    def __repr__(self) -> str:
        return f"<BufferManager {summary(self._line, self._engine.clock.get_time())}>"

    # Configuration

    @property
    def buffer_duration(self) -> float:
        """Seconds that the window holds."""
        return self._buffer_duration

    @property
    def framerate(self) -> float:
        """Frames per second that are expected."""
        return self._framerate

    @property
    def audio_chunks_per_sec(self) -> float:
        """Audio chunks per second that are expected."""
        return self._audio_chunks_per_sec

    @property
    def appsrc(self) -> Any:
        """The video appsrc, None before one is given."""
        return self._video.given_appsrc

    @property
    def audio_appsrc(self) -> Any:
        """The audio appsrc, None before one is given."""
        return self._audio.given_appsrc

    @property
    def playback_pipeline(self) -> Any:
        """The playback pipeline, None before one is given."""
        return self._engine.playback.given_pipeline

    @property
    def lock(self) -> threading.RLock:
        """The one lock, reentrant: what `_remove_old_frames_locked` wants held. Push and wait without it."""
        return self._engine.lock

    def set_elements(
        self, appsrc: Any = None, audio_appsrc: Any = None, playback_pipeline: Any = None
    ) -> None:
        """Set or replace the elements of the playback side; what is not given stays as it is.

        While playback runs, the new pipeline is started with what is due now, and the one before it is left as it
        is: it belongs to the caller. Raises ConfigError, and sets nothing, for what is no appsrc or no pipeline.
        """
        if appsrc is not None:
            check_appsrc(appsrc)
        if audio_appsrc is not None:
            check_appsrc(audio_appsrc, "audio_appsrc")
        if playback_pipeline is not None:
            check_pipeline(playback_pipeline)
        for ends, element in ((self._video, appsrc), (self._audio, audio_appsrc)):
            if element is not None:
                self._engine.set_appsrc(ends, element)
        if playback_pipeline is not None:
            self._engine.set_pipeline(playback_pipeline)

    def set_emergency_shutdown_callback(self, callback: Callable[[], Any] | None) -> None:
        """Call `callback()` once per stall, from a thread of its own; it may call any method."""
        self._engine.on_stall = callback

    def add_stream(
        self, name: str, appsrc: Any = None, *, samples_per_sec: float = 30, leads: bool = False
    ) -> BufferStream:
        """One more stream in the same time: a second camera, a second microphone, timed metadata.

        samples_per_sec: for samples without a duration. leads: look-ahead is promised for it as for the video
        (offline). Raises ConfigError for a name that is taken and for what is no appsrc.
        """
        check_positive(samples_per_sec=samples_per_sec)
        if name in self._line.streams:
            raise ConfigError(f"there is a stream {name!r} already; give another name")
        if appsrc is not None:
            check_appsrc(appsrc)
        ends = self._engine.add_stream(name, nominal_ns=round(NS_PER_S / samples_per_sec), leads=leads)
        if appsrc is not None:
            self._engine.set_appsrc(ends, appsrc)
        return BufferStream(self._engine, ends)

    def await_video(self) -> None:
        """The video is certain to come, or to end with EOS: playback waits for it, however late its first frame.

        Without this, video of which nothing has come half a second after the end of the sound does not exist.
        Any thread.
        """
        with self._engine.lock:
            self._video.stream.awaited = True

    # GStreamer callbacks

    def on_new_sample(self, sink: Any) -> Any:
        """Video appsink callback ("new-sample"): store one frame. Returns the Gst.FlowReturn."""
        return self._engine.receive(self._video, sink)

    def on_new_audio_sample(self, sink: Any) -> Any:
        """Audio appsink callback ("new-sample"): store one chunk. Returns the Gst.FlowReturn."""
        return self._engine.receive(self._audio, sink)

    def on_need_data(self, src: Any, _length: int) -> None:
        """Video appsrc callback ("need-data"): wakes the buffer thread, which sends what is due.

        Before that is started for the first time, pushes the next stored frame. `src` becomes the video appsrc
        where none was given. The guide calls it `_on_appsrc_need_data`.
        """
        self._engine.on_need_data(self._video, src)

    def on_audio_need_data(self, src: Any, _length: int) -> None:
        """Audio appsrc callback ("need-data"): as the video's. The guide calls it `_on_audio_appsrc_need_data`."""
        self._engine.on_need_data(self._audio, src)

    _on_appsrc_need_data = on_need_data
    _on_audio_appsrc_need_data = on_audio_need_data

    def _push_audio_for_timestamp(self, video_timestamp: float) -> bool:
        """Send the sound that belongs to a frame of running time `video_timestamp` (seconds).

        Sends every waiting chunk that begins at most 50 ms after the frame, older ones too, so that the sound has
        no hole. Returns whether the newest chunk sent lies within 100 ms of the frame. The buffer thread does not
        use it: it sends video and sound up to the same point in time.
        """
        return push_sound(self._engine, self._audio, seconds_to_ns(video_timestamp))

    # The buffer thread

    def start_buffer_thread(self) -> None:
        """Start the buffer thread, which starts playback once the window is filled; idempotent."""
        if self._engine.start():
            logger.info("[BUFFER] thread started; playback follows %.2f s behind", self.delay_s)

    def stop_buffer_thread(self) -> None:
        """Stop the buffer thread and wake every waiting producer; idempotent, returns within a second.

        What is stored stays. May be called from any thread and from every callback.
        """
        if self._engine.stop():
            logger.info("[BUFFER] thread stopped")

    def _buffer_loop(self) -> None:
        """The buffer thread's work until it is stopped (see `DelayEngine`)."""
        self._engine.loop()

    def wait_drained(self, timeout: float | None = None) -> bool:
        """Block until all streams have ended and playback has every sample; False after `timeout` seconds.

        Returns False early when the thread is stopped.
        """
        with self._engine.change:
            self._engine.change.wait_for(
                lambda: self._line.state is State.DRAINED or not self.is_running, timeout
            )
            return self._line.state is State.DRAINED

    # Transport

    def pause(self) -> None:
        """Freeze the picture while the window goes on filling; idempotent.

        Raises StateError offline, and after `play_out`.
        """
        playhead.pause(self._engine)

    def resume(self) -> None:
        """Go on where `pause` stopped, the delay longer by the pause; what the window lost meanwhile is skipped."""
        playhead.resume(self._engine)

    def play_out(self) -> None:
        """End a pause, and let none begin until the next start: what is left shall be played. Idempotent."""
        playhead.play_out(self._engine)

    def seek(self, time_ns: int) -> int:
        """Show what was captured at `time_ns`, as far as the window holds it; returns the time reached.

        Playback has the next `cushion` already and shows it first. Sound goes on without a hole, with one
        crossfade. An inter-coded picture goes on at the keyframe before. Raises StateError before playback
        starts, offline and after the end.
        """
        return playhead.seek(self._engine, time_ns)

    def set_delay(self, delay: float) -> float:
        """Change the delay (seconds) while playing: playback jumps by the difference, as `seek` does.

        Returns the delay reached, in seconds: longer than before needs that much behind the playhead
        (`keep_behind`), and goes back as far as it can. Raises ConfigError outside cushion to buffer_duration,
        StateError as `seek` does.
        """
        return playhead.set_delay(self._engine, delay)

    # Clips

    def save_clip(
        self, path: str | Path, before: float, after: float = 0.0, *, encoding: Encoding | None = None
    ) -> tuple[int, int]:
        """Write what is shown from `before` seconds ago to `after` seconds ahead to a playable file.

        Blocks while it writes; playback goes on. Compressed streams are written as they are, from a keyframe on;
        raw ones are encoded, by `encoding`, None: to H.264 and AAC by the best encoders here. The container is that
        of the file's suffix (mp4, mkv, flv, ts). Before playback starts, "now" is the newest sample. Returns the
        running times (ns) of its begin and end. Raises OutputError for another suffix, before anything else, and
        when it cannot be written, MissingDependencyError without an encoder, StateError when the window holds
        nothing of it.
        """
        path = Path(path)
        check_clip_path(path)
        centre_ns = self.playhead_ns
        if centre_ns is None:
            centre_ns = self._video.stream.newest_ns or 0
        begin_ns, end_ns = centre_ns - seconds_to_ns(before), centre_ns + seconds_to_ns(after)
        self._engine.store_inboxes()
        with self._engine.lock:
            parts = transport.clip(self._line, begin_ns, end_ns)
        return write_clip(path, parts, encoding)

    # Late knowledge, on time

    def annotate(self, kind: str, data: Any, *, captured_ns: int) -> Annotation:
        """Put `data` on the window's timeline: it holds from `captured_ns` on, until the next one of its kind.

        Playback and every consumer meet it at exactly the frame of that time, however late it was given within the
        delay. Raises LateError, and changes nothing, when that frame has been handed to playback: `delay` less
        `cushion` after its capture. Raises ConfigError for what is no name or no time, StateError for too many.
        """
        annotation = checked(kind, data, captured_ns)
        with self._engine.lock:
            self._line.annotations.add(annotation, self._line.schedule.delay_ns)
        return annotation

    @property
    def annotations(self) -> Annotations:
        """What has been annotated, to read on any thread: `annotations.at(kind, captured_ns)`."""
        return self._line.annotations

    def follow_annotations(
        self, kind: str, pad: Any, callback: Callable[[Annotation | None], Any]
    ) -> AnnotationFollower:
        """Call back when what the next buffer at `pad`, a pad of the playback pipeline, shows of `kind` changes.

        On the pad's streaming thread, before the buffer passes: what the callback sets on the element behind the
        pad holds from that frame on. None: nothing is shown. Close it when done.
        """
        return AnnotationFollower(pad, kind, self._line.annotations, self._captured_at_pads_ns, callback)

    def _captured_at_pads_ns(self, running_ns: int) -> int:
        offset_ns = clock_sync.offset_ns(self._engine.playback.appsrcs)
        return self.captured_ns(running_ns - offset_ns)

    # The window

    def clear_buffers(self) -> None:
        """Drop everything stored and begin anew: counters at zero, and a running thread fills again."""
        self._engine.clear()

    def _remove_old_frames_locked(self) -> None:
        """Drop frames that lie too far behind the playhead; the caller holds the lock."""
        self._line.evict_stale(self._video.stream, self._engine.clock.get_time())

    def _remove_old_audio_chunks(self) -> None:
        """Drop audio chunks that lie too far behind the playhead."""
        with self._engine.lock:
            self._line.evict_stale(self._audio.stream, self._engine.clock.get_time())
