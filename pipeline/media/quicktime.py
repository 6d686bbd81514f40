"""What a film's description (mp4, QuickTime) says that GStreamer overlooks: a byte order, an orientation. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BOXES = 100_000
"""As many as are looked at in one film: a fragmented recording has a few a second."""

MOST_BYTES = 64 << 20
"""A longer description is a damaged one: a day of video needs a few megabytes."""

_HEADER_BYTES = {0: 36, 1: 52, 2: 72}
"""The length of a sound description, by its version (QuickTime File Format, "Sound Sample Descriptions")."""


def low_byte_first(film: bytes) -> frozenset[int]:
    """The numbers (track IDs) of the tracks whose sound description says so; empty for what cannot be read.

    `film`: a whole film, or its ``moov`` box alone, which describes it. It says so in an ``enda`` box, beside or
    within ``wave``; without one, the highest byte is first.
    """
    return _Film(film).low_byte_first()


def mirrored_upward(film: bytes) -> frozenset[int]:
    """The numbers of the tracks that are to be mirrored at the rising diagonal, by their display matrix.

    `film`: as for `low_byte_first`. GStreamer 1.22 makes a tag of every other turn and mirror image.
    """
    return _Film(film).mirrored_upward()


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    begin: int
    """Where its content begins in the film, and where it ends."""
    end: int


class _Film:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._left = MOST_BOXES

    def low_byte_first(self) -> frozenset[int]:
        return frozenset(self._number(track) for track in self._tracks() if self._is_low_first(track))

    def mirrored_upward(self) -> frozenset[int]:
        return frozenset(self._number(track) for track in self._tracks() if self._is_mirrored_upward(track))

    def _tracks(self) -> Iterator[_Box]:
        film = next(self._inside(_Box(b"", 0, len(self._content)), b"moov"), None)
        return iter(()) if film is None else self._inside(film, b"trak")

    def _number(self, track: _Box) -> int:
        for header in self._inside(track, b"tkhd"):
            return int.from_bytes(self._read(header.begin + (20 if self._is_long(header) else 12), 4), "big")
        return 0

    def _is_long(self, header: _Box) -> bool:
        return self._read(header.begin, 1) == b"\1"

    def _is_mirrored_upward(self, track: _Box) -> bool:
        for header in self._inside(track, b"tkhd"):
            matrix = self._read(header.begin + (52 if self._is_long(header) else 40), 20)
            if len(matrix) == 20:
                a, b, _, c, d = struct.unpack(">5i", matrix)
                return (a, d) == (0, 0) and b < 0 and c < 0
        return False

    def _is_low_first(self, track: _Box) -> bool:
        for described in self._inside(track, b"mdia", b"minf", b"stbl", b"stsd"):
            for entry in self._boxes(described.begin + 8, described.end):  # after version, flags and count
                version = int.from_bytes(self._read(entry.begin + 8, 2), "big")
                rest = _Box(b"", entry.begin - 8 + _HEADER_BYTES.get(version, 36), entry.end)
                said = [*self._inside(rest, b"enda"), *self._inside(rest, b"wave", b"enda")]
                return any(self._read(box.begin, 2) == b"\0\1" for box in said)
        return False

    def _inside(self, box: _Box, kind: bytes, *deeper: bytes) -> Iterator[_Box]:
        for found in self._boxes(box.begin, box.end):
            if found.kind == kind:
                yield from self._inside(found, *deeper) if deeper else [found]

    def _boxes(self, place: int, end: int) -> Iterator[_Box]:
        while place + 8 <= end and self._left:
            self._left -= 1
            head = self._read(place, 16)
            size, kind, begin = int.from_bytes(head[:4], "big"), head[4:8], place + 8
            if size == 1:
                size, begin = int.from_bytes(head[8:16], "big"), place + 16
            elif size == 0:
                size = end - place
            if place + size < begin:
                return
            yield _Box(kind, begin, min(place + size, end))
            place += size

    def _read(self, place: int, count: int) -> bytes:
        return self._content[place : place + count]
