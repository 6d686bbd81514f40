"""PanoramaWithVirtualCamera: one run, from opening its sources to closing its outputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pipeline.analysis.camera_health import CameraHealth
from pipeline.analysis.detector import DetectionSet
from pipeline.direction.camera_path import CameraPath
from pipeline.errors import ForesightError, OutputError, PipelineError, StateError
from pipeline.foreign_code import Contained
from pipeline.gst.capture.detector_feed import DetectorFeed
from pipeline.gst.capture.stream_info import StreamInfo
from pipeline.gst.core.shutdown import all_within
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.gst.playback.view_element import Onlooker
from pipeline.match_folder.as_source import with_match_folder
from pipeline.media.film_file import FilmFile
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.proposals.proposal import Proposal
from pipeline.run.clip_book import ClipBook
from pipeline.run.director_choice import camera_aspect
from pipeline.run.dump import Dump
from pipeline.run.early_end import end_capture, end_pipelines
from pipeline.run.exports import Exports
from pipeline.run.film_clips import FilmClips
from pipeline.run.frame_account import Ending
from pipeline.run.kept_looks import keep_looks, make_ball_learning
from pipeline.run.lifetime import Lifetime
from pipeline.run.limits import RunLimits
from pipeline.run.match_chapters import begins_of, write_chapters
from pipeline.run.match_entry import MatchEntry
from pipeline.run.output_locks import output_locks
from pipeline.run.parts import RunParts
from pipeline.run.pictures import Pictures
from pipeline.run.progress import Progress, RunReport
from pipeline.run.reel import write_reel
from pipeline.run.rig_choice import known_rig, rig_for_frames
from pipeline.run.run_reporter import RunReporter
from pipeline.run.run_state import RunState
from pipeline.run.scene import Scene, scene_at
from pipeline.run.shown import Shown
from pipeline.run.shutdown_wait import ShutdownWait
from pipeline.run.stage_readings import StageReadings
from pipeline.run.stage_watchdog import StageWatchdog, advice
from pipeline.run.wiring import (
    build_analysis,
    build_playback,
    connect_analysis,
    connect_playback,
    make_buffer_manager,
    make_match_record,
    make_seams,
    make_sway_history,
    make_tag_clips,
    make_timeline,
    start_detector,
    start_proposals,
)
from pipeline.settings import Settings, check
from pipeline.timebase import Nanoseconds, seconds_to_ns

PROGRESS_EVERY_S = 0.25


class PanoramaWithVirtualCamera:
    """A run: the video of the sources is analysed at once, and played `delay_s` later with a directed camera.

    `rig`, `director`, `playback`, `timeline` and `camera_aspect` are read-only; the first three are None at first.
    `match` takes score, clock and tags, `dump` what must not be seen or heard; `film_clips` saves pieces of the
    film, which `clip_book` lists.
    `onlooker`, set before `run`, receives every frame of a film (see ViewElement), first of the first one
    (`watch_film`). One thread calls `run`, once; any thread may call `stop`, `abort` and `progress`, also from a
    signal handler.
    """

    def __init__(self, settings: Settings, limits: RunLimits = RunLimits()) -> None:
        """`limits`: how long the run waits for its parts. Nothing is opened yet.

        Raises ConfigError for settings that cannot work.
        """
        settings = with_match_folder(settings)
        check(settings)
        self.settings = settings
        self._limits = limits
        self.camera_aspect = camera_aspect(settings.film_specs[0].picture)
        self.onlooker: Onlooker | None = None
        self._watched = settings.film_specs[0]
        self._exports = Exports(settings.export, self._export_failed, live=settings.is_live)
        self.timeline = make_timeline(settings, self._detected)
        self.buffer_manager = make_buffer_manager(settings)
        self.buffer_manager.set_emergency_shutdown_callback(self._on_stall)
        shared_ns = self._shared_ns = self.buffer_manager.shared_ns if settings.is_live else int
        self.dump = Dump(self.buffer_manager.captured_ns)
        self._feed = DetectorFeed(live=settings.is_live, shared_ns=shared_ns)
        self._parts = RunParts()
        self._record = make_match_record(settings, self._export_failed, shared_ns)
        self._shown = Shown(self._frame_shown)
        self._reporter = RunReporter(settings, self.buffer_manager, self._parts, self._shown)
        self.clip_book = ClipBook()
        self.film_clips = FilmClips(
            self.clip_book,
            self._shown.times,
            lambda: self.buffer_manager.playhead_ns,
            has_film=settings.film_s > 0,
        )
        self._tag_clips = make_tag_clips(settings, self.film_clips, self._reporter.note, self._export_failed)
        self.match = MatchEntry(
            settings, self.buffer_manager, self._export_failed, self._tag_clips, self._record
        )
        self._lifetime = Lifetime()
        self._shutdown = ShutdownWait(limits.shutdown)
        self._error: ForesightError | None = None
        self._report: RunReport | None = None
        readings = StageReadings(settings, self.buffer_manager, self._parts, self._shown, limits.stages)
        self._stages = StageWatchdog(
            lambda: readings.read(is_draining=self._lifetime.is_draining),
            self._reporter.note,
            self._on_stuck,
            limits.stages,
        )

    # The lifetime, in order

    def run(self, on_progress: Callable[[Progress], None] | None = None) -> RunReport:
        """Run until the sources end, `duration_s` is over, or `stop`; blocks. Raises ForesightError.

        `on_progress` is called four times a second on this thread; what it raises is a note in the report. A run
        that is stopped before the first frame returns a report with no frames.
        """
        with output_locks(self.settings):
            return self._run(on_progress)

    def _run(self, on_progress: Callable[[Progress], None] | None) -> RunReport:
        try:
            opened = self._open()
            if opened is not None:
                playback = self._start_playback(*opened)
                self._play_out(playback, on_progress or (lambda _progress: None))
        except ForesightError as error:
            self._error = self._error or error
            raise
        finally:
            self._close()
            report = self._report = self._reporter.report(self._ending)
            self.buffer_manager.clear_buffers()  # and its counts
        if self._error is not None:
            raise self._error
        return report

    def _open(self) -> tuple[StreamInfo, Rig] | None:
        """Open the sources; returns their formats and the rig, None if stopped before the first frame."""
        parts = self._parts
        settings, rig, note = known_rig(self.settings)
        self.settings = settings
        self._reporter.begin(settings)
        self._reporter.note(note)
        if self._record is not None:
            self._reporter.note(self._record.make(settings))
        parts.seams = make_seams(settings, rig, self._reporter.note, self._learned)
        analysis = parts.analysis = build_analysis(
            settings, rig, self._limits.camera, parts.seams, self._record
        )
        if self._lifetime.is_draining:
            return None
        analysis.on_error(self._fail)
        analysis.on_camera_lost(self._reporter.camera_lost)
        parts.further_streams = connect_analysis(analysis, self.buffer_manager, self._feed)
        try:
            analysis.start()
            info = parts.info = analysis.wait_ready()
        except StateError:  # stopped before the first frame
            return None
        parts.rig, note = rig_for_frames(settings, rig, info.size_px)
        self._reporter.note(note)
        return info, parts.rig

    def _start_playback(self, info: StreamInfo, rig: Rig) -> PlaybackPipeline:
        """Start the detector and the buffer thread; playback starts when the window is full."""
        settings, parts, manager = self.settings, self._parts, self.buffer_manager
        if parts.analysis is not None:
            self._exports.begin(parts.analysis.sources, rig)
            if self._record is not None:
                self._record.begin(parts.analysis, info, rig)
            self.match.begin()
            parts.proposals = start_proposals(settings, parts.analysis, rig, self._proposed, self._shared_ns)
        pictures = Pictures(settings, rig)
        for note in pictures.notes:
            self._reporter.note(note)
        parts.sway = make_sway_history(settings, rig, self._reporter.note, pictures.bumped, self._learned)
        parts.learning = make_ball_learning(settings, rig, self._reporter.note)
        parts.worker = start_detector(
            settings,
            rig,
            self.timeline,
            self._feed,
            self._limits.detector,
            parts.sway,
            parts.seams,
            parts.learning,
        )
        pictures.direct(
            self.timeline,
            lambda: manager.full_at_ns,
            self._shown,
            manager.captured_ns,
            parts.lost_cameras,
            parts.sway,
            None if parts.seams is None else parts.seams.colours,
        )
        parts.pictures, parts.path = pictures, pictures.first.path
        pictures.watch(self._watched.picture, self.onlooker)
        playback = parts.playback = build_playback(
            settings,
            info,
            rig,
            pictures,
            self.match.graphics,
            self.dump,
            self._limits,
            parts.seams,
            manager.captured_ns,
        )
        playback.on_error(self._fail)
        self.film_clips.begin(playback.outputs.film)
        connect_playback(playback, manager, parts.further_streams)
        self._lifetime.advance(RunState.BUFFERING)
        manager.start_buffer_thread()
        self._stages.start()
        if self._error is not None:  # it failed while there was no playback
            self._play_what_was_captured()
        elif self._lifetime.is_draining and not self._shutdown.is_aborted:  # stopped while starting
            end_capture(settings, manager, parts)
        return playback

    def _play_out(self, playback: PlaybackPipeline, on_progress: Callable[[Progress], None]) -> None:
        """Block until every output has ended, or the outputs are blocked for too long."""

        def on_tick() -> None:
            if self.buffer_manager.playhead_ns is not None:
                self._lifetime.advance(RunState.PLAYING)
            self._reporter.sample(time.monotonic_ns())
            with Contained(KeyboardInterrupt) as call:
                on_progress(self.progress())
            if call.error is not None:
                self._reporter.not_shown(call.error)

        error = self._shutdown.wait_until_over(
            playback,
            PROGRESS_EVERY_S,
            on_tick,
            is_all_sent=lambda: self.buffer_manager.state == "drained",
            end_now=self.abort,
        )
        self._error = self._error or error

    def stop(self) -> None:
        """End the capture now; the window is still played, and every file is completed. Idempotent; any thread."""
        if self._lifetime.advance(RunState.DRAINING):
            end_capture(self.settings, self.buffer_manager, self._parts)

    def abort(self) -> None:
        """End at once: the window is discarded, and files end where they are. Idempotent; any thread.

        `run` returns within about three seconds, even if a disk or a server hangs.
        """
        self._shutdown.abort()
        self._lifetime.advance(RunState.DRAINING)
        self.buffer_manager.stop_buffer_thread()
        end_pipelines(self._parts)

    def _close(self) -> None:
        """Close the parts in the order in which the video passes through them, then write the exports."""
        parts = self._parts
        self._stages.stop()
        self._feed.close()
        self.buffer_manager.stop_buffer_thread()
        self.timeline.finish()
        if parts.sway is not None:
            parts.sway.finish()
        if parts.seams is not None:
            parts.seams.colours.finish()
        if parts.worker is not None:  # first: the analysis pipeline stops when its detector lets go
            if not self._shutdown.at_once:
                parts.worker.finish()
            parts.worker.stop(self._limits.detector.abort_s if self._shutdown.at_once else 0)
        if parts.analysis is not None:
            parts.analysis.stop()
            self.buffer_manager.stop_buffer_thread()  # of a run that is aborted, samples came until now
        if parts.proposals is not None:
            parts.proposals.close()
        is_down = parts.playback is None or parts.playback.stop(at_once=self._shutdown.at_once)
        shutdown = self._limits.shutdown
        if not self.film_clips.finish(
            shutdown.hurried_clips_s if self._shutdown.at_once else shutdown.clips_s
        ):
            self._reporter.note("a clip was not written in time; check the disk")
        if not self._shutdown.at_once and not all_within(shutdown.reel_s, [self._write_reel]):
            self._reporter.note("the reel was not written in time; check the disk")
        if not self._shutdown.at_once and not all_within(shutdown.looks_s, [self._keep_looks]):
            self._reporter.note("what was learned of the ball was not kept in time; check the disk")
        if is_down and parts.pictures is not None:
            parts.pictures.close()  # a pipeline that still runs still renders
        if is_down and not self._shutdown.at_once and parts.playback is not None:
            films = parts.playback.outputs.films
            if not all_within(shutdown.chapters_s, [lambda: self._write_chapters(films)]):
                self._reporter.note("the films' chapters were not written in time; check the disk")
        self._lifetime.advance(RunState.DONE)
        self._exports.close(at_once=self._shutdown.at_once)
        if self._record is not None:
            self._record.close(at_once=self._shutdown.at_once, is_complete=self._ending == "played")
        self.match.close()

    def _keep_looks(self) -> None:
        if self._parts.learning is None:
            return
        try:
            kept = keep_looks(self._parts.learning, self.settings)
        except OutputError as error:
            self._export_failed(error)
        else:
            if kept is not None:
                self._reporter.written(kept)

    def _write_reel(self) -> None:
        reel = self.settings.export.reel
        if reel is None or self._tag_clips is None:
            return
        clips = [self.clip_book.now(clip) for clip in self._tag_clips.clips()]
        try:
            if write_reel(reel, [clip for clip in clips if clip is not None], self._reporter.note):
                self._reporter.written(reel)
        except OutputError as error:
            self._export_failed(error)

    def film_begins(self) -> tuple[list[tuple[int, str]], int]:
        """What begins in the film so far, in ns after its first frame, with titles; and how long it is by now."""
        begin_ns, end_ns = self._shown.first_ns, self._shown.last_ns
        if begin_ns is None or end_ns is None:
            return [], 0
        lead_ns = seconds_to_ns(self.settings.chapter_lead_s)
        return begins_of(
            self.match.marks(), self._shown.times, begin_ns, end_ns + 1, lead_ns
        ), end_ns - begin_ns

    def _write_chapters(self, films: Sequence[FilmFile]) -> None:
        lead_ns = seconds_to_ns(self.settings.chapter_lead_s)
        write_chapters(films, self.match.marks(), self._shown.times, lead_ns, self._export_failed)

    def _frame_shown(self, time_ns: Nanoseconds, view: View) -> None:
        self._exports.shown(time_ns, view)
        if self._record is not None:
            self._record.shown(self.buffer_manager.captured_ns(time_ns), view)

    def _learned(self, line: str) -> None:
        self._exports.learned(line)
        if self._record is not None:
            self._record.learned(line)

    def _detected(self, seen: DetectionSet) -> None:
        self._exports.detected(seen)
        if self._record is not None:
            self._record.detected(seen)
        if self._parts.proposals is not None:
            self._parts.proposals.see(seen)

    def _proposed(self, proposal: Proposal) -> None:
        self._exports.proposed(proposal)
        if self._record is not None:
            self._record.proposed(proposal)
        self.match.proposals.put(proposal)

    # Failures. Called on the pipelines' threads.

    def _fail(self, error: ForesightError) -> None:
        """End the run with its first error; what has been captured is still played and recorded."""
        if self._error is None:
            self._error = error
        if self.playback is not None and self.playback.error is None:
            self._play_what_was_captured()

    def _play_what_was_captured(self) -> None:
        if self.buffer_manager.statistics().streams["video"].received:
            self.stop()
        else:
            self.abort()

    @property
    def _ending(self) -> Ending:
        if self._shutdown.is_aborted:
            return "aborted"
        return "played" if self._error is None and not self._shutdown.at_once else "failed"

    def _export_failed(self, error: ForesightError) -> None:
        self._reporter.failed(error)

    def _on_stall(self) -> None:
        self._shutdown.is_stalled = True
        culprit = self._stages.culprit()
        said = "" if culprit is None else f": the {culprit} stands still"
        self._fail(
            PipelineError(
                f"no frame was shown for {self.settings.buffer.stall_timeout_s:g} s{said}; "
                "check the sources and the outputs"
            )
        )

    def _on_stuck(self, stage: str, for_s: float) -> None:
        self._shutdown.is_stalled = True
        self._fail(PipelineError(f"the {stage} has stood still for {for_s:.0f} s; {advice(stage)}"))

    # Read by others. Any thread.

    @property
    def rig(self) -> Rig | None:
        """The cameras; None until the sources are known."""
        return self._parts.rig

    @property
    def director(self) -> CameraPath | None:
        """The path of the camera; None until the sources are known."""
        return self._parts.path

    @property
    def playback(self) -> PlaybackPipeline | None:
        """The playback pipeline; None until the sources are known."""
        return self._parts.playback

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user so far."""
        return self._reporter.notes

    @property
    def camera_outages(self) -> int:
        """How often a live camera has lost its connection so far."""
        return self._reporter.camera_outages

    @property
    def clock_drift_ppm(self) -> float:
        """By how many millionths a source's clock is fast (negative: slow); of several sources, the most."""
        return self._reporter.clock_drift_ppm

    @property
    def cameras(self) -> list[CameraHealth]:
        """What is known of each camera; empty before the first frame, or if it is not measured."""
        return self._parts.cameras()

    @property
    def report(self) -> RunReport | None:
        """The report of the run once it has ended, also if it failed; None before."""
        return self._report

    @property
    def error(self) -> ForesightError | None:
        """Why the run fails or has failed; None if it does not."""
        return self._error

    def progress(self) -> Progress:
        """The present figures of the run; changes nothing and never blocks the streaming threads."""
        return self._reporter.progress(self._lifetime.state, self._stages.standing)

    @property
    def is_well(self) -> bool:
        """Whether no stage stands still for longer than it may, as far as the watch over them goes on itself."""
        return self._stages.is_well

    def scene_at(self, captured_ns: int) -> Scene:
        """The detections, the view and the coming path at a captured time (running time, ns); never blocks."""
        return scene_at(captured_ns, self.timeline, self.director, self.camera_aspect)

    @property
    def watched_film(self) -> str:
        """The name of the film whose frames the onlooker sees."""
        return self._watched.name

    def watch_film(self, name: str) -> None:
        """Let the onlooker see the frames of another film. Raises StateError if there is none of that name."""
        found = next((film for film in self.settings.film_specs if film.name == name), None)
        if found is None:
            raise StateError(f"there is no film {name!r}; look at the list of films")
        self._watched = found
        if self._parts.pictures is not None:
            self._parts.pictures.watch(found.picture, self.onlooker)

    def show_overlay(self, shown: bool) -> None:
        """Switch the overlay on or off: detections, the coming path and, in a panorama, the camera's outline."""
        if self._parts.pictures is not None:
            self._parts.pictures.show_overlay(shown)
