"""PNG: whether a picture's file holds what it announces, before a decoder reserves memory for it. Pure."""

from __future__ import annotations

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS = 1 << 27
"""The largest picture that is decoded: a rig frame of 16 cameras in 4K."""

_FRAME = 12
"""The bytes of a chunk beside its content: length, kind and checksum."""


def is_whole(data: bytes) -> bool:
    """Whether each chunk up to the last one is in the file, and the picture has at most MOST_PIXELS pixels.

    `data` is the file from its beginning. False for what is no PNG. Of a chunk that is not there OpenCV 4.11
    believes the length, up to 4 GB, and reserves it.
    """
    if not data.startswith(SIGNATURE):
        return False
    place, is_first = len(SIGNATURE), True
    while place + _FRAME <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if place + _FRAME + length > len(data) or is_first is not (kind == b"IHDR"):
            return False
        if is_first and _pixels(data[place + 8 : place + 8 + length]) > MOST_PIXELS:
            return False
        if kind == b"IEND":
            return True
        place, is_first = place + _FRAME + length, False
    return False


def _pixels(header: bytes) -> int:
    return int.from_bytes(header[:4], "big") * int.from_bytes(header[4:8], "big")
