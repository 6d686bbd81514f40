"""Python's threads take turns more often while a delay line runs: a busy one must not hold its samples back.

A thread that computes keeps the interpreter for `sys.getswitchinterval()`, 5 ms by default, whenever another one
wants it, and the buffer thread wants it again after every call into GStreamer: with two busy threads a hundred
chunks of sound a second would cost more than a second.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_S = 0.0005

_lock = threading.Lock()
_before_s: list[float] = []  # what the interval was before each of the lines that run


@contextmanager
def quick_switching() -> Iterator[None]:
    """Within it the switch interval is `SWITCH_S` at most; after the last one it is what it was. Any thread."""
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
