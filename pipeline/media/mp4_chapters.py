"""Chapters of a finished mp4: a list of them (``chpl``) at its end, beside the index. Pure but for the file."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.media.patching import append, write_at
from pipeline.media.titled_span import TitledSpan
from pipeline.timebase import NS_PER_S

MOST_CHAPTERS = 255
"""A ``chpl`` box counts in one byte."""
_MOST_TITLE_BYTES = 255
_TICK_NS = 100
_NO_MEDIA = -1
"""The media time of an edit that shows nothing."""


@dataclass(frozen=True, slots=True)
class _Box:
    """From `at` up to `end` in the file; `body`: behind its header."""

    kind: bytes
    at: int
    body: int
    end: int


def add_chapters(descriptor: int, chapters: Sequence[TitledSpan]) -> None:
    """Append the chapters to an open file; its media and its index keep their bytes.

    They follow the file's last bytes; then two sizes of four bytes each are made to include them, the outer one
    first. At any moment between, the file plays as before. Raises ValueError for a file that is not a finished mp4
    with its index at the end, OSError.
    """
    moov = _index(descriptor)
    inside = list(_boxes(descriptor, moov.body, moov.end))
    added = _chapter_box(chapters)
    if inside[-1].kind == b"udta":
        grown = [moov, inside[-1]]
    else:
        added, grown = _box(b"udta", added), [moov]
    sizes = [box.end - box.at + len(added) for box in grown]
    if max(sizes) >= 1 << 32:
        raise ValueError("its index is too large")
    append(descriptor, added)
    for box, size in zip(grown, sizes, strict=True):
        write_at(descriptor, struct.pack(">I", size), box.at)


def first_frame_ns(descriptor: int) -> int:
    """When the first frame of an open file is shown, in the film's own time, ns. Raises as `add_chapters`."""
    moov = _index(descriptor)
    inside = list(_boxes(descriptor, moov.body, moov.end))
    header = _read(descriptor, _child(inside, b"mvhd"))
    timescale = int(struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)[0])
    for track in inside:
        parts = list(_boxes(descriptor, track.body, track.end)) if track.kind == b"trak" else []
        if not parts or not _is_video(descriptor, _child(parts, b"mdia")):
            continue
        edits = [
            edit
            for part in parts
            if part.kind == b"edts"
            for edit in _boxes(descriptor, part.body, part.end)
            if edit.kind == b"elst"
        ]
        empty = sum(_empty_units(_read(descriptor, edit)) for edit in edits)
        return empty * NS_PER_S // max(timescale, 1)
    raise ValueError("it has no video")


def _index(descriptor: int) -> _Box:
    """The box ``moov``, which must be the last one, and complete."""
    boxes = list(_boxes(descriptor, 0, os.fstat(descriptor).st_size))
    last = boxes[-1] if boxes else None
    if last is None or last.kind != b"moov" or last.body != last.at + 8:
        raise ValueError("it has no index at its end")
    if any(box.kind == b"mvex" for box in _boxes(descriptor, last.body, last.end)):
        raise ValueError("its index was not finished")
    return last


def _is_video(descriptor: int, media: _Box) -> bool:
    handler = _read(descriptor, _child(list(_boxes(descriptor, media.body, media.end)), b"hdlr"))
    return handler[8:12] == b"vide"


def _empty_units(edits: bytes) -> int:
    """The length of the edits before the first that shows something, in units of the film."""
    form = ">QqI" if edits[0] == 1 else ">IiI"
    empty, at = 0, 8
    for _ in range(struct.unpack_from(">I", edits, 4)[0]):
        length, media_time, _rate = struct.unpack_from(form, edits, at)
        if media_time != _NO_MEDIA:
            break
        empty, at = empty + length, at + struct.calcsize(form)
    return empty


def _boxes(descriptor: int, begin: int, end: int) -> Iterator[_Box]:
    """The boxes that fill the file from `begin` to `end`. Raises ValueError if they do not."""
    at = begin
    while at < end:
        head = os.pread(descriptor, 16, at)
        if len(head) < 8:
            raise ValueError("it is cut short")
        size, kind, length = struct.unpack_from(">I", head)[0], head[4:8], 8
        if size == 1 and len(head) == 16:
            size, length = struct.unpack_from(">Q", head, 8)[0], 16
        if size < length or at + size > end:
            raise ValueError("it is cut short")
        yield _Box(kind, at, at + length, at + size)
        at += size


def _child(boxes: Sequence[_Box], kind: bytes) -> _Box:
    for box in boxes:
        if box.kind == kind:
            return box
    raise ValueError(f"its index lacks {kind.decode()}")


def _read(descriptor: int, box: _Box) -> bytes:
    body = os.pread(descriptor, box.end - box.body, box.body)
    if len(body) < 16:
        raise ValueError("it is cut short")
    return body


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _chapter_box(chapters: Sequence[TitledSpan]) -> bytes:
    if not 0 < len(chapters) <= MOST_CHAPTERS:
        raise ValueError(f"{len(chapters)} chapters; 1 to {MOST_CHAPTERS} fit")
    body = struct.pack(">B3xIB", 1, 0, len(chapters))
    for chapter in chapters:
        # cut between two letters
        title = chapter.title.encode()[:_MOST_TITLE_BYTES].decode(errors="ignore").encode()
        body += struct.pack(">QB", chapter.begin_ns // _TICK_NS, len(title)) + title
    return _box(b"chpl", body)
