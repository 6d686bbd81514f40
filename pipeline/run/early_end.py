"""Ends a run before its sources do: either the capture only, or both pipelines at once."""

from __future__ import annotations

import threading

from pipeline.buffer_manager import BufferManager
from pipeline.run.parts import RunParts
from pipeline.run.wiring import TIMELINE_MARGIN_S
from pipeline.settings import Settings
from pipeline.timebase import Nanoseconds


def end_capture(settings: Settings, manager: BufferManager, parts: RunParts) -> None:
    """End the capture; the window is still played, also if it is paused.

    Any thread, also from a signal handler; does not block.
    """
    coming = manager.future(settings.delay_s + TIMELINE_MARGIN_S)
    if not settings.is_live and coming and parts.playback is not None:
        # offline, sound is read far ahead of the video; end both at the same time
        parts.playback.end_sound_at(Nanoseconds(coming[-1].end_ns))

    def end() -> None:
        manager.play_out()
        if parts.worker is not None:
            parts.worker.drain()
        if parts.analysis is not None:
            parts.analysis.finish()

    # on its own thread, because the streaming threads may be waiting for space in the window
    threading.Thread(target=end, name="finish-analysis", daemon=True).start()


def end_pipelines(parts: RunParts) -> None:
    """End both pipelines at once. Any thread, also from a signal handler; does not block."""

    def end() -> None:
        if parts.analysis is not None:
            parts.analysis.interrupt()
        if parts.sway is not None:
            parts.sway.finish()
        if parts.worker is not None:
            parts.worker.stop(timeout_s=0)
        if parts.playback is not None:
            parts.playback.finish()

    # on its own thread: a signal handler may have interrupted a thread that holds a lock needed here
    threading.Thread(target=end, name="abort", daemon=True).start()
