"""Ending a run before its sources do: no more comes in and the window is played, or both pipelines end at once."""

from __future__ import annotations

import threading

from pipeline.buffer_manager import BufferManager
from pipeline.run.parts import RunParts
from pipeline.run.wiring import TIMELINE_MARGIN_S
from pipeline.settings import Settings
from pipeline.timebase import Nanoseconds


def end_capture(settings: Settings, manager: BufferManager, parts: RunParts) -> None:
    """Let nothing more in; what is in the window is still played. Any thread, a signal handler included."""
    coming = manager.future(settings.delay_s + TIMELINE_MARGIN_S)
    if not settings.is_live and coming and parts.playback is not None:
        # offline, sound is read far ahead of the picture; a recording that is ended early ends with both
        parts.playback.end_sound_at(Nanoseconds(coming[-1].end_ns))
    if parts.analysis is not None:
        # the sinks' streaming threads may be waiting for room, so this must not wait for them
        threading.Thread(target=parts.analysis.finish, name="finish-analysis", daemon=True).start()


def end_pipelines(parts: RunParts) -> None:
    """End both pipelines where they are. Any thread, a signal handler included."""

    def end() -> None:
        if parts.analysis is not None:
            parts.analysis.interrupt()
        if parts.playback is not None:
            parts.playback.finish()

    # not on this thread: a signal handler's may hold what is needed here
    threading.Thread(target=end, name="abort", daemon=True).start()
