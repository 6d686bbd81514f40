"""Thread state: keeps Python's state of a streaming thread from one callback to the next.

Python does not know the threads that GStreamer creates. For each callback CPython 3.11 creates a thread state,
with a stack that it maps and unmaps, and destroys it afterwards: about 20 us per call. An additional reference,
taken in the first callback, keeps it alive. The same thread releases it at the end of the stream; a thread that
ends without that leaks a few kilobytes.
"""

from __future__ import annotations

import ctypes
import threading

_state = threading.local()  # stored in the thread state, so it disappears together with it


def attach() -> None:
    """Keep the calling thread's state; idempotent."""
    if not hasattr(_state, "token"):
        _state.token = ctypes.pythonapi.PyGILState_Ensure()


def detach() -> None:
    """Release what `attach` took in this thread; idempotent."""
    if hasattr(_state, "token"):
        token = _state.token
        del _state.token
        ctypes.pythonapi.PyGILState_Release(token)
