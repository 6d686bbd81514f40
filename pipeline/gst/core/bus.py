"""BusListener: reads a pipeline's bus on its own thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipeline.gst.runtime import Gst

POLL_S = 0.1
"""How long a listener takes at most to notice a stop request."""


class BusListener:
    """Delivers a pipeline's messages on one named thread, with or without a GLib main loop elsewhere.

    `on_message` runs on the listener's thread and may call `stop`, which does not block when called there.
    """

    def __init__(self, pipeline: Gst.Pipeline, on_message: Callable[[Gst.Message], None]) -> None:
        self._bus = pipeline.get_bus()
        self._on_message = on_message
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"bus-{pipeline.get_name()}", daemon=True)

    def start(self) -> None:
        """Start listening. Call once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; unread messages stay on the bus. Idempotent; any thread; blocks for 2 s at most."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            message = self._bus.timed_pop(int(POLL_S * Gst.SECOND))
            if message is not None:
                self._on_message(message)
