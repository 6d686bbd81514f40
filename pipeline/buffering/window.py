"""The window of one stream: its samples in sending order, some past, the rest future. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

COMPACT_AFTER = 1024
"""Evicted entries leave the list in one piece once there are this many and they are half of it."""


class Entry(NamedTuple):  # a named tuple, because one is made for every sample that arrives
    """One stored sample and its times: running times of the capture, in nanoseconds."""

    order_ns: int
    """The decode timestamp, or the presentation timestamp where there is none."""
    time_ns: int
    """The presentation timestamp: the sample is shown from here on."""
    end_ns: int
    """Where the sample ends: `time_ns` plus its duration."""
    size_bytes: int
    """Size of its buffer."""
    keyframe: bool
    """Whether it can be decoded without the samples before it; true for everything raw."""
    sample: Any
    """The Gst.Sample. Others hold it too: never edit its buffer."""


class Window:
    """Entries sorted by `order_ns`, each with a sequence number that never repeats.

    Sequence numbers run from `start` (the oldest entry) to `end` (the next to come); every consumer
    keeps the number of its next entry, so any number of them read one window. Append and evict cost the
    same whatever the length. An inter-coded stream can only be entered at a keyframe, so there whole
    groups of pictures leave.
    """

    __slots__ = ("_entries", "_first", "_head", "_keys", "oldest_ns", "size_bytes")

    def __init__(self) -> None:
        self._entries: list[Entry | None] = []
        self._head = 0  # index of the oldest entry; what lies before it is evicted
        self._first = 0  # sequence number of _entries[0]
        self._keys: deque[int] | None = None  # sequence numbers of the keyframes; None: every entry is one
        self.size_bytes = 0
        self.oldest_ns = 0  # time of the oldest entry, of the last oldest one in an empty window

    @property
    def start(self) -> int:
        """Sequence number of the oldest entry."""
        return self._first + self._head

    @property
    def end(self) -> int:
        """Sequence number that the next entry will get."""
        return self._first + len(self._entries)

    @property
    def inter_coded(self) -> bool:
        """Whether some entry so far needed another one to be decoded."""
        return self._keys is not None

    def __len__(self) -> int:
        return len(self._entries) - self._head

    def __getitem__(self, sequence: int) -> Entry:
        index = sequence - self._first
        if not self._head <= index < len(self._entries):
            raise IndexError(f"entry {sequence} is not in the window ({self.start} to {self.end})")
        return self._entries[index]  # type: ignore[return-value]  # only evicted places are None

    def get(self, sequence: int) -> Entry | None:
        """The entry, or None where the window does not hold it (any more); safe without the lock."""
        index = sequence - self._first
        entries = self._entries
        try:
            return entries[index] if index >= 0 else None
        except IndexError:
            return None

    def append(self, entry: Entry) -> None:
        """Add the newest entry; its `order_ns` is not below that of the one before."""
        if self._keys is None:
            if not entry.keyframe:
                self._keys = deque(range(self.start, self.end))
        elif entry.keyframe:
            self._keys.append(self.end)
        if self._head == len(self._entries):
            self.oldest_ns = entry.time_ns
        self._entries.append(entry)
        self.size_bytes += entry.size_bytes

    def between(self, begin: int, end: int) -> Sequence[Entry]:
        """The entries numbered from `begin` up to, not including, `end` that the window holds."""
        first = max(begin - self._first, self._head)
        return self._entries[first : max(end - self._first, first)]  # type: ignore[return-value]

    def index_at(self, order_ns: int) -> int:
        """Sequence number of the first entry at or after `order_ns`; `end` when there is none."""
        return self._first + bisect_left(self._entries, order_ns, lo=self._head, key=_order)

    def index_after(self, order_ns: int) -> int:
        """Sequence number of the first entry after `order_ns`; `end` when there is none."""
        return self._first + bisect_right(self._entries, order_ns, lo=self._head, key=_order)

    def index_from(self, sequence: int, order_ns: int) -> int:
        """Like `index_after`, searching from `sequence` on: quick when it is near, whatever the window's length."""
        entries = self._entries
        place = max(sequence - self._first, self._head)
        while place < len(entries) and entries[place].order_ns <= order_ns:  # type: ignore[union-attr]
            place += 1
        return self._first + place

    def keyframe_at_or_before(self, sequence: int) -> int:
        """The last place at or before `sequence` where decoding can begin; `start` when there is none."""
        if self._keys is None:
            return max(sequence, self.start)
        place = bisect_right(self._keys, sequence)
        return self._keys[place - 1] if place else self.start

    def keyframe_after(self, sequence: int) -> int:
        """The first place after `sequence` where decoding can begin; `end` when there is none."""
        if self._keys is None:
            return min(sequence + 1, self.end)
        place = bisect_right(self._keys, sequence)
        return self._keys[place] if place < len(self._keys) else self.end

    def evict_before(self, time_ns: int) -> list[Entry]:
        """Remove and return what ended by `time_ns`, an inter-coded stream in whole groups of pictures."""
        if self._keys is not None:
            keep = self.keyframe_at_or_before(self.index_after(time_ns) - 1)
            return self.evict_to(keep)
        place, entries = self._head, self._entries
        while place < len(entries) and entries[place].end_ns <= time_ns:  # type: ignore[union-attr]
            place += 1
        return self.evict_to(self._first + place) if place > self._head else []

    def evict_oldest(self) -> list[Entry]:
        """Remove and return the oldest entry, of an inter-coded stream the oldest group of pictures."""
        return self.evict_to(self.keyframe_after(self.start)) if len(self) else []

    def clear(self) -> list[Entry]:
        """Remove and return everything; sequence numbers go on."""
        evicted = self.evict_to(self.end)
        self._keys = None
        return evicted

    def evict_to(self, sequence: int) -> list[Entry]:
        """Remove and return everything before `sequence`."""
        count = sequence - self.start
        if count <= 0:
            return []
        stop = self._head + count
        evicted: list[Entry] = self._entries[self._head : stop]  # type: ignore[assignment]
        for index in range(self._head, stop):
            self._entries[index] = None
        self._head = stop
        if stop < len(self._entries):
            self.oldest_ns = self[sequence].time_ns
        self.size_bytes -= sum(entry.size_bytes for entry in evicted)
        if self._keys is not None:
            while self._keys and self._keys[0] < sequence:
                self._keys.popleft()
        if self._head >= COMPACT_AFTER and self._head * 2 >= len(self._entries):
            del self._entries[: self._head]
            self._first += self._head
            self._head = 0
        return evicted


def _order(entry: Entry | None) -> int:
    return entry.order_ns if entry is not None else 0
