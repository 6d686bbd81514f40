"""StageReadings: reads the stages of a run, from the sources to the outputs."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.buffer_manager import BufferManager
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.run.limits import StageLimits
from pipeline.run.parts import RunParts
from pipeline.run.shown import Shown
from pipeline.run.stage_watch import Reading
from pipeline.settings import Settings

AHEAD_MARGIN_S = 0.25
"""The window has sent too little when it holds this much more than the delay: more than a step of its thread."""


class StageReadings:
    """Reads how far each stage is, without waiting for it. Any thread.

    No stage has work that need not have: the sources of a run that ends, playback that is paused. A camera that
    drops out goes on, because its last frame is repeated.
    """

    def __init__(
        self,
        settings: Settings,
        manager: BufferManager,
        parts: RunParts,
        shown: Shown,
        limits: StageLimits,
    ) -> None:
        self._settings = settings
        self._manager = manager
        self._parts = parts
        self._shown = shown
        # a stall of the whole run is found earlier, and by itself
        self._longest_s = settings.delay_s + settings.buffer.stall_timeout_s + limits.margin_s
        self._aside_s = limits.aside_s

    def read(self, *, is_draining: bool) -> list[Reading]:
        """The stages in order. `is_draining`: the capture ends, so nothing more has to come."""
        readings = [] if is_draining else [*self._sources()]
        detector = self._detector()
        if detector is not None:
            readings.append(detector)
        # offline the view waits until the detector has seen what is to come
        waits = detector is not None and detector.has_work and not detector.is_aside
        playback = self._parts.playback
        if playback is not None and self._manager.state != "paused":
            seen = None if detector is None or detector.is_aside else detector.mark
            readings += [self._window(), *self._playback(playback, seen, view_waits=waits)]
        return readings

    def _sources(self) -> Iterator[Reading]:
        analysis = self._parts.analysis
        for source in () if analysis is None else analysis.progress:
            stage = f"decoder of {source.name}" if source.waits_for_decoder else f"source {source.name}"
            yield Reading(stage, source.frames, not source.has_ended, self._longest_s)

    def _detector(self) -> Reading | None:
        worker = self._parts.worker
        if worker is None:
            return None
        state = worker.statistics()
        has_work = state.condition in ("working", "hanging") and state.waiting > 0
        done = (state.detected, state.errors)
        return Reading(
            f"detector {state.detector}", done, has_work, self._aside_s, is_aside=self._settings.is_live
        )

    def _window(self) -> Reading:
        stats = self._manager.statistics()
        video = stats.streams["video"]
        is_due = video.ended or video.ahead_s > stats.delay_s + AHEAD_MARGIN_S
        return Reading("window", video.sent, video.waiting > 0 and is_due, self._longest_s)

    def _playback(self, playback: PlaybackPipeline, seen: object, *, view_waits: bool) -> Iterator[Reading]:
        """`seen`: how far the detector is, which is progress of a view that waits for it."""
        sent, decoded = playback.waiting_frames
        view = "view" if decoded or not playback.decodes else "decoder behind the window"
        has_work = sent + decoded > 0 and not view_waits
        yield Reading(view, (self._shown.count, seen), has_work, self._longest_s)
        outputs = playback.outputs
        activity = outputs.activity
        encoded = sum(frames for frames, _ in activity)
        yield Reading("encoder", encoded, outputs.encoder_backlog > 0, self._longest_s)
        for status, (frames, waiting) in zip(outputs.statuses(), activity, strict=False):
            if status.state == "on":  # one stream that waits for the other is not held up by the output
                has_work = bool(waiting) and all(waiting)
                yield Reading(f"output {status.name}", (frames, waiting), has_work, self._longest_s)
