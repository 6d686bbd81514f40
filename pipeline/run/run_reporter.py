"""RunReporter: collects a run's progress, its report and the notes for the user."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.buffer_manager import BufferManager
from pipeline.buffering.stats import BufferStatistics, drift_note, early_note
from pipeline.direction.camera_path import WAITING
from pipeline.errors import ForesightError, PipelineError
from pipeline.foreign_code import describe
from pipeline.gst.output.output_board import OutputBoard
from pipeline.run.disk_watch import DiskWatch
from pipeline.run.frame_account import (
    Ending,
    FrameAccount,
    account,
    account_faults,
    account_notes,
    missing_note,
    shorter_note,
    sound_note,
)
from pipeline.run.parts import RunParts
from pipeline.run.progress import FilmMade, Progress, RunReport
from pipeline.run.resource_usage import Rate, memory_mb, peak_memory_mb, processor_seconds
from pipeline.run.run_state import RunState
from pipeline.run.shown import Shown
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_S, Nanoseconds

logger = logging.getLogger("foresight")

DROPPED_OVER_NS = 10 * NS_PER_S
MEMORY_MARGIN = 1.1
"""How much more memory than its own length in video a delay needs, for sound and for what is just being sent."""


class RunReporter:
    """Reports on a run. Any thread; only the run's thread calls `sample`."""

    def __init__(self, settings: Settings, manager: BufferManager, parts: RunParts, shown: Shown) -> None:
        self._settings = settings
        self._manager = manager
        self._parts = parts
        self._shown = shown
        self._notes: list[str] = []
        self._has_noted_bound = False
        self._failures: list[str] = []
        self._written: list[Path] = []
        self._progress_failed = False
        self._started_s = time.monotonic()
        self._started_cpu_s = processor_seconds()
        self._rate_in, self._rate_out, self._rate_cpu = Rate(), Rate(), Rate()
        self._rate_dropped = Rate(DROPPED_OVER_NS)
        self._disks = DiskWatch()

    def note(self, note: str | None) -> None:
        """Keep and log a note for the user; does nothing for None."""
        if note is not None:
            self._notes.append(note)
            logger.warning("%s", note)

    def begin(self, settings: Settings) -> None:
        """Report on a run with `settings` from now on: its sources may be fewer than those that were given."""
        self._settings = settings

    def written(self, path: Path) -> None:
        """Count a file that was written after playback among the outputs."""
        self._written.append(path)

    def failed(self, error: ForesightError) -> None:
        """Keep and log the failure of a part without which the run goes on."""
        self._failures.append(str(error))
        logger.error("%s", error)

    def not_shown(self, error: BaseException) -> None:
        """Note, once, that the progress could not be shown."""
        if not self._progress_failed:
            self._progress_failed = True
            self.note(f"the progress could not be shown: {describe(error)}")

    def camera_lost(self, index: int, error: ForesightError) -> None:
        """Note that one camera of several is lost for good."""
        self.note(f"camera {index} is offline, its last frame is held: {error}")

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user so far."""
        parts = (
            self._parts.analysis,
            self._parts.sway,
            self._parts.seams,
            self._parts.worker,
            *(self._parts.pictures or ()),
            self._parts.playback,
        )
        stats = self._manager.statistics()
        clock = (
            *drift_note("the source", stats.clock_drift_ppm, stats.clock_correction_s),
            *early_note("the source", stats.skipped_early_s),
        )
        return (*self._notes, *clock, *(note for part in parts if part is not None for note in part.notes))

    @property
    def camera_outages(self) -> int:
        """How often a live camera has lost its connection so far."""
        return 0 if self._parts.analysis is None else self._parts.analysis.camera_outages

    @property
    def clock_drift_ppm(self) -> float:
        """By how many millionths a source's clock is fast (negative: slow); of several sources, the most."""
        at_camera = 0.0 if self._parts.analysis is None else self._parts.analysis.clock_drift_ppm
        return max(at_camera, self._manager.statistics().clock_drift_ppm, key=abs)

    def sample(self, now_ns: int) -> None:
        """Sample the counters whose rates `progress` reports. On the run's thread, a few times a second."""
        stats = self._manager.statistics()
        video = stats.streams["video"]
        self._note_memory_bound(stats)
        captured, dropped = self._captured_and_dropped()
        self._rate_in.sample(now_ns, captured)
        self._rate_dropped.sample(now_ns, dropped)
        if self._parts.playback is not None:
            self._disks.sample(now_ns, self._parts.playback.outputs.written())
        self._rate_out.sample(now_ns, video.sent)
        self._rate_cpu.sample(now_ns, processor_seconds())

    def _note_memory_bound(self, stats: BufferStatistics) -> None:
        """Note, once, that `buffer.max_bytes` is too small for the delay."""
        bound = self._settings.buffer.max_bytes
        if bound is None or self._has_noted_bound:
            return
        # live, what does not fit is dropped; offline, it is sent earlier
        if not stats.bound_by["bytes"] and (self._settings.is_live or stats.stored_bytes_most <= bound):
            return
        self._has_noted_bound = True
        delay_s, held_s = self._settings.delay_s, stats.streams["video"].stored_s
        needed_mb = math.ceil(stats.stored_bytes / max(held_s, 0.01) * delay_s * MEMORY_MARGIN / 1e6)
        self.note(
            f"buffer.max_bytes = {bound} holds only {held_s:.2f} s of video, so the camera sees no further ahead; "
            f"a delay of {delay_s:g} s needs about {needed_mb * 1_000_000}"
        )

    def progress(self, state: RunState, standing: tuple[str, ...] = ()) -> Progress:
        """The present figures of the run; changes nothing and never blocks the streaming threads.

        `standing`: the stages that stand still.
        """
        stats = self._manager.get_stats()
        captured, dropped = self._captured_and_dropped()
        held_s = float(stats["display_buffer_duration"])
        path = self._parts.path
        return Progress(
            position_s=float(stats["current_playback_time"]),
            delay_s=0.0 if self._manager.playhead_ns is None else self._manager.delay_s,
            buffer_fill=min(held_s / self._settings.delay_s, 1.0),
            buffer_s=held_s,
            fps_in=self._rate_in.per_second,
            fps_out=self._rate_out.per_second,
            frames_in=captured,
            frames_out=stats["frames_sent"],
            dropped=dropped,
            cpu_percent=100 * self._rate_cpu.per_second,
            memory_mb=memory_mb(),
            state=state.value,
            follows=(WAITING if path is None else path.state).follows,
            standing=standing,
            dropping_fps=round(self._rate_dropped.per_second, 2),
            offline=self._offline,
            sound=None if self._parts.playback is None else self._parts.playback.sound_levels,
            disks=self._disks.disks,
        )

    @property
    def _offline(self) -> tuple[str, ...]:
        analysis, newest_ns = self._parts.analysis, self._manager.newest_ns
        return (
            ()
            if analysis is None or newest_ns is None
            else tuple(analysis.lost_cameras(Nanoseconds(newest_ns)))
        )

    def report(self, ending: Ending = "played") -> RunReport:
        """The report, made after playback is closed and before the buffer manager's counts are cleared."""
        captured, dropped = self._captured_and_dropped()
        playback = self._parts.playback
        frames = None if playback is None else self._account(self._framerate, ending)
        streams = [spec.name for spec in self._settings.stream_specs]
        return RunReport(
            frames_in=captured,
            frames_out=self._shown.count,
            dropped=dropped,
            duplicated=self._manager.statistics().streams["video"].repeated,
            duration_s=self._shown.duration_s(self._framerate),
            wall_s=time.monotonic() - self._started_s,
            cpu_s=processor_seconds() - self._started_cpu_s,
            peak_memory_mb=peak_memory_mb(),
            outputs=() if playback is None else (*playback.outputs.files, *self._written, *streams),
            notes=self.notes,
            failures=(*(() if playback is None else playback.outputs.failures), *self._failures),
            frames=frames,
            films=() if playback is None else tuple(self._films(playback.outputs)),
        )

    def _films(self, outputs: OutputBoard) -> Iterator[FilmMade]:
        for film in self._settings.film_specs:
            made: tuple[Path | str, ...] = (
                *outputs.files_of(film.name),
                *(stream.name for stream in film.streams),
            )
            yield FilmMade(film.name, str(film.picture.size), film.picture.follow, made)

    @property
    def _framerate(self) -> float:
        return 0.0 if self._parts.analysis is None else self._parts.analysis.framerate

    def _account(self, framerate: float, ending: Ending) -> FrameAccount:
        """Note what became of frames that are neither shown nor dropped, and frames that a file lacks."""
        video = self._manager.statistics().streams["video"]
        frames = self._account_for_all(ending)
        files = [spec for spec in self._settings.source_specs if spec.kind in ("file", "chapters")]
        analysis, playback = self._parts.analysis, self._parts.playback
        has_one_rate = all(part.has_one_rate for part in (analysis, playback) if part is not None)
        if len(files) == len(self._settings.source_specs):
            name = ", ".join(spec.name for spec in files)
            rate, duration_s = framerate if has_one_rate else 0.0, self._shown.duration_s(framerate)
            self.note(missing_note(name, video.received, duration_s, rate, self._listed_frames))
        if analysis is None or playback is None:
            return frames
        sound = self._manager.statistics().streams["audio"]
        silent_s, duration_s = sound.gap_s + playback.padded_sound_s, self._shown.duration_s(framerate)
        self.note(sound_note(analysis.sound_name, sound.received, silent_s, duration_s))
        came_s = max(duration_s, playback.sound_end_s)
        self.note(shorter_note(analysis.promised_s, came_s))
        return frames

    @property
    def _listed_frames(self) -> int | None:
        """How many frames the index of the only source lists; None if it lists none, or was not read to its end."""
        analysis = self._parts.analysis
        if analysis is None or analysis.is_cut_short or len(analysis.sources) != 1:
            return None
        return analysis.sources[0].stated_frames

    def _account_for_all(self, ending: Ending) -> FrameAccount:
        """Note what became of the frames that came in, and fail if that is not known of each."""
        streams, analysis = self._manager.statistics().streams, self._parts.analysis
        frames = account(
            streams["video"],
            self._shown.count,
            ending,
            dropped_at_source=0 if analysis is None else analysis.dropped_at_source,
            refused_at_source={} if analysis is None else analysis.refused_at_source,
            lost_inside=self._lost_inside,
        )
        for note in account_notes(frames, ending):
            self.note(note)
        for fault in account_faults(frames, streams):
            self.failed(PipelineError(fault))
        return frames

    @property
    def _lost_inside(self) -> str | None:
        """Why playback may show another number of frames than it was sent; None if it may not."""
        if self._settings.storage == "raw":
            return None
        is_paired = bool(self._parts.further_streams)
        return "without a frame of every camera" if is_paired else "that could not be decoded"

    def _captured_and_dropped(self) -> tuple[int, int]:
        """How many frames the sources captured, dropped ones included, and how many will never be shown."""
        video = self._manager.statistics().streams["video"]
        dropped_at_source = 0 if self._parts.analysis is None else self._parts.analysis.dropped_at_source
        refused = 0 if self._parts.analysis is None else sum(self._parts.analysis.refused_at_source.values())
        return video.received + dropped_at_source + refused, video.dropped + dropped_at_source
