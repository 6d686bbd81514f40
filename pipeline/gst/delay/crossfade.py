"""Joins raw sound at a cut: the new sample is cut to the instant and faded over from the old one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.buffering.stream import Splice
from pipeline.buffering.window import Entry
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S

FADE_NS = 10_000_000
"""Long enough to be no click, short enough to be no echo."""
_TYPES: dict[str, np.dtype[Any]] = {
    "S16LE": np.dtype("<i2"),
    "S32LE": np.dtype("<i4"),
    "F32LE": np.dtype("<f4"),
    "F64LE": np.dtype("<f8"),
}


def spliced(entry: Entry, splice: Splice) -> Any:
    """The entry's sample from `splice.begin_ns` on, faded over from what would have come without the cut.

    Sound that is not raw, interleaved and of a common type comes back whole.
    """
    structure = entry.sample.get_caps().get_structure(0)
    dtype = _TYPES.get(structure.get_string("format") or "")
    if dtype is None or structure.get_string("layout") == "non-interleaved":
        return entry.sample
    rate, channels = structure.get_value("rate"), structure.get_value("channels")
    new = _frames(entry.sample, dtype, channels)
    skip = min(max(round((splice.begin_ns - entry.time_ns) * rate / NS_PER_S), 0), len(new) - 1)
    new = new[skip:].copy()
    if splice.fade_from is not None:
        old = _frames(splice.fade_from.sample, dtype, channels)
        count = min(len(old), len(new), round(FADE_NS * rate / NS_PER_S))
        gain = np.linspace(0, 1, count, endpoint=False)[:, None]
        new[:count] = (new[:count] * gain + old[:count] * (1 - gain)).astype(dtype)
    return _remade(entry.sample, new.tobytes(), skip, len(new), rate)


def _frames(sample: Any, dtype: np.dtype[Any], channels: int) -> npt.NDArray[Any]:
    """The sample's sound, shape (frames, channels)."""
    buffer = sample.get_buffer()
    data = buffer.extract_dup(0, buffer.get_size())
    return np.frombuffer(data, dtype).reshape(-1, channels)


def _remade(sample: Any, data: bytes, skipped: int, kept: int, rate: int) -> Any:
    old = sample.get_buffer()
    buffer = Gst.Buffer.new_wrapped(data)
    buffer.pts = old.pts + skipped * NS_PER_S // rate
    buffer.duration = kept * NS_PER_S // rate
    return Gst.Sample.new(buffer, sample.get_caps(), sample.get_segment(), None)
