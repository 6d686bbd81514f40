"""FragmentCutter: cuts a muxer's fragmented MP4 into its head and its fragments. Pure."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.errors import PipelineError
from pipeline.timebase import NS_PER_S, Nanoseconds

VIDEO_TRACK = 1
"""mp4mux numbers its tracks in the order in which its pads were requested; video is first."""

_NOT_A_KEYFRAME = 0x10000
"""The flag of a sample that is not a keyframe."""
_DATA_OFFSET, _FIRST_FLAGS = 0x1, 0x4
_DURATIONS, _SIZES, _FLAGS, _ = _OF_EACH_SAMPLE = 0x100, 0x200, 0x400, 0x800
"""The optional fields of a track run (trun), for the run and for each sample; four bytes each."""
_DEFAULT_DURATION, _DEFAULT_FLAGS = 0x8, 0x20
_HEADER = {0x1: 8, 0x2: 4, _DEFAULT_DURATION: 4, 0x10: 4, _DEFAULT_FLAGS: 4}
"""The optional fields of a track fragment's header (tfhd), in this order, with their sizes in bytes."""


@dataclass(frozen=True, slots=True)
class Head:
    """The boxes ftyp and moov, which a player needs before any fragment."""

    data: bytes

    @property
    def media_type(self) -> str:
        """The MIME type with its codecs (RFC 6381): profile, constraints and level of H.264; AAC-LC."""
        profile = self.data.index(b"avcC") + 5
        codecs = [f"avc1.{self.data[profile : profile + 3].hex()}"]
        if b"mp4a" in self.data:
            codecs.append("mp4a.40.2")
        return f'video/mp4; codecs="{", ".join(codecs)}"'


@dataclass(frozen=True, slots=True)
class Fragment:
    """The boxes moof and mdat: video or sound from `begin_ns` to `end_ns` of the stream."""

    data: bytes
    is_video: bool
    is_entry: bool
    """Whether it is video that starts with a keyframe, so that a player can start with it."""
    begin_ns: Nanoseconds
    end_ns: Nanoseconds


class FragmentCutter:
    """Cuts the muxer's bytes, which may arrive in chunks of any size. Not thread-safe.

    Boxes are those of ISO/IEC 14496-12: a size of four bytes, a type of four, the content.
    """

    def __init__(self, timescale_hz: int, sound_late_ns: Callable[[], Nanoseconds]) -> None:
        """`timescale_hz`: the muxer's ticks per second. `sound_late_ns()` returns how much later the sound starts
        than the video, because the muxer starts both at 0; it is called for each fragment of sound.
        """
        self._timescale_hz = timescale_hz
        self._sound_late_ns = sound_late_ns
        self._bytes = bytearray()
        self._boxes: list[bytearray] = []

    def feed(self, data: bytes) -> Iterator[Head | Fragment]:
        """Add `data`; yields the head and the fragments that are now complete. Raises PipelineError."""
        self._bytes += data
        while len(self._bytes) >= 8:
            size, kind = _box_at(self._bytes, 0)
            if len(self._bytes) < size:
                return
            self._boxes.append(self._bytes[:size])
            del self._bytes[:size]
            if kind == b"moov":
                yield Head(self._taken())
            elif kind == b"mdat":
                yield self._fragment(_Moof(self._boxes[0]))

    def _fragment(self, moof: _Moof) -> Fragment:
        is_video = moof.track == VIDEO_TRACK
        if not is_video:
            moof.move(round(self._sound_late_ns() * self._timescale_hz / NS_PER_S))
        begin = moof.begin
        begin_ns, end_ns = (
            Nanoseconds(round(ticks * NS_PER_S / self._timescale_hz))
            for ticks in (begin, begin + moof.length())
        )
        is_entry = is_video and moof.begins_with_keyframe()
        return Fragment(self._taken(), is_video, is_entry, begin_ns, end_ns)

    def _taken(self) -> bytes:
        taken, self._boxes = b"".join(self._boxes), []
        return taken


class _Moof:
    """One movie fragment box with one track, read and changed in place."""

    def __init__(self, data: bytearray) -> None:
        self._data = data
        traf = _content(data, 8, b"traf")
        self._tfhd, self._tfdt, self._trun = (
            _content(data, traf, kind) for kind in (b"tfhd", b"tfdt", b"trun")
        )
        width = 8 if data[self._tfdt] else 4
        self._time = slice(self._tfdt + 4, self._tfdt + 4 + width)
        self.track = self._u32(self._tfhd + 4)

    @property
    def begin(self) -> int:
        """The decode time of its first sample, in ticks."""
        return int.from_bytes(self._data[self._time])

    def move(self, ticks: int) -> None:
        """Move the fragment's start by `ticks`, but not before 0."""
        width = self._time.stop - self._time.start
        self._data[self._time] = max(self.begin + ticks, 0).to_bytes(width)

    def length(self) -> int:
        """The total duration of its samples, in ticks."""
        present, count = self._u32(self._trun) & 0xFFFFFF, self._u32(self._trun + 4)
        if not present & _DURATIONS:
            return count * (self._default(_DEFAULT_DURATION) or 0)
        size = 4 * sum(bool(present & bit) for bit in _OF_EACH_SAMPLE)
        at = self._samples_at(present)
        return sum(self._u32(at + size * number) for number in range(count))

    def begins_with_keyframe(self) -> bool:
        """Whether the first sample is a keyframe: by the run's first-sample-flags, its own, or the default ones."""
        present = self._u32(self._trun) & 0xFFFFFF
        flags: int | None
        if present & _FIRST_FLAGS:
            flags = self._u32(self._samples_at(present) - 4)
        elif present & _FLAGS:
            before = 4 * sum(bool(present & bit) for bit in (_DURATIONS, _SIZES))
            flags = self._u32(self._samples_at(present) + before)
        else:
            flags = self._default(_DEFAULT_FLAGS)
        return not (flags or 0) & _NOT_A_KEYFRAME

    def _samples_at(self, present: int) -> int:
        """The offset of the track run's samples, after the fields for the whole run."""
        return self._trun + 8 + 4 * sum(bool(present & bit) for bit in (_DATA_OFFSET, _FIRST_FLAGS))

    def _default(self, wanted: int) -> int | None:
        """A default from the track fragment's header, None if it is not there."""
        given, at = self._u32(self._tfhd) & 0xFFFFFF, self._tfhd + 8
        if not given & wanted:
            return None
        return self._u32(at + sum(size for bit, size in _HEADER.items() if bit < wanted and given & bit))

    def _u32(self, offset: int) -> int:
        return int.from_bytes(self._data[offset : offset + 4])


def _box_at(data: bytearray, offset: int) -> tuple[int, bytes]:
    size, kind = struct.unpack_from(">I4s", data, offset)
    return size, kind


def _content(data: bytearray, offset: int, kind: bytes) -> int:
    """The offset of the content of the first box of `kind` among the boxes from `offset` on."""
    while offset + 8 <= len(data):
        size, found = _box_at(data, offset)
        if found == kind:
            return offset + 8
        offset += max(size, 8)
    raise PipelineError(f"the muxer wrote a fragment without {kind.decode()}")
