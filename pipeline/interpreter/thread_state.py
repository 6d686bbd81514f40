"""Keeps Python's state of a streaming thread from one callback to the next.

A thread that GStreamer made is unknown to Python. For each callback CPython 3.11 makes a thread state, with a stack
that it maps and unmaps, and throws it away: about 20 us a call. One reference more, taken in the first callback,
lets it live. It is given back at the end of the stream, by the same thread; a
thread that ends otherwise leaves some kilobytes to the interpreter's end.
"""

from __future__ import annotations

import ctypes
import threading

_state = threading.local()  # lives in the thread state, so it is gone exactly when that is


def attach() -> None:
    """Keep the calling thread's state; idempotent."""
    if not hasattr(_state, "token"):
        _state.token = ctypes.pythonapi.PyGILState_Ensure()


def detach() -> None:
    """Give back what `attach` took in this thread; idempotent."""
    if hasattr(_state, "token"):
        token = _state.token
        del _state.token
        ctypes.pythonapi.PyGILState_Release(token)
