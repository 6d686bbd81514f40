"""RunState: the states of a run, and which may follow which. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RunState(StrEnum):
    """The states of a run, in order; their values are those of `Progress.state`."""

    STARTING = "starting"
    """The sources are being opened; nothing can be played yet."""
    BUFFERING = "buffering"
    """The window is filling; playback waits for its first frame."""
    PLAYING = "playing"
    """Frames are captured, and played later."""
    DRAINING = "draining"
    """The run has been told to end: the capture has stopped, and the window is played or discarded."""
    DONE = "done"
    """Everything is closed."""


NEXT: Mapping[RunState, frozenset[RunState]] = {
    RunState.STARTING: frozenset({RunState.BUFFERING, RunState.DRAINING, RunState.DONE}),
    RunState.BUFFERING: frozenset({RunState.PLAYING, RunState.DRAINING, RunState.DONE}),
    RunState.PLAYING: frozenset({RunState.DRAINING, RunState.DONE}),
    RunState.DRAINING: frozenset({RunState.DONE}),
    RunState.DONE: frozenset(),
}
"""Which states may follow each state. No state leads back."""
