"""Lifetime: the state of one run, read and advanced by several threads."""

from __future__ import annotations

import threading

from pipeline.run.run_state import NEXT, RunState

_ORDER = tuple(RunState)


class Lifetime:
    """The state of one run. Any thread, also from a signal handler; nothing here blocks.

    If two threads stop a run, the lock decides which one is first. It is reentrant, because a signal handler may
    interrupt `advance` and call it. The interrupted call must not undo the handler's state, so all states are
    collected, and the furthest one counts.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._reached = [RunState.STARTING]

    @property
    def state(self) -> RunState:
        """The present state."""
        return max(self._reached, key=_ORDER.index)

    @property
    def is_draining(self) -> bool:
        """Whether the run has been told to end and is not closed yet."""
        return self.state is RunState.DRAINING

    def advance(self, to: RunState) -> bool:
        """Go on to state `to`; returns False and changes nothing if it may not follow the present one."""
        with self._lock:
            may_follow = to in NEXT[self.state]
            if may_follow:
                self._reached.append(to)
            return may_follow
