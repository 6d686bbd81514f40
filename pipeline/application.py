"""PanoramaWithVirtualCamera: both pipelines and the window between them; one lifetime, one order of failure."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import cv2

from pipeline.analysis.jsonl import write_detections
from pipeline.analysis.timeline import Timeline
from pipeline.analysis.worker import DetectorWorker
from pipeline.buffer_manager import BufferManager
from pipeline.direction.camera_path import CameraPath
from pipeline.errors import ForesightError, PipelineError, StateError
from pipeline.gst.capture.analysis_pipeline import AnalysisPipeline, StreamInfo
from pipeline.gst.capture.detector_feed import DetectorFeed
from pipeline.gst.delay.buffer_stream import BufferStream
from pipeline.gst.output.file import Split
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.gst.playback.view_element import Onlooker, ViewElement
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.pipeline_builder import PipelineBuilder
from pipeline.playback_builder import PlaybackPipelineBuilder
from pipeline.redaction import redact_address
from pipeline.run.director_choice import camera_aspect, path_for, shows_panorama
from pipeline.run.encoding_choice import encoding_for, video_encoder
from pipeline.run.exports import Shown, write_truth
from pipeline.run.overlay import NoticePainter, OverlayPainter, paint_all
from pipeline.run.progress import Progress, RunReport
from pipeline.run.resource_usage import Rate, memory_mb, peak_memory_mb, processor_seconds
from pipeline.run.rig_choice import assumed_rig, detector_for, known_rig
from pipeline.run.shutdown_wait import Ending
from pipeline.settings import Settings, check
from pipeline.timebase import Nanoseconds

logger = logging.getLogger("foresight")

PROGRESS_EVERY_S = 0.25
RENDER_THREADS = 2
TIMELINE_MARGIN_S = 30.0
"""How much longer than the delay what was seen is kept: for what the director remembers."""

CAMERA_PATIENCE_S = 3.0
"""A camera's picture may be this late before its last one stands in for it; a third of a shorter delay."""


