"""Chapters of a finished mkv: an element ``Chapters`` at its end, which the file's table of contents names.

The table (SeekHead) of GStreamer's muxer has an empty place of just the size of one entry (a Void), because the
muxer reserves it for chapters that are known before the first frame.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.media.patching import append, write_at
from pipeline.media.titled_span import TitledSpan
from pipeline.timebase import NS_PER_MS

_SEGMENT, _SEEK_HEAD, _VOID = 0x18538067, 0x114D9B74, 0xEC
_INFO, _TIMESTAMP_SCALE = 0x1549A966, 0x2AD7B1
_TRACKS, _TRACK, _TRACK_NUMBER, _TRACK_TYPE, _VIDEO = 0x1654AE6B, 0xAE, 0xD7, 0x83, 1
_CLUSTER, _TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK = 0x1F43B675, 0xE7, 0xA3, 0xA0, 0xA1
_SEEK, _SEEK_ID, _SEEK_POSITION = 0x4DBB, 0x53AB, 0x53AC
_CHAPTERS, _EDITION, _ATOM = 0x1043A770, 0x45B9, 0xB6
_UID, _BEGIN, _END = 0x73C4, 0x91, 0x92
_DISPLAY, _TITLE, _LANGUAGE = 0x80, 0x85, 0x437C


@dataclass(frozen=True, slots=True)
class _Element:
    """From `at` up to `end` in the file; `body`: behind its id and size."""

    id: int
    at: int
    body: int
    end: int


def add_chapters(descriptor: int, chapters: Sequence[TitledSpan]) -> None:
    """Append the chapters to an open file; its media keep their bytes.

    They follow the file's last bytes; then the size in its head, of eight bytes, is made to include them, and the
    empty entry of the table of contents to name them. At any moment between, the file plays as before. Raises
    ValueError for a file that is not a finished mkv with such a place, OSError.
    """
    segment = _segment(descriptor)
    if segment.body != segment.at + 12:
        raise ValueError("its size is not written in eight bytes")
    place = _place(descriptor, segment)
    added = _chapters(chapters)
    entry = _element(
        _SEEK,
        _element(_SEEK_ID, _id_bytes(_CHAPTERS))
        + _element(_SEEK_POSITION, (segment.end - segment.body).to_bytes(8, "big")),
    )
    room = place.end - place.at
    if room != len(entry):
        entry += _void(room - len(entry))
    append(descriptor, added)
    write_at(descriptor, _size(segment.end - segment.body + len(added)), segment.at + 4)
    write_at(descriptor, entry, place.at)


def first_frame_ns(descriptor: int) -> int:
    """When the first frame of an open file is shown, in the film's own time, ns. Raises as `add_chapters`."""
    segment = _segment(descriptor)
    scale_ns, video = NS_PER_MS, None
    for element in _elements(descriptor, segment.body, segment.end):
        if element.id == _INFO:
            scale_ns = _number(descriptor, element, _TIMESTAMP_SCALE) or NS_PER_MS
        elif element.id == _TRACKS:
            for track in _elements(descriptor, element.body, element.end):
                if track.id == _TRACK and _number(descriptor, track, _TRACK_TYPE) == _VIDEO:
                    video = _number(descriptor, track, _TRACK_NUMBER)
        elif element.id == _CLUSTER:
            found = _first_in(descriptor, element, video)
            if found is not None:
                return found * scale_ns
    raise ValueError("it has no video")


def _first_in(descriptor: int, cluster: _Element, track: int | None) -> int | None:
    """The time of the first block of `track` in a cluster, in the file's units; None if it has none."""
    cluster_time = 0
    for element in _elements(descriptor, cluster.body, cluster.end):
        if element.id == _TIMESTAMP:
            cluster_time = int.from_bytes(os.pread(descriptor, element.end - element.body, element.body))
            continue
        blocks = [element] if element.id == _SIMPLE_BLOCK else []
        if element.id == _BLOCK_GROUP:
            inside = _elements(descriptor, element.body, element.end)
            blocks = [block for block in inside if block.id == _BLOCK]
        for block in blocks:
            number, length = _vint(os.pread(descriptor, 8, block.body))
            if number == track:
                time = os.pread(descriptor, 2, block.body + length)
                return cluster_time + int.from_bytes(time, "big", signed=True)
    return None


def _segment(descriptor: int) -> _Element:
    """The element that holds all of the film; it must be complete, and the last."""
    size = os.fstat(descriptor).st_size
    for element in _elements(descriptor, 0, size):
        if element.id == _SEGMENT and element.end == size:
            return element
    raise ValueError("it was not finished")


def _place(descriptor: int, segment: _Element) -> _Element:
    """The empty place in the table of contents, large enough for one entry."""
    for element in _elements(descriptor, segment.body, segment.end):
        if element.id != _SEEK_HEAD:
            break
        for entry in _elements(descriptor, element.body, element.end):
            room = entry.end - entry.at - _ENTRY_BYTES
            if entry.id == _VOID and (room == 0 or 2 <= room < 100):
                return entry
    raise ValueError("its table of contents has no place for them")


def _elements(descriptor: int, begin: int, end: int) -> Iterator[_Element]:
    """The elements that fill the file from `begin` to `end`. Raises ValueError if they do not."""
    at = begin
    while at < end:
        head = os.pread(descriptor, 12, at)
        id_length = _vint(head)[1]
        size, size_length = _vint(head[id_length:])
        body = at + id_length + size_length
        if size == (1 << 7 * size_length) - 1 or body + size > end:
            raise ValueError("it was not finished")
        yield _Element(int.from_bytes(head[:id_length], "big"), at, body, body + size)
        at = body + size


def _number(descriptor: int, parent: _Element, wanted: int) -> int | None:
    for element in _elements(descriptor, parent.body, parent.end):
        if element.id == wanted:
            return int.from_bytes(os.pread(descriptor, element.end - element.body, element.body), "big")
    return None


def _vint(data: bytes) -> tuple[int, int]:
    """The number at the start of `data`, without the mark of its length, and that length. Raises ValueError."""
    length = 9 - data[0].bit_length() if data else 9
    if length > 8 or len(data) < length:
        raise ValueError("it is cut short")
    return int.from_bytes(data[:length], "big") & ((1 << 7 * length) - 1), length


def _id_bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _size(size: int) -> bytes:
    return (size | 1 << 56).to_bytes(8, "big")


def _element(number: int, body: bytes) -> bytes:
    return _id_bytes(number) + (bytes([0x80 | len(body)]) if len(body) < 127 else _size(len(body))) + body


def _void(length: int) -> bytes:
    return _element(_VOID, bytes(length - 2))


def _whole(value: int) -> bytes:
    return value.to_bytes(8, "big")


def _chapters(chapters: Sequence[TitledSpan]) -> bytes:
    atoms = b"".join(
        _element(
            _ATOM,
            _element(_UID, _whole(number))
            + _element(_BEGIN, _whole(chapter.begin_ns))
            + _element(_END, _whole(chapter.end_ns))
            + _element(_DISPLAY, _element(_TITLE, chapter.title.encode()) + _element(_LANGUAGE, b"und")),
        )
        for number, chapter in enumerate(chapters, 1)
    )
    return _element(_CHAPTERS, _element(_EDITION, atoms))


_ENTRY_BYTES = len(_element(_SEEK, _element(_SEEK_ID, bytes(4)) + _element(_SEEK_POSITION, bytes(8))))
