"""What the program map of a transport stream lists, and which of it is sound that no demuxer knows. Pure.

ISO/IEC 13818-1: packets of 188 bytes (192 with a time before each, on Blu-ray and in AVCHD) hold sections and PES
packets. The map names each stream's packet identifier (PID), type and descriptors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

PACKET, TIMED_PACKET = 188, 192
SYNC = 0x47
LOOKED_AT = 1 << 20
"""The map comes several times a second: it is in so many bytes, or this is no transport stream."""

_PAT_TABLE, _PMT_TABLE = 0, 2
_REGISTRATION = 5
_SOUND_PES = range(0xC0, 0xE0)
_PRIVATE_PES = 0xBD
_PRIVATE_TYPE = 6
_DATA_DESCRIPTORS = frozenset({0x45, 0x46, 0x56, 0x59, 0x26, 0x27, 0x6F})
"""Teletext, subtitles, metadata, applications."""


class MappedStream(NamedTuple):
    """A stream of the program."""

    pid: int
    type: int
    """Its `stream_type`."""
    descriptors: Mapping[int, bytes]
    """By tag."""
    pes_id: int | None
    """The `stream_id` of its first PES packet; None if none came."""

    @property
    def is_sound(self) -> bool:
        """Whether its packets say that it is sound, whatever its type says."""
        return self.pes_id in _SOUND_PES

    @property
    def may_be_sound(self) -> bool:
        """Whether it is private data that does not say what it is."""
        if self.pes_id != _PRIVATE_PES or _DATA_DESCRIPTORS & self.descriptors.keys():
            return False
        return self.type >= 0x80 or (self.type == _PRIVATE_TYPE and _REGISTRATION not in self.descriptors)

    def __str__(self) -> str:
        said = self.descriptors.get(_REGISTRATION, b"")[:4].decode("ascii", "replace")
        name = f" ({said})" if said.isprintable() and said.strip() else ""
        return f"stream 0x{self.pid:x} of type 0x{self.type:02x}{name}"


def mapped_streams(data: bytes) -> list[MappedStream]:
    """The streams of the first program map in `data`, the bytes of a transport stream from anywhere on."""
    sections: dict[int, bytes] = {}
    pes_ids: dict[int, int] = {}
    map_pids: set[int] = set()
    found: list[tuple[int, int, dict[int, bytes]]] = []
    for pid, begins, payload in _packets(data):
        if begins and payload[:3] == b"\0\0\1" and len(payload) > 3:
            pes_ids.setdefault(pid, payload[3])
        elif pid == 0 or pid in map_pids:
            if begins:
                payload = payload[1 + payload[0] :] if payload else b""
                sections[pid] = payload
            else:
                sections[pid] = sections.get(pid, b"") + payload
            section = sections[pid]
            if len(section) < 3 or len(section) < 3 + (length := _length(section, 1)):
                continue
            body = section[: 3 + length - 4]  # without its checksum
            if pid == 0 and section[0] == _PAT_TABLE:
                programs = (at for at in range(8, len(body) - 3, 4) if body[at : at + 2] != b"\0\0")
                map_pids |= {_pid(body, at + 2) for at in programs}
            elif section[0] == _PMT_TABLE and not found:
                found = list(_listed(body))
    return [MappedStream(pid, kind, tags, pes_ids.get(pid)) for pid, kind, tags in found]


def _packets(data: bytes) -> Iterator[tuple[int, bool, bytes]]:
    """Of each whole packet: its PID, whether a section or PES packet begins in it, and its payload."""
    for size in (PACKET, TIMED_PACKET):
        begin = next((at for at in range(min(size, len(data))) if _is_aligned(data, at, size)), None)
        if begin is not None:
            break
    else:
        return
    for at in range(begin, len(data) - PACKET + 1, size):
        packet = data[at : at + PACKET]
        if packet[0] != SYNC:
            continue
        has_field, has_payload = packet[3] & 0x20, packet[3] & 0x10
        start = 4 + (1 + packet[4] if has_field else 0)
        if has_payload and start < PACKET:
            yield _pid(packet, 1), bool(packet[1] & 0x40), packet[start:]


def _is_aligned(data: bytes, at: int, size: int) -> bool:
    return len(data) > at + 4 * size and all(data[at + number * size] == SYNC for number in range(5))


def _pid(data: bytes, at: int) -> int:
    """The thirteen bits at `at`."""
    return (data[at] & 0x1F) << 8 | data[at + 1]


def _length(data: bytes, at: int) -> int:
    """The twelve bits at `at`."""
    return (data[at] & 0x0F) << 8 | data[at + 1]


def _listed(body: bytes) -> Iterator[tuple[int, int, dict[int, bytes]]]:
    """PID, type and descriptors of each stream that a map's section lists."""
    at = 12 + _length(body, 10) if len(body) >= 12 else len(body)
    while at + 5 <= len(body):
        kind, pid, length = body[at], _pid(body, at + 1), _length(body, at + 3)
        yield pid, kind, dict(_descriptors(body[at + 5 : at + 5 + length]))
        at += 5 + length


def _descriptors(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(data):
        yield data[at], data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
