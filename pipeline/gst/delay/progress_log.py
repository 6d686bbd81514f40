"""The delay line's regular lines in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from pipeline.buffering.line import DelayLine

logger = logging.getLogger("buffer-manager")

REPORT_EVERY_S = 5.0
NO_SAMPLE_AFTER_S = 5.0
"""A source that has brought nothing for so long may not be connected as it should be."""


class ProgressLog:
    """Logs the first frames, the figures every few seconds, and a hint where nothing comes. One thread only."""

    def __init__(self, line: DelayLine, figures: Callable[[], dict[str, Any]]) -> None:
        """figures: the guide's, see `BufferManager.get_stats`."""
        self._line = line
        self._figures = figures
        self._received = self._sent = False
        now_s = time.monotonic()
        self._next_s = now_s + REPORT_EVERY_S
        self._warn_s = now_s + NO_SAMPLE_AFTER_S

    def update(self) -> None:
        """Log what is due; called between the steps."""
        now_s = time.monotonic()
        if not (self._received and self._sent):
            self._log_first_frames(now_s)
        if now_s >= self._next_s:
            self._next_s += REPORT_EVERY_S
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
