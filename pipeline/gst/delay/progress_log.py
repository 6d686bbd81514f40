"""The delay line's regular lines in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pipeline.buffering.line import DelayLine
from pipeline.gst.delay.limits import DelayLimits

logger = logging.getLogger("buffer-manager")


class ProgressLog:
    """Logs the first frames, the figures every few seconds, and a hint where nothing comes. One thread only."""

    def __init__(
        self, line: DelayLine, figures: Callable[[], dict[str, Any]], limits: DelayLimits, now_s: float
    ) -> None:
        """figures: the guide's, see `BufferManager.get_stats`. now_s: any clock's time, as in `update`."""
        self._line = line
        self._every_s = limits.log_every_s
        self._figures = figures
        self._received = self._sent = False
        self._next_s = now_s + limits.log_every_s
        self._warn_s = now_s + limits.no_sample_after_s

    def update(self, now_s: float) -> None:
        """Log what is due; called between the steps."""
        if not (self._received and self._sent):
            self._log_first_frames(now_s)
        if now_s >= self._next_s:
            self._next_s += self._every_s
            self._log_figures()

    def _log_first_frames(self, now_s: float) -> None:
        leaders = [stream for stream in self._line.streams.values() if stream.leads]
        if not self._received and any(stream.counters.received for stream in leaders):
            self._received = True
            logger.info("[SOURCE] first frame received")
        if not self._sent and any(stream.counters.sent for stream in leaders):
            self._sent = True
            logger.info("[PLAYBACK] first frame sent")
        if any(stream.seen for stream in self._line.streams.values()):
            self._warn_s = float("inf")
        elif now_s >= self._warn_s:
            self._warn_s = float("inf")
            logger.warning("[SOURCE] no sample so far; does the appsink have emit-signals=true?")

    def _log_figures(self) -> None:
        figures = self._figures()
        logger.info("[SOURCE] %d frames received", figures["frames_received"])
        logger.info("[PLAYBACK] %(frames_sent)d frames sent, at %(current_playback_time).2f s", figures)
        logger.info(
            "[BUFFER] %(frame_buffer_size)d/%(frame_buffer_capacity)d frames, "
            "%(audio_buffer_size)d/%(audio_buffer_capacity)d audio chunks, %(display_buffer_duration).2f s",
            figures,
        )
