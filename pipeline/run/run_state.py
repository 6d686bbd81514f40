"""RunState: what a run does, in a word, and what may come after what. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RunState(StrEnum):
    """The states of a run, in their order; the words are those of `Progress.state`."""

    STARTING = "starting"
    """The sources are opened, and nothing can be played yet."""
    BUFFERING = "buffering"
    """The window is filled; playback waits for its first frame."""
    PLAYING = "playing"
    """Frames come in, and go out later."""
    DRAINING = "draining"
    """The run was told to end: nothing comes in any more, and what was captured goes out or is let go."""
    DONE = "done"
    """Everything is closed."""


NEXT: Mapping[RunState, frozenset[RunState]] = {
    RunState.STARTING: frozenset({RunState.BUFFERING, RunState.DRAINING, RunState.DONE}),
    RunState.BUFFERING: frozenset({RunState.PLAYING, RunState.DRAINING, RunState.DONE}),
    RunState.PLAYING: frozenset({RunState.DRAINING, RunState.DONE}),
    RunState.DRAINING: frozenset({RunState.DONE}),
    RunState.DONE: frozenset(),
}
"""What may follow each state. Nothing leads back."""
