"""Raw interleaved sound as arrays of numbers, and back, for the formats that numpy can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float64]
"""Shape (frames, channels); integers keep their scale, around zero."""

_TYPES: dict[str, tuple[str, int]] = {
    "S8": ("i1", 0),
    "U8": ("u1", 1 << 7),
    "S16LE": ("<i2", 0),
    "S16BE": (">i2", 0),
    "U16LE": ("<u2", 1 << 15),
    "U16BE": (">u2", 1 << 15),
    "S24_32LE": ("<i4", 0),
    "S24_32BE": (">i4", 0),
    "S32LE": ("<i4", 0),
    "S32BE": (">i4", 0),
    "U32LE": ("<u4", 1 << 31),
    "U32BE": (">u4", 1 << 31),
    "F32LE": ("<f4", 0),
    "F32BE": (">f4", 0),
    "F64LE": ("<f8", 0),
    "F64BE": (">f8", 0),
}
"""numpy's type of each format, and the value of silence."""
_PACKED = {"S24LE": ("<i4", slice(1, 4)), "S24BE": (">i4", slice(0, 3))}
"""Three bytes each: the type of four bytes that they are read as, and their place in those."""
_SIGN = 256.0
"""Three bytes read as the upper ones of four are this many times too large."""
_24_BITS = ("S24_32LE", "S24_32BE")


@dataclass(frozen=True, slots=True)
class PcmFormat:
    """How the sound of one stream is written."""

    name: str
    rate_hz: int
    channels: int

    @classmethod
    def of(cls, caps: Any) -> PcmFormat | None:
        """The format of `caps`; None where it is not raw, not interleaved, or of an unknown type."""
        if caps is None or caps.get_size() == 0:
            return None
        structure = caps.get_structure(0)
        name = structure.get_string("format") or ""
        if structure.get_name() != "audio/x-raw" or structure.get_string("layout") == "non-interleaved":
            return None
        rate_hz, channels = structure.get_value("rate"), structure.get_value("channels")
        if (name not in _TYPES and name not in _PACKED) or not rate_hz or not channels:
            return None
        return cls(name, rate_hz, channels)

    @property
    def frame_bytes(self) -> int:
        """How many bytes a sample of all channels has."""
        width = 3 if self.name in _PACKED else np.dtype(_TYPES[self.name][0]).itemsize
        return width * self.channels

    @property
    def full_scale(self) -> float:
        """The largest value that `decode` returns, and the smallest without its sign."""
        if self.name in _PACKED or self.name in _24_BITS:
            return float(1 << 23)
        dtype = np.dtype(_TYPES[self.name][0])
        return 1.0 if dtype.kind == "f" else float(1 << (8 * dtype.itemsize - 1))

    def decode(self, data: bytes) -> Sound:
        """The sound in `data`; an incomplete frame at its end is left out."""
        if self.name in _PACKED:
            wide_name, place = _PACKED[self.name]
            count = len(data) // (3 * self.channels) * self.channels
            wide = np.zeros((count, 4), np.uint8)
            wide[:, place] = np.frombuffer(data, np.uint8, 3 * count).reshape(-1, 3)
            return (wide.view(wide_name)[:, 0] / _SIGN).reshape(-1, self.channels)
        dtype, zero = _TYPES[self.name]
        width = np.dtype(dtype).itemsize * self.channels
        values = np.frombuffer(data[: len(data) // width * width], dtype).astype(np.float64)
        return values.reshape(-1, self.channels) - zero

    def encode(self, sound: Sound) -> bytes:
        """The bytes of `sound`, rounded and clipped where the format has whole numbers."""
        if self.name in _PACKED:
            wide_name, place = _PACKED[self.name]
            clipped = np.clip(np.rint(sound), -(1 << 23), (1 << 23) - 1)
            wide = np.ascontiguousarray((clipped * _SIGN).astype(wide_name)).view(np.uint8)
            return bytes(wide.reshape(-1, 4)[:, place].tobytes())
        name, zero = _TYPES[self.name]
        dtype = np.dtype(name)
        if dtype.kind == "f":
            return bytes(sound.astype(dtype).tobytes())
        bits = 24 if self.name in _24_BITS else 8 * dtype.itemsize
        least = 0 if dtype.kind == "u" else -(1 << (bits - 1))
        return bytes(np.clip(np.rint(sound) + zero, least, least + (1 << bits) - 1).astype(dtype).tobytes())