class PanoramaWithVirtualCamera:
    """A run: what `settings` name comes in, is analysed at once, and goes out `delay_s` later, directed.

    `rig`, `director`, `playback`, `timeline` and `camera_aspect` are for reading, the first three None at first;
    `onlooker`, set before `run`, sees every frame (see ViewElement). `run` belongs to one thread; `stop`, `abort`
    and `progress` may be called from any, a signal handler included. An object runs once.
    """

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigError for settings that cannot work here; nothing is opened yet."""
        check(settings)
        self.settings = settings
        self._live = settings.is_live
        self._notes: list[str] = []
        self._error: ForesightError | None = None
        self._state = "starting"
        self._ending = Ending()
        self._begun_s = time.monotonic()
        self._begun_cpu_s = processor_seconds()
        self._rate_in, self._rate_out, self._rate_cpu = Rate(), Rate(), Rate()
        self._analysis: AnalysisPipeline | None = None
        self.playback: PlaybackPipeline | None = None
        self._worker: DetectorWorker | None = None
        self.director: CameraPath | None = None
        self.camera_aspect = camera_aspect(settings)
        self._view_element: ViewElement | None = None
        self.rig: Rig | None = None
        self.onlooker: Onlooker | None = None
        self._renderers = ThreadPoolExecutor(RENDER_THREADS, thread_name_prefix="render")
        self._shown = Shown()
        self._further_streams: list[BufferStream] = []
        self._framerate = 0.0
        self.timeline = Timeline(
            span_s=settings.delay_s + TIMELINE_MARGIN_S, keep_all=settings.export.detections_out is not None
        )
        self._feed = DetectorFeed(live=self._live)
        self.buffer_manager = BufferManager(
            buffer_duration=settings.delay_s,
            delay=settings.delay_s,
            stall_timeout=settings.buffer.stall_timeout_s,
            max_bytes=settings.buffer.max_bytes,
            ownership=settings.buffer.ownership,
            live=self._live,
            keep_behind=settings.keep_behind_s,
        )
        self.buffer_manager.set_emergency_shutdown_callback(self._on_stall)

    def run(self, on_progress: Callable[[Progress], None] | None = None) -> RunReport:
        """Run until the sources end, `duration_s` is over, or `stop`; blocks. Raises ForesightError.

        `on_progress` is called four times a second on this thread. A run that is ended before anything came
        reports that nothing was shown.
        """
        try:
            self._start()
            if self.playback is not None:
                self._play_out(self.playback, on_progress or (lambda _progress: None))
        finally:
            self._close()
            report = self._report()
            self.buffer_manager.clear_buffers()  # and its counts
        if self._error is not None:
            raise self._error
        return report

    def _play_out(self, playback: PlaybackPipeline, on_progress: Callable[[Progress], None]) -> None:
        error = self._ending.wait(
            playback,
            PROGRESS_EVERY_S,
            lambda: on_progress(self.progress()),
            lambda: self.buffer_manager.state == "drained",
            self.abort,
        )
        self._error = self._error or error

    def stop(self) -> None:
        """End the capture now; what is in the window is still shown, and every file is finished. Idempotent."""
        if self._state == "draining":
            return
        self._state = "draining"
        analysis = self._analysis
        self._end_sound_with_picture()
        if analysis is not None:
            # the sinks' streaming threads may be waiting for room, so this must not wait for them
            threading.Thread(target=analysis.finish, name="finish-analysis", daemon=True).start()

    def _end_sound_with_picture(self) -> None:
        """Offline, sound is read far ahead of the picture; a film that is ended early ends with both."""
        coming = self.buffer_manager.future(self.settings.delay_s + TIMELINE_MARGIN_S)
        if not self._live and coming and self.playback is not None:
            self.playback.end_sound_at(Nanoseconds(coming[-1].end_ns))

    def abort(self) -> None:
        """End at once: what is in the window is lost, files end where they are. Idempotent, any thread.

        `run` returns within some three seconds, also where a disk or a server stands still.
        """
        self._ending.hurry()
        self.buffer_manager.stop_buffer_thread()
        threading.Thread(target=self._end_both, name="abort", daemon=True).start()

    def _end_both(self) -> None:
        """Not on the thread that aborts: a signal handler's may hold what is needed here."""
        if self._analysis is not None:
            self._analysis.interrupt()
        if self.playback is not None:
            self.playback.finish()

    def progress(self) -> Progress:
        """One look at the run. Any thread; never blocks the streaming threads."""
        stats = self.buffer_manager.get_stats()
        came, dropped = self._came_and_dropped()
        playing = self.buffer_manager.playhead_ns is not None
        if self._state in ("starting", "buffering", "playing") and self.playback is not None:
            self._state = "playing" if playing else "buffering"
        held_s = float(stats["display_buffer_duration"])
        return Progress(
            position_s=float(stats["current_playback_time"]),
            delay_s=self.buffer_manager.delay_s if playing else 0.0,
            buffer_fill=min(held_s / self.settings.delay_s, 1.0),
            buffer_s=held_s,
            fps_in=self._rate_in.update(came),
            fps_out=self._rate_out.update(stats["frames_sent"]),
            frames_in=came,
            frames_out=stats["frames_sent"],
            dropped=dropped,
            cpu_percent=100 * self._rate_cpu.update(processor_seconds()),
            memory_mb=memory_mb(),
            state=self._state,
            follows=self._follows(),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know so far. Any thread."""
        parts = (self._analysis, self.playback)
        return (*self._notes, *(note for part in parts if part is not None for note in part.notes))

    @property
    def camera_outages(self) -> int:
        """How often a live camera went away so far. Any thread."""
        return 0 if self._analysis is None else self._analysis.camera_outages

    def show_overlay(self, shown: bool) -> None:
        """Draw detections, the coming path and, in a panorama, the camera's frame; or stop drawing. Any thread."""
        if self._view_element is None or self._analysis is None:
            return
        aspect = self.camera_aspect if shows_panorama(self.settings) else None
        captured_ns = self.buffer_manager.captured_ns
        notice = NoticePainter(self._analysis.lost_cameras, captured_ns)
        overlay = OverlayPainter(self.timeline, self.director, captured_ns, aspect)
        self._view_element.painter = paint_all(overlay, notice) if shown else notice

    # The way up, in order

    def _start(self) -> None:
        settings = self.settings
        rig, note = known_rig(settings)
        self._note(note)
        analysis = self._analysis = PipelineBuilder(
            settings.sources,
            rig=rig,
            live=self._live,
            patience_s=min(CAMERA_PATIENCE_S, settings.delay_s / 3),
            storage=settings.storage,
            duration_s=settings.duration_s,
            detector_branch=settings.detector.kind != "none",
            encoder=partial(video_encoder, settings, 0.0, low_latency=True),
        ).build()
        if self._is_ending:
            return
        analysis.on_error(self._fail)
        analysis.on_camera_lost(self._on_camera_lost)
        analysis.video_appsink.connect("new-sample", self.buffer_manager.on_new_sample)
        for index, appsink in enumerate(analysis.video_appsinks[1:], 1):
            stream = self.buffer_manager.add_stream(f"camera-{index}", leads=True)
            appsink.connect("new-sample", stream.on_new_sample)
            self._further_streams.append(stream)
        analysis.audio_appsink.connect("new-sample", self.buffer_manager.on_new_audio_sample)
        if analysis.detector_appsink is not None:
            analysis.detector_appsink.connect("new-sample", self._feed.on_new_sample)
            analysis.detector_appsink.connect("eos", self._feed.on_eos)
        analysis.start()
        try:
            info = analysis.wait_ready()
        except StateError:  # asked to end before anything came
            return
        self._framerate = info.framerate
        if rig is None:
            rig, note = assumed_rig(*info.size_px)
            self._note(note)
        if len(settings.sources) == 1:
            rig.check_frame(*info.size_px)
        self._direct(rig)
        self._play(rig, info)
        self.buffer_manager.start_buffer_thread()
        if self._error is not None:  # it came while there was no playback
            self._end_with_what_came()
        elif self._state == "draining":  # asked to stop while starting
            analysis.finish()

    @property
    def _is_ending(self) -> bool:
        return self._state == "draining" or self._ending.is_hurried

    def _direct(self, rig: Rig) -> None:
        """Set detector and director to work on `rig`."""
        self.rig = rig
        settings = self.settings
        if settings.detector.kind == "none":
            self.timeline.finish()
        else:
            self._worker = DetectorWorker(detector_for(settings, rig), self.timeline, live=self._live)
            self._feed.attach(self._worker)
        self.director = path_for(settings, self.timeline, rig)

    def _play(self, rig: Rig, info: StreamInfo) -> None:
        """Build the playback pipeline and hand it to the buffer manager, which starts it."""
        settings = self.settings
        if settings.export.path_out is not None:
            self._shown.write_path(settings.export.path_out)
        # Decoders, detector, the view's bands and the encoder keep the cores busy by themselves.
        cv2.setNumThreads(1)
        view = self._view_element = ViewElement(
            rig, settings.size.width_px, settings.size.height_px, self._view_at, spread=self._renderers.map
        )
        view.onlooker = self.onlooker
        self.show_overlay(settings.overlay)
        playback = self.playback = PlaybackPipelineBuilder(
            info.video_caps,
            info.audio_caps,
            files=settings.outputs,
            split=Split.at(settings.split_s, settings.split_bytes),
            hls_segments=settings.hls_segments,
            streams=[secret.get_secret_value() for secret in settings.streams],
            show_window=settings.shows_window,
            is_watched=settings.web.address is not None,
            live=self._live,
            encoding=encoding_for(settings, info.framerate),
            view=view,
            rig=rig,
        ).build()
        playback.on_error(self._fail)
        self.buffer_manager.set_elements(playback.appsrc, playback.audio_appsrc, playback.pipeline)
        for stream, appsrc in zip(self._further_streams, playback.appsrcs[1:], strict=True):
            stream.set_appsrc(appsrc)
            appsrc.connect("need-data", stream.on_need_data)
        playback.appsrc.connect("need-data", self.buffer_manager.on_need_data)
        if playback.audio_appsrc is not None:
            playback.audio_appsrc.connect("need-data", self.buffer_manager.on_audio_need_data)

    def _view_at(self, time_ns: Nanoseconds) -> View:
        """The streaming thread asks where to look; the director answers."""
        if self.director is None:
            raise PipelineError("the playback pipeline runs without a director")
        view = self.director.view_at(self.buffer_manager.captured_ns(time_ns))
        self._shown.note(time_ns, view)
        return view

    # Trouble

    def _fail(self, error: ForesightError) -> None:
        """The first failure ends the run; what was captured is still shown and recorded."""
        if self._error is None:
            self._error = error
        playback = self.playback
        if playback is not None and playback.error is None:
            self._end_with_what_came()

    def _end_with_what_came(self) -> None:
        if self.buffer_manager.statistics().streams["video"].received:
            self.stop()
        else:
            self.abort()

    def _on_stall(self) -> None:
        self._ending.is_stalled = True
        self._fail(
            PipelineError(
                f"no frame was shown for {self.settings.buffer.stall_timeout_s:g} s; "
                "check that the source sends and that the output takes"
            )
        )

    def _on_camera_lost(self, index: int, error: ForesightError) -> None:
        self._note(f"camera {index} is gone, its last picture stays: {error}")

    def _note(self, note: str | None) -> None:
        if note is not None:
            self._notes.append(note)
            logger.warning("%s", note)

    # Telling

    def _came_and_dropped(self) -> tuple[int, int]:
        """Frames the sources gave, those they had to leave out included, and how many will never be shown."""
        video = self.buffer_manager.statistics().streams["video"]
        left_out = self._analysis.dropped_at_source if self._analysis is not None else 0
        return video.received + left_out, video.dropped + left_out

    def _follows(self) -> str:
        return "nothing" if self.director is None else self.director.state.follows

    def _report(self) -> RunReport:
        came, dropped = self._came_and_dropped()
        return RunReport(
            frames_in=came,
            frames_out=self._shown.count,
            dropped=dropped,
            duplicated=self.buffer_manager.statistics().streams["video"].repeated,
            duration_s=self._shown.duration_s(self._framerate),
            wall_s=time.monotonic() - self._begun_s,
            cpu_s=processor_seconds() - self._begun_cpu_s,
            peak_memory_mb=peak_memory_mb(),
            outputs=(
                *self.playback.outputs.files,
                *(redact_address(secret.get_secret_value()) for secret in self.settings.streams),
            )
            if self.playback
            else (),
            notes=self.notes,
            failures=self.playback.outputs.failures if self.playback else (),
        )

    # The way down, in order

    def _close(self) -> None:
        """Analysis first, so that nothing comes any more; then the window; then playback."""
        self._feed.close()
        self.buffer_manager.stop_buffer_thread()
        self.timeline.finish()
        if self._analysis is not None:
            self._analysis.stop()
        if self._worker is not None:
            self._worker.stop()
        if self.playback is None or self.playback.stop(at_once=self._ending.is_hurried):
            self._renderers.shutdown()  # what still runs still renders
        self._error = self._error or self._shown.close()
        self._export()

    def _export(self) -> None:
        """Write what was asked for beside the film."""
        export = self.settings.export
        if export.detections_out is not None:
            write_detections(export.detections_out, self.timeline.all())
        if export.truth_out is not None and self._analysis is not None:
            write_truth(export.truth_out, self._analysis.sources, self._shown.last_ns)
