"""Whether a recording was appended to another one in one file (``cat a.mp4 b.mp4``). Reads headers only."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

MOST_BOXES = 100_000
"""A fragmented recording has a few boxes a second."""

_EBML = bytes.fromhex("1A45DFA3")


def has_appended(path: Path) -> bool:
    """Whether an MP4, MOV or Matroska file holds a second recording, which no player reaches; False if unknown."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            file.seek(0)
            if head[4:8] == b"ftyp":
                return _mp4_has(file)
            return head[:4] == _EBML and _matroska_has(file)
    except OSError:
        return False


def _mp4_has(file: BinaryIO) -> bool:
    place, films = 0, 0
    for _ in range(MOST_BOXES):
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            return False
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8:
            return False  # 0: up to the end of the file
        films += kind == b"moov"
        if films > 1:
            return True
        place += size
    return False


def _matroska_has(file: BinaryIO) -> bool:
    place = 0
    for count in range(8):
        file.seek(place)
        head = file.read(12)
        if len(head) < 5:
            return False
        if head[:4] == _EBML and count:
            return True
        length = 9 - head[4].bit_length()
        value = int.from_bytes(head[4 : 4 + length], "big") & ((1 << 7 * length) - 1)
        if length > 8 or value == (1 << 7 * length) - 1:
            return False  # the length is not known
        place += 4 + length + value
    return False
