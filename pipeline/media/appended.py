"""Where recordings begin that were put together into one file (``cat a.mkv b.mkv``). Reads headers only."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

MOST_ELEMENTS = 2_000_000
"""So many elements of a file are looked at: half a day of a recording that does not say how long its parts are."""

_EBML = 0x1A45DFA3
_OPEN_ENDED = frozenset({0x18538067, 0x1F43B675})
"""Matroska's Segment and Cluster: written live, they do not say how long they are, and are looked into."""

Span = tuple[int, int]
"""The first byte of a recording in its file, and the one behind its last."""


def recordings_in(path: Path) -> list[Span]:
    """The recordings in an MP4, MOV, Matroska, FLV, AVI or Ogg file, in their order; one for any other.

    No demuxer reaches the second one of these. Players of transport streams and raw H.264 go on by themselves.
    """
    try:
        if not path.is_file():
            return [(0, 0)]  # reading a pipe would take the film from its reader
        with path.open("rb") as file:
            size = file.seek(0, 2)
            begins = [0, *_later(file, size)]
    except OSError:
        return [(0, 0)]
    return list(zip(begins, [*begins[1:], size], strict=True))


def _later(file: BinaryIO, size: int) -> Iterator[int]:
    head = _read(file, 0, 12)
    walks: tuple[tuple[bool, Callable[[BinaryIO, int], Iterator[int]]], ...] = (
        (head[4:8] == b"ftyp", _in_mp4),
        (int.from_bytes(head[:4], "big") == _EBML, _in_matroska),
        (head[:3] == b"FLV", _in_flv),
        (head[:4] == b"RIFF" and head[8:] == b"AVI ", _in_avi),
        (head[:4] == b"OggS", _in_ogg),
    )
    return next((walk(file, size) for is_it, walk in walks if is_it), iter(()))


def _in_mp4(file: BinaryIO, size: int) -> Iterator[int]:
    """A recording begins with ``ftyp``; further ones stand before its content only."""
    place, has_content = 0, False
    for _ in range(MOST_ELEMENTS):
        if place >= size:
            return
        head = _read(file, place, 16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if len(head) < 8 or length < 8:  # 0: up to the end of the file
            return
        if kind == b"ftyp" and has_content:
            has_content = False
            yield place
        has_content = has_content or kind in (b"moov", b"mdat", b"moof")
        place += length


def _in_matroska(file: BinaryIO, size: int) -> Iterator[int]:
    place = 0
    for _ in range(MOST_ELEMENTS):
        if place >= size:
            return
        head = _read(file, place, 12)
        named = 9 - head[0].bit_length() if head else 9
        measured = 9 - head[named].bit_length() if named < len(head) else 9
        if named > 4 or measured > 8 or len(head) < named + measured:
            return
        kind = int.from_bytes(head[:named], "big")
        most = (1 << 7 * measured) - 1
        length = int.from_bytes(head[named : named + measured], "big") & most
        if kind == _EBML and place:
            yield place
        if length == most and kind not in _OPEN_ENDED:
            return
        place += named + measured + (0 if length == most else length)


def _in_flv(file: BinaryIO, size: int) -> Iterator[int]:
    place, begin = 0, 0
    for _ in range(MOST_ELEMENTS):
        if place >= size:
            return
        head = _read(file, place, 13)
        if len(head) < 11:
            return
        if head[:3] == b"FLV":
            if place:
                begin = place
                yield place
            place += int.from_bytes(head[5:9], "big") + 4
            continue
        kind, length = head[0] & 0x1F, int.from_bytes(head[1:4], "big")
        if kind not in (8, 9, 18):
            return
        promised = _flv_length(_read(file, place + 11, min(length, 4096))) if kind == 18 else 0
        end = begin + promised
        if end == size or (place < end < size and _read(file, end, 3) == b"FLV"):
            place = end  # without looking at each of its frames
        else:
            place += 11 + length + 4


def _flv_length(script: bytes) -> int:
    """The length of a recording in bytes as its metadata say; 0 if they do not."""
    at = script.lower().find(b"filesize\0")
    number = script[at + 9 : at + 17]
    if at < 0 or len(number) < 8:
        return 0
    (length,) = struct.unpack(">d", number)
    return int(length) if 0 < length < 1 << 62 else 0


def _in_avi(file: BinaryIO, size: int) -> Iterator[int]:
    """Long recordings go on in chunks of ``AVIX``."""
    place = 0
    for _ in range(MOST_ELEMENTS):
        if place >= size:
            return
        head = _read(file, place, 12)
        if len(head) < 12 or head[:4] != b"RIFF":
            return
        if place and head[8:] == b"AVI ":
            yield place
        length = int.from_bytes(head[4:8], "little")
        place += 8 + length + length % 2


def _in_ogg(file: BinaryIO, size: int) -> Iterator[int]:
    """The first pages of all streams stand at the beginning (RFC 3533, section 4)."""
    place, has_content = 0, False
    for _ in range(MOST_ELEMENTS):
        if place >= size:
            return
        head = _read(file, place, 27 + 255)
        if len(head) < 27 or head[:4] != b"OggS":
            return
        is_first = bool(head[5] & 2)
        if is_first and has_content:
            yield place
        has_content = not is_first
        lengths = head[27 : 27 + head[26]]
        place += 27 + len(lengths) + sum(lengths)


def _read(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)
