"""Which tracks of a QuickTime film hold raw sound with the lowest byte first. Reads headers only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MOST_BOXES = 100_000
"""As many as are looked at in one film: a fragmented recording has a few a second."""

_HEADER_BYTES = {0: 36, 1: 52, 2: 72}
"""The length of a sound description, by its version (QuickTime File Format, "Sound Sample Descriptions")."""


def low_byte_first(path: Path) -> frozenset[int]:
    """The numbers (track IDs) of the tracks whose sound description says so; empty for what cannot be read.

    It says so in an ``enda`` box, beside or within ``wave``; without one, the highest byte is first.
    """
    if not path.is_file():
        return frozenset()  # reading a pipe would take the film from its reader
    try:
        with path.open("rb") as file:
            return _Film(file).low_byte_first()
    except OSError:
        return frozenset()


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    begin: int
    """Where its content begins in the file, and where it ends."""
    end: int


class _Film:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MOST_BOXES

    def low_byte_first(self) -> frozenset[int]:
        whole = _Box(b"", 0, self._file.seek(0, 2))
        film = next(self._inside(whole, b"moov"), None)
        tracks = () if film is None else self._inside(film, b"trak")
        return frozenset(self._number(track) for track in tracks if self._is_low_first(track))

    def _number(self, track: _Box) -> int:
        for header in self._inside(track, b"tkhd"):
            version = self._read(header.begin, 1)
            return int.from_bytes(self._read(header.begin + (20 if version == b"\1" else 12), 4), "big")
        return 0

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
        self._file.seek(place)
        return self._file.read(count)
