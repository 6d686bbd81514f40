"""Further consumers of one window: a reader with its own place, and a subscription that calls back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pipeline.buffering.window import Entry
from pipeline.gst.delay.endpoints import Endpoints
from pipeline.gst.delay.engine import DelayEngine

_JOIN_S = 0.9


class Reader:
    """Reads a stream's samples in order, from the next one on, at its own pace, whatever playback does.

    Nothing waits for it: samples that leave the window before they were read are counted in `missed`. One thread at
    a time may read; any thread may close.
    """

    def __init__(self, engine: DelayEngine, ends: Endpoints) -> None:
        self._engine = engine
        self._ends = ends
        self._next_seq = ends.stream.window.end
        self._closed = False
        self.missed = 0
        """Samples that left the window before they were read."""

    def read(self, timeout: float | None = None) -> Entry | None:
        """The next sample, as soon as it is there; None after `timeout` seconds, at the end, and after `close`."""
        engine, ends = self._engine, self._ends
        with engine.change:
            ends.waiting_readers += 1
            engine.change.wait_for(self._is_ready, timeout)
            ends.waiting_readers -= 1
            window = ends.stream.window
            if self._closed or self._next_seq >= window.end:
                return None
            if self._next_seq < window.start:
                self.missed += window.start - self._next_seq
                self._next_seq = window.start
            entry = window[self._next_seq]
            self._next_seq += 1
            return entry

    def _is_ready(self) -> bool:
        return self._closed or self.ended or self._next_seq < self._ends.stream.window.end

    @property
    def ended(self) -> bool:
        """Whether the source has ended and all of it was read."""
        return self._ends.stream.ended and self._next_seq >= self._ends.stream.window.end

    def close(self) -> None:
        """Wake a waiting `read`, which returns None then and ever after; idempotent."""
        with self._engine.change:
            self._closed = True
            self._engine.change.notify_all()


class Subscription:
    """Calls back with each new sample, from a thread of its own, until it is closed or the source ends."""

    def __init__(self, reader: Reader, callback: Callable[[Entry], Any]) -> None:
        self._reader = reader
        self._callback = callback
        self._thread = threading.Thread(target=self._deliver, name="buffer-subscription", daemon=True)
        self._thread.start()

    @property
    def missed(self) -> int:
        """Samples that left the window before the callback came to them."""
        return self._reader.missed

    def _deliver(self) -> None:
        while (entry := self._reader.read()) is not None:
            self._callback(entry)

    def close(self) -> None:
        """No callback begins after this returns; idempotent, and may be called from the callback."""
        self._reader.close()
        if self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)
