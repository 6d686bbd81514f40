"""PanoramaWithVirtualCamera: both pipelines and the window between them; one lifetime, one order of failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pipeline.direction.camera_path import CameraPath
from pipeline.errors import ForesightError, PipelineError, StateError
from pipeline.gst.capture.detector_feed import DetectorFeed
from pipeline.gst.delay.buffer_stream import BufferStream
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.gst.playback.view_element import Onlooker
from pipeline.optics.rig import Rig
from pipeline.run.director_choice import camera_aspect, path_for
from pipeline.run.exports import Shown, write_exports
from pipeline.run.frame_view import FrameView
from pipeline.run.lifetime import Lifetime
from pipeline.run.limits import RunLimits
from pipeline.run.parts import RunParts
from pipeline.run.progress import Progress, RunReport
from pipeline.run.rig_choice import assumed_rig, known_rig
from pipeline.run.run_state import RunState
from pipeline.run.scene import Scene, scene_at
from pipeline.run.shutdown_wait import Ending
from pipeline.run.telling import Telling
from pipeline.run.wiring import (
    TIMELINE_MARGIN_S,
    build_analysis,
    build_playback,
    connect_analysis,
    connect_playback,
    make_buffer_manager,
    make_timeline,
    start_detector,
)
from pipeline.settings import Settings, check
from pipeline.timebase import Nanoseconds

PROGRESS_EVERY_S = 0.25


class PanoramaWithVirtualCamera:
    """A run: what `settings` name comes in, is analysed at once, and goes out `delay_s` later, directed.

    `rig`, `director`, `playback`, `timeline` and `camera_aspect` are for reading, the first three None at first;
    `onlooker`, set before `run`, sees every frame (see ViewElement). `run` belongs to one thread; `stop`, `abort`
    and `progress` may be called from any, a signal handler included. An object runs once.
    """

    def __init__(self, settings: Settings, limits: RunLimits = RunLimits()) -> None:
        """`limits`: how long the run waits for its parts. Raises ConfigError for settings that cannot work here;
        nothing is opened yet."""
        check(settings)
        self.settings = settings
        self._limits = limits
        self.camera_aspect = camera_aspect(settings)
        self.onlooker: Onlooker | None = None
        self.timeline = make_timeline(settings)
        self.buffer_manager = make_buffer_manager(settings)
        self.buffer_manager.set_emergency_shutdown_callback(self._on_stall)
        self._feed = DetectorFeed(live=settings.is_live)
        self._further_streams: list[BufferStream] = []
        self._parts = RunParts()
        self._shown = Shown()
        self._telling = Telling(settings, self.buffer_manager, self._parts, self._shown)
        self._lifetime = Lifetime()
        self._ending = Ending(limits.shutdown)
        self._error: ForesightError | None = None

    # What others may see. Any thread.

    @property
    def rig(self) -> Rig | None:
        """The cameras; None until the sources are known."""
        return self._parts.rig

    @property
    def director(self) -> CameraPath | None:
        """Who leads the camera; None until the sources are known."""
        return self._parts.path

    @property
    def playback(self) -> PlaybackPipeline | None:
        """The playback pipeline; None until the sources are known."""
        return self._parts.playback

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know so far."""
        return self._telling.notes

    @property
    def camera_outages(self) -> int:
        """How often a live camera went away so far."""
        return self._telling.camera_outages

    def progress(self) -> Progress:
        """One look at the run, which changes nothing; never blocks the streaming threads."""
        return self._telling.progress(self._lifetime.state)

    def scene_at(self, captured_ns: int) -> Scene:
        """What is seen and where the camera looks at a captured time, and what is coming; never blocks."""
        return scene_at(captured_ns, self.timeline, self.director, self.camera_aspect)

    def show_overlay(self, shown: bool) -> None:
        """Draw detections, the coming path and, in a panorama, the camera's frame; or stop drawing."""
        if self._parts.frame_view is not None:
            self._parts.frame_view.show_overlay(shown)

    # The lifetime

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
            report = self._telling.report()
            self.buffer_manager.clear_buffers()  # and its counts
        if self._error is not None:
            raise self._error
        return report

    def _start(self) -> None:
        """Open the sources, learn what they give, and have the window play it."""
        settings, parts = self.settings, self._parts
        rig, note = known_rig(settings)
        self._telling.note(note)
        analysis = parts.analysis = build_analysis(settings, rig, self._limits.camera)
        if self._is_ending:
            return
        analysis.on_error(self._fail)
        analysis.on_camera_lost(self._on_camera_lost)
        self._further_streams = connect_analysis(analysis, self.buffer_manager, self._feed)
        analysis.start()
        try:
            info = parts.info = analysis.wait_ready()
        except StateError:  # asked to end before anything came
            return
        if rig is None:
            rig, note = assumed_rig(*info.size_px)
            self._telling.note(note)
        if len(settings.sources) == 1:
            rig.check_frame(*info.size_px)
        parts.rig = rig
        parts.worker = start_detector(settings, rig, self.timeline, self._feed)
        parts.path = path_for(settings, self.timeline, rig)
        if settings.export.path_out is not None:
            self._shown.write_path(settings.export.path_out)
        view = parts.frame_view = FrameView(
            settings,
            rig,
            parts.path,
            self.scene_at,
            self.buffer_manager.captured_ns,
            analysis.lost_cameras,
            self._shown,
        )
        view.element.onlooker = self.onlooker
        playback = parts.playback = build_playback(settings, info, rig, view.element, self._limits)
        playback.on_error(self._fail)
        connect_playback(playback, self.buffer_manager, self._further_streams)
        self._lifetime.advance(RunState.BUFFERING)
        self.buffer_manager.start_buffer_thread()
        if self._error is not None:  # it came while there was no playback
            self._end_with_what_came()
        elif self._is_ending and not self._ending.is_hurried:  # asked to stop while starting
            analysis.finish()

    def _play_out(self, playback: PlaybackPipeline, on_progress: Callable[[Progress], None]) -> None:
        def tick() -> None:
            if self.buffer_manager.playhead_ns is not None:
                self._lifetime.advance(RunState.PLAYING)
            self._telling.sample(time.monotonic_ns())
            on_progress(self.progress())

        error = self._ending.wait(
            playback,
            PROGRESS_EVERY_S,
            tick,
            lambda: self.buffer_manager.state == "drained",
            self.abort,
        )
        self._error = self._error or error

    def stop(self) -> None:
        """End the capture now; what is in the window is still shown, and every file is finished. Idempotent."""
        if not self._lifetime.advance(RunState.DRAINING):
            return
        analysis = self._parts.analysis
        self._end_sound_with_picture()
        if analysis is not None:
            # the sinks' streaming threads may be waiting for room, so this must not wait for them
            threading.Thread(target=analysis.finish, name="finish-analysis", daemon=True).start()

    def _end_sound_with_picture(self) -> None:
        """Offline, sound is read far ahead of the picture; a film that is ended early ends with both."""
        coming = self.buffer_manager.future(self.settings.delay_s + TIMELINE_MARGIN_S)
        if not self.settings.is_live and coming and self.playback is not None:
            self.playback.end_sound_at(Nanoseconds(coming[-1].end_ns))

    def abort(self) -> None:
        """End at once: what is in the window is lost, files end where they are. Idempotent, any thread.

        `run` returns within some three seconds, also where a disk or a server stands still.
        """
        self._ending.hurry()
        self._lifetime.advance(RunState.DRAINING)
        self.buffer_manager.stop_buffer_thread()
        threading.Thread(target=self._end_both, name="abort", daemon=True).start()

    def _end_both(self) -> None:
        """Not on the thread that aborts: a signal handler's may hold what is needed here."""
        if self._parts.analysis is not None:
            self._parts.analysis.interrupt()
        if self.playback is not None:
            self.playback.finish()

    @property
    def _is_ending(self) -> bool:
        return self._lifetime.state is RunState.DRAINING

    def _close(self) -> None:
        """Analysis first, so that nothing comes any more; then the window; then playback."""
        parts = self._parts
        self._feed.close()
        self.buffer_manager.stop_buffer_thread()
        self.timeline.finish()
        if parts.analysis is not None:
            parts.analysis.stop()
        if parts.worker is not None:
            parts.worker.stop()
        is_down = parts.playback is None or parts.playback.stop(at_once=self._ending.is_hurried)
        if is_down and parts.frame_view is not None:
            parts.frame_view.close()  # what still runs still renders
        self._lifetime.advance(RunState.DONE)
        self._error = self._error or self._shown.close()
        write_exports(self.settings.export, self.timeline, parts.analysis, self._shown)

    # Trouble. The pipelines' own threads.

    def _fail(self, error: ForesightError) -> None:
        """The first failure ends the run; what was captured is still shown and recorded."""
        if self._error is None:
            self._error = error
        if self.playback is not None and self.playback.error is None:
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
        self._telling.note(f"camera {index} is gone, its last picture stays: {error}")
