"""What a film's description (mp4, QuickTime) says that GStreamer overlooks or misreads. Pure."""

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

_RAW_SOUND = frozenset({b"lpcm", b"sowt", b"twos", b"in24", b"in32", b"fl32", b"fl64", b"raw ", b"NONE"})
"""The kinds of sound description whose samples are numbers."""


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


def called_compressed(film: bytes) -> tuple[int, ...]:
    """Where raw sound is called compressed: the places in `film` of the two bytes that say so, for each track.

    `film`: as for `low_byte_first`, or its first part. QuickTime's second version of a sound description says it of
    all sound (-2). GStreamer 1.22 then takes each moment's numbers for a frame of their own, and reads its times
    beyond the end of its table; with 0 in that place it goes by chunks, with the right times.
    """
    return _Film(film).called_compressed()


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

    def called_compressed(self) -> tuple[int, ...]:
        return tuple(
            entry.begin + 20
            for track in self._tracks()
            for entry in self._sound_descriptions(track)
            if entry.kind in _RAW_SOUND
            and self._version(entry) == 2
            and self._read(entry.begin + 20, 2) == b"\xff\xfe"
        )

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
        for entry in self._sound_descriptions(track):
            rest = _Box(b"", entry.begin - 8 + _HEADER_BYTES.get(self._version(entry), 36), entry.end)
            said = [*self._inside(rest, b"enda"), *self._inside(rest, b"wave", b"enda")]
            return any(self._read(box.begin, 2) == b"\0\1" for box in said)
        return False

    def _sound_descriptions(self, track: _Box) -> Iterator[_Box]:
        for described in self._inside(track, b"mdia", b"minf", b"stbl", b"stsd"):
            yield from self._boxes(described.begin + 8, described.end)  # after version, flags and count

    def _version(self, sound: _Box) -> int:
        return int.from_bytes(self._read(sound.begin + 8, 2), "big")

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
