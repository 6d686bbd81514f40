"""AnalysisPipeline: the sources, the rig frame and the appsinks, from start to stop."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from itertools import repeat

from pipeline.errors import ForesightError, SourceError, StateError
from pipeline.gst.capture.announced import announces_sound, lists_sound, promised_s
from pipeline.gst.capture.source import Source
from pipeline.gst.capture.source_progress import SourceProgress
from pipeline.gst.capture.stream_info import StreamInfo
from pipeline.gst.capture.stream_joiner import JoinedStreams
from pipeline.gst.core.bus import BusListener
from pipeline.gst.core.connections import Connections, take_apart
from pipeline.gst.core.elements import is_inside, static_pad
from pipeline.gst.core.explain import explain, tells_damage
from pipeline.gst.core.frame_corrector import FrameCorrector, corrected_px, orientation_at
from pipeline.gst.core.frame_rate import caps_fps
from pipeline.gst.core.hanging_source import is_closed, to_playing
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst, GstApp
from pipeline.media.frame_rate import FrameDurations, MeasuredRate
from pipeline.timebase import Nanoseconds

START_S = 5.0
"""Streams of a source that sends video have this long to begin; then the run goes on without them."""


class AnalysisPipeline:
    """The pipeline from the sources to the appsinks, made by PipelineBuilder. Any thread may call.

    ``video_appsink`` (``video_appsinks`` if each camera is buffered separately), ``audio_appsink`` (in the pipeline
    only if a source has sound) and ``detector_appsink`` (None unless requested) are ordinary appsinks: connect to
    their ``new-sample`` before `start`, with ``connections.connect``; `stop` disconnects. Only `start`,
    `wait_ready`, `finish` and `stop` block.
    """

    def __init__(
        self,
        pipeline: Gst.Pipeline,
        sources: list[Source],
        video_appsinks: list[GstApp.AppSink],
        audio_appsink: GstApp.AppSink,
        detector_appsink: GstApp.AppSink | None,
    ) -> None:
        self.pipeline = pipeline
        self.video_appsinks = video_appsinks
        self.video_appsink = video_appsinks[0]
        self.audio_appsink = audio_appsink
        self.detector_appsink = detector_appsink
        self.sources = sources
        self.correctors: list[FrameCorrector] = []
        """One for each camera, in order; none if nothing here decodes them."""
        self.connections = Connections()
        self.progress: list[SourceProgress] = []  # of each source, in their order
        self._entries: list[tuple[int, Gst.Pad]] = []
        self._lost: set[int] = set()
        self._changed = threading.Condition()
        self._complete = self._is_interrupted = self._has_audio = False
        self._caps: dict[GstApp.AppSink, Gst.Caps] = {}
        self._error: ForesightError | None = None
        self._on_error: Callable[[ForesightError], object] = lambda _error: None
        self._on_end: Callable[[], object] = lambda: None
        self._joined: JoinedStreams | None = None
        self._is_settled = self._is_limited = self._has_ended = False
        self._has_promised: dict[str, float] = {}
        self._damages: Counter[int] = Counter()
        self._rate = MeasuredRate()
        self._announces_sound = False
        self._on_camera_lost: Callable[[int, ForesightError], object] = lambda _index, _error: None
        self._bus = BusListener(pipeline, self._on_message)
        for appsink in (*video_appsinks, audio_appsink):
            pad = static_pad(appsink, "sink")
            self.connections.probe(pad, Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event, appsink)
        self._without_frame = set(video_appsinks)
        for appsink in video_appsinks:
            pad = static_pad(appsink, "sink")
            self.connections.probe(pad, Gst.PadProbeType.BUFFER, self._on_first_frame, appsink)
            self.connections.probe(pad, Gst.PadProbeType.BUFFER, self._on_timed_frame, FrameDurations())

    @property
    def has_audio(self) -> bool:
        """Whether a source has sound; known once `wait_ready` has returned."""
        return self._has_audio

    @property
    def dropped_at_source(self) -> int:
        """How many frames the sources dropped because they were too late."""
        return sum(source.dropped for source in self.sources)

    @property
    def refused_at_source(self) -> dict[str, int]:
        """How many frames the sources did not take, by reason."""
        refused: Counter[str] = Counter()
        for source in self.sources:
            refused.update(source.refused)
        return dict(refused)

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: cameras that lost their connection, streams that are not used, video that changed."""
        of_streams = () if self._joined is None else self._joined.notes
        damages = (
            f"{self.sources[index].name}: damaged in {count} place{'s' * (count > 1)}, as its decoder or its "
            "container says"
            for index, count in self._damages.items()
        )
        sources = (note for source in self.sources for note in source.notes)
        changes = (note for corrector in self.correctors for note in corrector.notes)
        return (*of_streams, *damages, *sources, *changes)

    @property
    def framerate(self) -> float:
        """Frames per second as far as is known now: by the caps, unless the timestamps say otherwise."""
        return self._rate.corrected(caps_fps(self._caps.get(self.video_appsink)))

    @property
    def has_one_rate(self) -> bool:
        """Whether frames come at one rate, and each source has kept it so far, as far as they are decoded here."""
        return self._rate.is_steady and all(corrector.has_one_rate for corrector in self.correctors)

    @property
    def is_cut_short(self) -> bool:
        """Whether it has a limit or was asked to `finish`, so that sources are not read to their ends."""
        return self._is_interrupted or self._is_limited

    @property
    def promised_s(self) -> Mapping[str, float]:
        """How long each recording with an index says that it is, in seconds, by its name; empty if cut short."""
        return {} if self.is_cut_short else self._has_promised

    @property
    def sound_name(self) -> str | None:
        """The source whose sound is used, or, if no sound came at all, one that announces some; None otherwise."""
        found = None if self._joined is None else self._joined.sound_name
        return found or (self._names() if self._announces_sound else None)

    @property
    def camera_outages(self) -> int:
        """How often a camera lost its connection, all cameras together."""
        return sum(source.outages for source in self.sources)

    @property
    def clock_drift_ppm(self) -> float:
        """By how many millionths a camera's clock is fast (negative: slow); of several cameras, the most."""
        return max((source.clock_drift_ppm for source in self.sources), key=abs, default=0.0)

    def lost_cameras(self, time_ns: Nanoseconds) -> list[str]:
        """The names, without secrets, of the cameras whose frame at that running time is held or missing."""
        return [self.sources[i].name for i in self.lost_indices(time_ns)]

    def lost_indices(self, time_ns: Nanoseconds) -> list[int]:
        """Which cameras' frames at that running time are held or missing."""
        return [i for i, source in enumerate(self.sources) if source.is_lost_at(time_ns)]

    def on_error(self, callback: Callable[[ForesightError], object]) -> None:
        """Call `callback(error)` when the pipeline cannot continue, usually on the bus thread."""
        self._on_error = callback

    def on_end(self, callback: Callable[[], object]) -> None:
        """Call `callback()` on the bus thread when every sink has reached EOS."""
        self._on_end = callback

    def on_camera_lost(self, callback: Callable[[int, ForesightError], object]) -> None:
        """Call `callback(index, error)` when one camera of several is lost for good, usually on the bus thread."""
        self._on_camera_lost = callback

    def start(self) -> None:
        """Set the pipeline to PLAYING. Raises SourceError, also after OPEN_S, and StateError as `wait_ready`."""
        self._bus.start()
        if any(source.has_own_pipelines for source in self.sources):  # they use this pipeline's running time
            self.pipeline.set_start_time(Gst.CLOCK_TIME_NONE)
            self.pipeline.set_base_time(Gst.SystemClock.obtain().get_time())
        outcome = to_playing(self.pipeline, self._changed, lambda: self._is_interrupted, self._names())
        if outcome == Gst.StateChangeReturn.FAILURE:
            with self._changed:
                self._changed.wait_for(lambda: self._error is not None, timeout=2.0)
            raise self._error or SourceError(f"{self._names()}: cannot be started")
        for index, source in enumerate(self.sources):
            source.start(self.pipeline.get_base_time(), partial(self._on_source_lost, index))

    def wait_ready(self, timeout_s: float = 20.0) -> StreamInfo:
        """Block until every stream's format is known: each video has sent a frame, the sound its caps.

        Raises SourceError on an error or after `timeout_s`, StateError if `finish` or `interrupt` is called first.
        """
        for wait_s in (START_S, max(timeout_s - START_S, 0.0)):
            with self._changed:
                self._changed.wait_for(
                    lambda: self._is_interrupted or self._error is not None or self._is_ready(),
                    timeout=wait_s,
                )
                has_video = not self._without_frame
            if has_video or (self._joined is not None and self._joined.is_held_up):
                self._settle()
        with self._changed:
            if self._error is not None:
                raise self._error
            if self._is_interrupted and not self._is_ready():
                raise StateError(f"{self._names()}: the run was stopped before any video arrived")
            if not self._is_ready():
                raise SourceError(
                    f"{self._names()}: no video within {timeout_s:g} s; check that the source is sending"
                )
            return self._info()

    def interrupt(self) -> None:
        """Wake a blocked `wait_ready`. Not for signal handlers, which may run on the waiting thread."""
        with self._changed:
            self._is_interrupted = True
            self._changed.notify_all()

    def finish(self) -> None:
        """End the capture now: EOS follows what has been captured, even if a source is stuck.

        Blocks until the streaming threads have room; offline they wait for space in the window.
        """
        self.interrupt()
        for source in self.sources:
            source.leave()
        self._end_sources(set(range(len(self.sources))))

    def stop(self) -> None:
        """Set the pipeline to NULL and close the sources. Idempotent; blocks for a bounded time."""
        self._bus.stop()
        for source in self.sources:
            source.leave()
        is_down = is_closed(self.pipeline, self._names())
        for source in self.sources:
            source.close()
        self.connections.release()
        if self._joined is not None:
            self._joined.release()
        if is_down:
            take_apart(self.pipeline)

    # Called by PipelineBuilder while it links the streams.

    def video_enters(self, entries: list[Gst.Pad]) -> None:
        """Register the pads where each source's video enters, in order; EOS is sent there."""
        with self._changed:
            self._entries += enumerate(entries)
        self.progress = [*map(SourceProgress, self.sources, entries, repeat(self.connections))]

    def sound_found(self, index: int, entry: Gst.Pad) -> None:
        """Note that the sound of source `index` enters at `entry` and goes to the audio appsink."""
        with self._changed:
            self._has_audio = True
            self._entries.append((index, entry))

    def streams_joined(self, joined: JoinedStreams, *, is_limited: bool) -> None:
        """Register the linked streams, before `start`; `is_limited`: they end at a given running time."""
        self._joined, self._is_limited = joined, is_limited

    def streams_complete(self, cameras_with_video: set[int]) -> None:
        """Note that all streams of all sources are known; fails if a source has no video."""
        blind = [source.name for index, source in enumerate(self.sources) if index not in cameras_with_video]
        if blind:
            self.fail(SourceError(f"{', '.join(blind)}: holds no video; give a source that does"))
        with self._changed:
            self._complete = True
            self._changed.notify_all()

    def _names(self) -> str:
        return ", ".join(source.name for source in self.sources)

    def _is_ready(self) -> bool:
        wanted = [*self.video_appsinks, *([self.audio_appsink] if self._has_audio else [])]
        if self._without_frame or not (self._complete and all(appsink in self._caps for appsink in wanted)):
            return False
        said_fps = caps_fps(self._caps[self.video_appsink])
        return self._is_settled or self._has_ended or self._rate.is_known or self._rate.agrees(said_fps)

    def _settle(self) -> None:
        """There is video: go on without what was announced and does not come."""
        self._is_settled = True
        sound_caps = None if self._joined is None or self._is_ready() else self._joined.settle()
        if sound_caps is not None:
            self._caps[self.audio_appsink] = sound_caps

    def _info(self) -> StreamInfo:
        video_caps = tuple(self._caps[appsink] for appsink in self.video_appsinks)
        orientations = tuple(orientation_at(static_pad(sink, "sink")) for sink in self.video_appsinks)
        return StreamInfo(
            video_caps=video_caps,
            audio_caps=self._caps.get(self.audio_appsink),
            size_px=corrected_px(video_caps[0], orientations[0]),
            framerate=self._rate.early_corrected(caps_fps(video_caps[0])),
            orientations=orientations,
        )

    def _on_event(self, _pad: Gst.Pad, info: Gst.PadProbeInfo, appsink: GstApp.AppSink) -> Gst.PadProbeReturn:
        event = info.get_event()
        kind = None if event is None else event.type
        if event is not None and kind == Gst.EventType.CAPS:
            with self._changed:
                self._caps[appsink] = event.parse_caps()
                self._changed.notify_all()
        elif kind == Gst.EventType.EOS and appsink is self.video_appsink and not self._without_frame:
            with self._changed:
                self._has_ended = True
                self._changed.notify_all()
        elif kind == Gst.EventType.EOS and appsink in self._without_frame and not self._is_interrupted:
            named = self._names()
            self.fail(
                SourceError(f"{named}: announces video, but ended before its first frame; check the source")
            )
        return Gst.PadProbeReturn.OK

    def _on_first_frame(
        self, _pad: Gst.Pad, _info: Gst.PadProbeInfo, appsink: GstApp.AppSink
    ) -> Gst.PadProbeReturn:
        with self._changed:
            self._without_frame.discard(appsink)
            self._changed.notify_all()
        if not self._without_frame:
            self._announces_sound |= any(announces_sound(source.element) for source in self.sources)
            self._has_promised = {
                source.name: length_s for source in self.sources if (length_s := promised_s(source.element))
            }
        return Gst.PadProbeReturn.REMOVE

    def _on_timed_frame(
        self, pad: Gst.Pad, info: Gst.PadProbeInfo, durations: FrameDurations
    ) -> Gst.PadProbeReturn:
        """Learn the frame rate from the timestamps, and correct durations that contradict them."""
        buffer = info.get_buffer()
        time_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
        if buffer is None or time_ns is None:
            return Gst.PadProbeReturn.OK
        said_ns = Nanoseconds(0 if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration)
        lasts_ns = durations.checked(Nanoseconds(time_ns), said_ns)
        if lasts_ns != said_ns:
            buffer.duration = lasts_ns
        if pad.get_parent() is self.video_appsink and not self._rate.is_full:
            with self._changed:
                self._rate.add(Nanoseconds(time_ns))
                self._changed.notify_all()
        return Gst.PadProbeReturn.OK

    def _on_message(self, message: Gst.Message) -> None:
        if message.type == Gst.MessageType.ERROR:
            self._on_failure(message)
        elif message.type == Gst.MessageType.EOS:
            self._on_end()
        elif message.type == Gst.MessageType.WARNING:
            index = self._source_of(message)
            if index is not None and tells_damage(message):
                self._damages[index] += 1
        elif message.type == Gst.MessageType.STREAM_COLLECTION:
            self._announces_sound |= lists_sound(message.parse_stream_collection())

    def _on_failure(self, message: Gst.Message) -> None:
        index = self._source_of(message)
        if index is None and not is_inside(message.src, self.pipeline):
            return  # of a chapter that was closed since
        if index is not None and self.sources[index].survives(message):
            return
        if index is not None:
            self._on_source_lost(index, explain(message, "source", self.sources[index].name))
            return
        self.fail(explain(message, "pipeline", self._names()))

    def _source_of(self, message: Gst.Message) -> int | None:
        for index, source in enumerate(self.sources):
            if is_inside(message.src, source.element):
                return index
        return None

    def _on_source_lost(self, index: int, error: ForesightError) -> None:
        """Fail, unless it is one camera of several that has sent video: its last frame is then held."""
        if index in self._lost:
            return
        self._lost.add(index)
        began = any(
            entry.get_current_caps() is not None for source, entry in self._entries if source == index
        )
        if len(self._lost) == len(self.sources) or not began:
            self.fail(error)
            return
        self._end_sources({index})
        self._on_camera_lost(index, error)

    def _end_sources(self, indices: set[int]) -> None:
        for index, entry in list(self._entries):
            if index in indices:
                entry.send_event(Gst.Event.new_eos())

    def fail(self, error: ForesightError) -> None:
        """Report that the pipeline cannot continue; only the first error counts. Any thread."""
        with self._changed:
            if self._error is not None:
                return
            self._error = error
            self._changed.notify_all()
        self._on_error(error)
