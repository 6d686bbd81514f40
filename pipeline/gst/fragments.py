"""Cuts a fragmented MP4, as a muxer writes it, into what a player begins with and what it is fed then."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.errors import PipelineError
from pipeline.timebase import NS_PER_S, Nanoseconds

VIDEO_TRACK = 1
"""mp4mux counts its tracks in the order in which they were asked for, and the picture is first."""

_NOT_A_KEYFRAME = 0x10000


@dataclass(frozen=True, slots=True)
class Head:
    """What a player needs before any fragment: the boxes ftyp and moov, and their media type with the codecs."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """The boxes moof and mdat. `is_entry`: it begins with a keyframe, so a player can begin with it."""

    data: bytes
    is_entry: bool


class FragmentCutter:
    """Takes the muxer's bytes in any portions. Pure; not safe between threads.

    Boxes are those of ISO/IEC 14496-12: a size of four bytes, a type of four, the content.
    """

    def __init__(self, timescale_hz: int, sound_late_ns: Callable[[], Nanoseconds]) -> None:
        """`timescale_hz`: in which the muxer counts. `sound_late_ns()`, asked once there is sound, says how much
        later it begins than the picture; the muxer lets both begin at 0.
        """
        self._timescale_hz = timescale_hz
        self._sound_late_ns = sound_late_ns
        self._bytes = bytearray()
        self._boxes: list[bytearray] = []

    def feed(self, data: bytes) -> Iterator[Head | Fragment]:
        """What is complete with `data`."""
        self._bytes += data
        while len(self._bytes) >= 8:
            size, kind = _box_at(self._bytes, 0)
            if len(self._bytes) < size:
                return
            self._boxes.append(self._bytes[:size])
            del self._bytes[:size]
            if kind == b"moov":
                head = self._taken()
                yield Head(head, _media_type(head))
            elif kind == b"mdat":
                is_entry = self._placed(_Moof(self._boxes[0]))
                yield Fragment(self._taken(), is_entry)

    def _placed(self, moof: _Moof) -> bool:
        """Sound moved to where it belongs; whether it is picture that begins with a keyframe."""
        if moof.track == VIDEO_TRACK:
            return moof.begins_with_keyframe()
        moof.move(round(self._sound_late_ns() * self._timescale_hz / NS_PER_S))
        return False

    def _taken(self) -> bytes:
        taken, self._boxes = b"".join(self._boxes), []
        return taken


class _Moof:
    """One movie fragment box, with one track in it; what it tells is read from its bytes and changed there."""

    def __init__(self, data: bytearray) -> None:
        self._data = data
        traf = _content(data, 8, b"traf")
        self._tfhd, self._tfdt, self._trun = (
            _content(data, traf, kind) for kind in (b"tfhd", b"tfdt", b"trun")
        )
        self.track = self._u32(self._tfhd + 4)

    def move(self, ticks: int) -> None:
        """Let the fragment begin so much later."""
        width = 8 if self._data[self._tfdt] else 4
        time = slice(self._tfdt + 4, self._tfdt + 4 + width)
        self._data[time] = (int.from_bytes(self._data[time]) + ticks).to_bytes(width)

    def begins_with_keyframe(self) -> bool:
        """By the run's first-sample-flags, else its first sample's flags, else the track's default ones."""
        present, at = self._u32(self._trun) & 0xFFFFFF, self._trun + 8
        at += 4 if present & 0x1 else 0
        if present & 0x4:
            return not self._u32(at) & _NOT_A_KEYFRAME
        if present & 0x400:
            at += sum(4 for bit in (0x100, 0x200) if present & bit)
            return not self._u32(at) & _NOT_A_KEYFRAME
        given, at = self._u32(self._tfhd) & 0xFFFFFF, self._tfhd + 8
        at += sum(size for bit, size in ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4)) if given & bit)
        return not (given & 0x20 and self._u32(at) & _NOT_A_KEYFRAME)

    def _u32(self, offset: int) -> int:
        return int.from_bytes(self._data[offset : offset + 4])


def _box_at(data: bytearray, offset: int) -> tuple[int, bytes]:
    size, kind = struct.unpack_from(">I4s", data, offset)
    return size, kind


def _media_type(head: bytes) -> str:
    """With the codecs as RFC 6381 writes them: profile, constraints and level of H.264; AAC-LC."""
    profile = head.index(b"avcC") + 5
    codecs = [f"avc1.{head[profile : profile + 3].hex()}"]
    if b"mp4a" in head:
        codecs.append("mp4a.40.2")
    return f'video/mp4; codecs="{", ".join(codecs)}"'


def _content(data: bytearray, offset: int, kind: bytes) -> int:
    """Where the content of the first box of that kind begins, among the boxes from `offset` on."""
    while offset + 8 <= len(data):
        size, found = _box_at(data, offset)
        if found == kind:
            return offset + 8
        offset += max(size, 8)
    raise PipelineError(f"the muxer wrote a fragment without {kind.decode()}")
