"""The playback pipeline, built: its appsrcs, its outputs, and how it ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pipeline.errors import ForesightError, PipelineError, StateError
from pipeline.gst.core.bus import BusListener
from pipeline.gst.core.duration_limit import DurationLimit
from pipeline.gst.core.shutdown import to_null
from pipeline.gst.output.browser_preview import BrowserPreview, OnPiece
from pipeline.gst.output.output_board import OutputBoard
from pipeline.gst.playback.limits import PlaybackLimits
from pipeline.gst.runtime import Gst, GstApp
from pipeline.timebase import Nanoseconds

logger = logging.getLogger("foresight")


class PlaybackPipeline:
    """appsrcs, view, outputs. Made by PlaybackPipelineBuilder, started by the BufferManager.

    ``appsrc`` (``appsrcs`` where each camera is buffered by itself) and ``audio_appsrc`` (None without sound)
    are ordinary appsrcs; ``outputs`` starts and stops outputs while the film plays. Any thread may call.
    """

    def __init__(
        self,
        pipeline: Gst.Pipeline,
        appsrcs: list[GstApp.AppSrc],
        audio_appsrc: GstApp.AppSrc | None,
        outputs: OutputBoard,
        make_browser_preview: Callable[[OnPiece], BrowserPreview],
        limits: PlaybackLimits = PlaybackLimits(),
    ) -> None:
        self.pipeline = pipeline
        self.appsrcs = appsrcs
        self.appsrc = appsrcs[0]
        self.audio_appsrc = audio_appsrc
        self.outputs = outputs
        self._limits = limits
        self._make_browser_preview = make_browser_preview
        self._browser_preview: BrowserPreview | None = None
        self._previewing = threading.Lock()
        self._over = threading.Event()
        self._error: ForesightError | None = None
        self._unseen: tuple[str, ...] = ()
        self._on_error: Callable[[ForesightError], None] = lambda _error: None
        pipeline.set_property("message-forward", True)  # an output's own end is news too
        self._bus = BusListener(pipeline, self._on_message)
        self._bus.start()

    @property
    def error(self) -> ForesightError | None:
        """Why the pipeline can go no further; None while it can, and after a good end."""
        return self._error

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the outputs: gaps in a push, silence that was generated, no screen."""
        return (*self._unseen, *self.outputs.notes)

    def on_error(self, callback: Callable[[ForesightError], None]) -> None:
        """Have `callback(error)` called on the bus thread when the pipeline can go no further."""
        self._on_error = callback

    def wait_over(self, timeout_s: float | None = None) -> bool:
        """Block until every output is finished or the pipeline has failed; False after `timeout_s`."""
        return self._over.wait(timeout_s)

    def finish(self) -> None:
        """End the film where it is: outputs are finished as soon as what is inside has gone through."""
        for appsrc in (*self.appsrcs, self.audio_appsrc):
            if appsrc is not None:
                appsrc.end_of_stream()
        if self.pipeline.get_state(0)[1] == Gst.State.PAUSED:
            self.pipeline.set_state(Gst.State.PLAYING)  # a held film has no end else

    def open_browser_preview(self, on_piece: OnPiece) -> BrowserPreview:
        """A small film of what is played for browsers, in place of the one before; the caller closes it.

        Raises StateError before the first picture and after the last.
        """
        with self._previewing:
            if self._over.is_set():
                raise StateError("the video has ended; there is no preview any more")
            if self._browser_preview is not None:
                self._browser_preview.close()
            self._browser_preview = self._make_browser_preview(on_piece)
            return self._browser_preview

    def end_sound_at(self, time_ns: Nanoseconds) -> None:
        """Let no sound of this running time or later into the outputs, beyond what they already have."""
        encoded = self.outputs.encoded_sound()
        if encoded is not None:
            DurationLimit(encoded, time_ns)

    def stop(self, *, at_once: bool = False) -> bool:
        """Let the pushes send their last, then set the pipeline to NULL. Idempotent.

        Blocks for a bounded time, for two seconds or so where the run has to end `at_once`. False where an output
        stands still, so that the pipeline is left alone as it is.
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
            self._unseen = ("this machine has no display: no window is shown",)
