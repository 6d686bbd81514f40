"""Run blocking shutdown calls with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from pipeline.gst.runtime import Gst


def all_within(limit_s: float, works: Iterable[Callable[[], object]]) -> bool:
    """Call all of `works` at the same time, each on its own thread; returns whether all finished in `limit_s`.

    A call that takes longer continues on a daemon thread, which does not keep the process alive.
    """
    threads = [threading.Thread(target=work, name="end", daemon=True) for work in works]
    for thread in threads:
        thread.start()
    end_s = time.monotonic() + limit_s
    for thread in threads:
        thread.join(max(0.0, end_s - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def to_null(element: Gst.Element, limit_s: float) -> bool:
    """Set `element` to NULL; False if that takes longer than `limit_s`, for example because a disk hangs."""
    return all_within(limit_s, [lambda: element.set_state(Gst.State.NULL)])
