"""Lifetime: the state that one run is in, for all the threads that move it on or ask for it."""

from __future__ import annotations

import threading

from pipeline.run.run_state import NEXT, RunState

_ORDER = tuple(RunState)


class Lifetime:
    """The state of one run. Any thread, a signal handler included; nothing here blocks.

    The lock makes one of two threads that stop a run the first. It is reentrant for a signal handler that stops the
    run while the thread under it is in `advance`. What that thread wrote after the handler must not undo it, so
    states are collected, and the furthest one counts.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._reached = [RunState.STARTING]

    @property
    def state(self) -> RunState:
        """What the run does now."""
        return max(self._reached, key=_ORDER.index)

    @property
    def is_draining(self) -> bool:
        """Whether the run was told to end and is not closed yet."""
        return self.state is RunState.DRAINING

    def advance(self, to: RunState) -> bool:
        """Go on to `to`; False, and nothing changes, where that may not follow."""
        with self._lock:
            may_follow = to in NEXT[self.state]
            if may_follow:
                self._reached.append(to)
            return may_follow
