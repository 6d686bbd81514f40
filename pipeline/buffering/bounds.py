"""How much the windows may hold, and what leaves for what comes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry


class Bound(Enum):
    """What made an entry leave the window before its time."""

    TIME = "time"
    COUNT = "count"
    BYTES = "bytes"


class Bounds:
    """A time for each window, and bytes for all of them; a count too, which only broken timestamps reach."""

    def __init__(self, streams: Mapping[str, Stream], duration_ns: int, max_bytes: int | None) -> None:
        self._streams = streams
        self.duration_ns = duration_ns
        self.max_bytes = max_bytes
        self.unsent_evicted_by = dict.fromkeys(Bound, 0)
        """How many entries each bound has evicted before they were sent."""

    def reset(self) -> None:
        """Reset the counts."""
        self.unsent_evicted_by = dict.fromkeys(Bound, 0)

    @property
    def size_bytes(self) -> int:
        """What all windows hold."""
        return sum(stream.window.size_bytes for stream in self._streams.values())

    @property
    def full_bytes(self) -> bool:
        """Whether they hold more bytes than they may."""
        return self.max_bytes is not None and self.size_bytes > self.max_bytes

    def fits(self, stream: Stream, entry: Entry, unsent_ns: int) -> bool:
        """Whether a stream may hold `entry` too: at most `unsent_ns` wait to be sent then, and none must leave."""
        first, size_bytes = stream.next_entry, self.size_bytes
        in_time = first is None or entry.end_ns - first.order_ns <= unsent_ns
        return in_time and (
            self.max_bytes is None or size_bytes == 0 or size_bytes + entry.size_bytes <= self.max_bytes
        )

    def cut(self, stream: Stream, span_ns: int | None) -> list[Entry]:
        """Remove and return the oldest of a stream that just grew; span_ns: how long it may be (None: any)."""
        evicted: list[Entry] = []
        while len(stream.window) > 1 and (bound := self._exceeded(stream, span_ns)) is not None:
            evicted += self._evict_oldest(bound, stream)
        while self.full_bytes:
            largest = max(self._streams.values(), key=lambda other: other.window.size_bytes)
            if len(largest.window) <= 1:
                break
            evicted += self._evict_oldest(Bound.BYTES, largest)
        return evicted

    @staticmethod
    def _exceeded(stream: Stream, span_ns: int | None) -> Bound | None:
        window = stream.window
        if len(window) > stream.max_entries:
            return Bound.COUNT
        # An inter-coded window is cut at a keyframe only, and where that leaves its length.
        kept = window.keyframe_after(window.start) if window.inter_coded else window.start
        if kept >= window.end or span_ns is None:
            return None
        return Bound.TIME if (stream.newest_ns or 0) - window[kept].time_ns > span_ns else None

    def _evict_oldest(self, bound: Bound, stream: Stream) -> list[Entry]:
        evicted = stream.window.evict_oldest()
        if stream.window.start > stream.next_seq:
            unsent = stream.window.start - stream.next_seq
            self.unsent_evicted_by[bound] += unsent
            stream.counters.crowded += unsent
            stream.catch_up()
        return evicted
