"""Run blocking shutdown calls with a deadline."""

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
