"""Switch interval: lets Python's threads take turns more often while a delay line runs.

A computing thread keeps the interpreter lock for `sys.getswitchinterval()`, 5 ms by default, when another thread
wants it, and the buffer thread needs it again after every call into GStreamer: with two busy threads, a hundred
audio chunks per second would take more than a second.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_S = 0.0005

_lock = threading.Lock()
_before_s: list[float] = []  # the interval before each of the nested or concurrent uses


@contextmanager
def quick_switching() -> Iterator[None]:
    """A context in which the switch interval is at most `SWITCH_S`; the last one to end restores it. Any thread."""
    with _lock:
        _before_s.append(sys.getswitchinterval())
        sys.setswitchinterval(min(SWITCH_S, _before_s[0]))
    try:
        yield
    finally:
        with _lock:
            first_s = _before_s[0]
            _before_s.pop()
            if not _before_s:
                sys.setswitchinterval(first_s)
