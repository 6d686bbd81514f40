"""The delay line's states, and the step that it decides on. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pipeline.buffering.stream import Splice, Stream
from pipeline.buffering.window import Entry
from pipeline.timebase import NS_PER_MS

LONGEST_WAIT_NS = 100 * NS_PER_MS


class State(Enum):
    """Where the delay line stands."""

    IDLE = "idle"
    FILLING = "filling"
    PLAYING = "playing"
    DRAINED = "drained"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Send:
    """Entries to hand to playback, shown `shift_ns` after their own running time."""

    stream: Stream
    entries: list[Entry]
    shift_ns: int
    splice: Splice | None
    """How the first of them joins what was sent before; None: as it is."""


@dataclass(slots=True)
class Step:
    """What to do now, outside the lock, in this order."""

    start_base_ns: int | None = None
    """Start playback with this base time (None: do not start)."""
    gaps: list[tuple[Stream, int, int]] = field(default_factory=list)
    """Streams, and from when to when each has a gap to announce."""
    sends: list[Send] = field(default_factory=list)
    closes: list[Stream] = field(default_factory=list)
    """Pass on end-of-stream."""
    evicted: list[Entry] = field(default_factory=list)
    """Entries that left the window, to be freed outside the lock."""
    stalled: bool = False
    wait_ns: int = LONGEST_WAIT_NS
    """Then ask again after this time, or earlier when something happens."""
