"""Ending what may stand still: who waits for it waits so long and no longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from pipeline.gst.runtime import Gst


def all_within(limit_s: float, works: Iterable[Callable[[], object]]) -> bool:
    """Do all of `works` at once, each on a thread of its own; whether all were done within `limit_s`.

    What is not done goes on by itself, on a thread that the process does not wait for.
    """
    threads = [threading.Thread(target=work, name="end", daemon=True) for work in works]
    for thread in threads:
        thread.start()
    end_s = time.monotonic() + limit_s
    for thread in threads:
        thread.join(max(0.0, end_s - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def to_null(element: Gst.Element, limit_s: float) -> bool:
    """Set `element` to NULL; False where it is not there after `limit_s`, as with a disk that does not answer."""
    return all_within(limit_s, [lambda: element.set_state(Gst.State.NULL)])


class Standstill:
    """How long what `look` shows has been the same. One thread; time is monotonic."""

    def __init__(self, look: Callable[[], object], now_s: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._now_s = now_s
        self._seen: object = None
        self._since_s = now_s()

    def for_s(self) -> float:
        """Look again: since when nothing has changed, in seconds."""
        seen = self._look()
        if seen != self._seen:
            self._seen, self._since_s = seen, self._now_s()
        return self._now_s() - self._since_s
