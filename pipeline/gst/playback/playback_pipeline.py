"""PlaybackPipeline: the appsrcs, the view and the outputs, from start to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from pipeline.errors import ForesightError, PipelineError, StateError
from pipeline.gst.core.bus import BusListener
from pipeline.gst.core.connections import Connections, take_apart
from pipeline.gst.core.duration_limit import DurationLimit
from pipeline.gst.core.elements import is_raw
from pipeline.gst.core.frame_corrector import FrameCorrector
from pipeline.gst.core.shutdown import to_null
from pipeline.gst.output.browser_preview import BrowserPreview, OnFragment
from pipeline.gst.output.output_board import OutputBoard
from pipeline.gst.playback.limits import PlaybackLimits
from pipeline.gst.playback.sound_meter import SoundLevels, SoundMeter
from pipeline.gst.playback.sound_padding import SoundEnd
from pipeline.gst.runtime import Gst, GstApp
from pipeline.timebase import Nanoseconds

logger = logging.getLogger("foresight")

RIG_FRAMES = "rig-frames"
"""The name of the queue before the view."""


class PlaybackPipeline:
    """The pipeline from the appsrcs to the outputs, made by PlaybackPipelineBuilder, started by BufferManager.

    ``appsrc`` (``appsrcs`` if each camera is buffered separately) and ``audio_appsrc`` (None without sound) are
    ordinary appsrcs; ``outputs`` starts and stops outputs during playback. Any thread may call.
    """

    def __init__(
        self,
        pipeline: Gst.Pipeline,
        appsrcs: list[GstApp.AppSrc],
        audio_appsrc: GstApp.AppSrc | None,
        outputs: OutputBoard,
        make_browser_preview: Callable[[str | None, OnFragment], BrowserPreview],
        limits: PlaybackLimits = PlaybackLimits(),
        connections: Connections | None = None,
        sound_end: SoundEnd | None = None,
        correctors: Sequence[FrameCorrector] = (),
        sound_meter: SoundMeter | None = None,
    ) -> None:
        self.pipeline = pipeline
        self.appsrcs = appsrcs
        self.appsrc = appsrcs[0]
        self.audio_appsrc = audio_appsrc
        self.outputs = outputs
        self.connections = Connections() if connections is None else connections
        self._correctors = correctors
        self._limits = limits
        self._sound_end = sound_end
        self._sound_meter = sound_meter
        self._make_browser_preview = make_browser_preview
        self._browser_preview: BrowserPreview | None = None
        self._previewing = threading.Lock()
        self._over = threading.Event()
        self._error: ForesightError | None = None
        self._window_notes: tuple[str, ...] = ()
        self._on_error: Callable[[ForesightError], None] = lambda _error: None
        pipeline.set_property("message-forward", True)  # reports the EOS of each output
        self._bus = BusListener(pipeline, self._on_message)
        self._bus.start()

    @property
    def error(self) -> ForesightError | None:
        """Why the pipeline cannot continue; None while it can, and after a normal end."""
        return self._error

    @property
    def sound_levels(self) -> SoundLevels | None:
        """How loud the sound is that is played; None without sound."""
        return None if self._sound_meter is None else self._sound_meter.levels

    @property
    def padded_sound_s(self) -> float:
        """How much silence was added because the sound ended before the video, in seconds."""
        return 0.0 if self._sound_end is None else self._sound_end.padded_s

    @property
    def sound_end_s(self) -> float:
        """End of the sound that came, in seconds of running time; 0 without sound."""
        return 0.0 if self._sound_end is None else self._sound_end.end_s

    @property
    def has_one_rate(self) -> bool:
        """Whether each compressed camera stream has kept its frame rate so far; True for raw rig frames."""
        return all(corrector.has_one_rate for corrector in self._correctors)

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: a changed video, gaps in a push, generated silence, no display for the window."""
        changes = (note for corrector in self._correctors for note in corrector.notes)
        return (*changes, *self._window_notes, *self.outputs.notes)

    def on_error(self, callback: Callable[[ForesightError], None]) -> None:
        """Call `callback(error)` on the bus thread when the pipeline cannot continue."""
        self._on_error = callback

    def wait_over(self, timeout_s: float | None = None) -> bool:
        """Block until every output is finished or the pipeline has failed; False after `timeout_s`."""
        return self._over.wait(timeout_s)

    @property
    def decodes(self) -> bool:
        """Whether the window holds compressed video, which is decoded here."""
        return not is_raw(self.appsrc.get_caps())

    @property
    def waiting_frames(self) -> tuple[int, int]:
        """How many frames from the window, and how many rig frames, wait to be rendered. Never blocks."""
        queue = self.pipeline.get_by_name(RIG_FRAMES)
        rig_frames = 0 if queue is None else queue.get_property("current-level-buffers")
        return self.appsrc.get_property("current-level-buffers"), rig_frames

    def finish(self) -> None:
        """Push EOS to the appsrcs: the outputs finish when what is in the pipeline has been played."""
        for appsrc in (*self.appsrcs, self.audio_appsrc):
            if appsrc is not None:
                appsrc.end_of_stream()
        if self.pipeline.get_state(0)[1] == Gst.State.PAUSED:
            self.pipeline.set_state(Gst.State.PLAYING)  # a paused pipeline never reaches EOS otherwise

    def open_browser_preview(self, on_fragment: OnFragment, film: str | None = None) -> BrowserPreview:
        """Open a small video of a film, the first one if None, for browsers; an earlier one is closed. The caller
        closes it.

        Raises StateError before the first frame and after the end.
        """
        with self._previewing:
            if self._over.is_set():
                raise StateError("the video has ended; there is no preview any more")
            if self._browser_preview is not None:
                self._browser_preview.close()
            self._browser_preview = self._make_browser_preview(film, on_fragment)
            return self._browser_preview

    def end_sound_at(self, time_ns: Nanoseconds) -> None:
        """End the outputs' sound at this running time; what they already have stays."""
        for encoded in self.outputs.encoded_sounds():
            DurationLimit(encoded, time_ns)

    def stop(self, *, at_once: bool = False) -> bool:
        """Close the outputs, then set the pipeline to NULL. Idempotent.

        Blocks for a bounded time, about two seconds if the run must end `at_once`. Returns False if the pipeline
        cannot be set to NULL because an output is blocked.
        """
        self._bus.stop()
        self._over.set()
        with self._previewing:
            if self._browser_preview is not None:
                try:
                    self._browser_preview.close()
                except PipelineError as error:
                    logger.warning("%s", error)
        self.outputs.finish(at_once=at_once)
        is_down = to_null(self.pipeline, self._limits.hurried_null_s if at_once else self._limits.null_s)
        if not is_down:
            logger.warning("an output is blocked and cannot be closed; its file may be incomplete")
        self.connections.release()
        if is_down:
            take_apart(self.pipeline)
        return is_down

    def _on_message(self, message: Gst.Message) -> None:
        if message.type == Gst.MessageType.EOS:
            self._over.set()
        elif message.type in (Gst.MessageType.ERROR, Gst.MessageType.ELEMENT):
            error = self.outputs.on_message(message)
            if error is not None and self._error is None:
                self._error = error
                self._over.set()
                self._on_error(error)
        elif message.type == Gst.MessageType.WARNING and message.src.get_name() == "window":
            self._window_notes = ("this machine has no display: no window is shown",)
