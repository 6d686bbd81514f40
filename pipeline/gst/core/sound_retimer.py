"""SoundRetimer: resamples raw sound by a few parts in ten thousand, so that it keeps to corrected times unheard.

Windowed-sinc interpolation at a position that runs on from chunk to chunk (J. O. Smith, Digital Audio Resampling,
https://ccrma.stanford.edu/~jos/resample/): no sample is doubled or left out, and there is no seam between chunks.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.gst.core.pcm import PcmFormat, Sound
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_MS, NS_PER_S

HALF = 16
"""Samples on each side that an interpolated one is made of; the sound is held back by so many."""
PHASES = 512
"""Positions between two samples for which the weights are known; between those they are interpolated."""
KAISER_BETA = 9.0
"""The window's shape: what is mirrored or distorted lies 90 dB below the sound."""
GAP_NS = 40 * NS_PER_MS
"""Sound this far from where it would go on begins anew."""
SMALL_NS = 5 * NS_PER_MS
"""A larger correction is not one that begins."""
CATCH_UP_NS = 4 * NS_PER_S
CATCH_UP = 0.001
"""What the sound is off its time is made up for in CATCH_UP_NS, at this share of its speed at most."""
LARGEST_SLOPE = 0.03
"""The most that the correction's own slope counts."""


class SoundRetimer:
    """One stream's raw sound. Whoever calls sees to it that one thread does at a time."""

    def __init__(self, pcm: PcmFormat) -> None:
        self._pcm = pcm
        self.is_active = False
        """Whether it holds sound back, and so must be given all that follows."""
        self._held: Sound = np.zeros((0, pcm.channels))
        self._position = 0.0
        """Where in the held sound the next sample comes from."""
        self._origin_ns = self._count = 0
        self._before = (0, 0)

    def retime(self, sample: Any, time_ns: int, correction_ns: int) -> tuple[Any, int] | None:
        """The sound of `sample`, whose time is `time_ns`, moved by `correction_ns`: a new sample and its time.

        None while it is too short to give any.
        """
        old = sample.get_buffer()
        sound = self._pcm.decode(old.extract_dup(0, old.get_size()))
        rate_hz, wanted_ns = self._pcm.rate_hz, time_ns + correction_ns
        ahead = len(self._held) - self._position
        off_ns = wanted_ns - self._next_ns - ahead * NS_PER_S / rate_hz
        begins = not self.is_active or abs(off_ns) > GAP_NS
        if begins:
            self.is_active = True
            self._held, self._position = np.zeros((HALF - 1, self._pcm.channels)), float(HALF - 1)
            # A small correction has only begun: what was sent before it was not moved.
            self._origin_ns = time_ns if abs(correction_ns) <= SMALL_NS else wanted_ns
            self._count, off_ns = 0, float(wanted_ns - self._origin_ns)
            self._before = (time_ns, correction_ns)
        stretch = 1 + self._slope(time_ns, correction_ns) + _clip(off_ns / CATCH_UP_NS, CATCH_UP)
        self._before = (time_ns, correction_ns)
        begin_ns = self._next_ns
        made = self._interpolate(sound, 1 / stretch)
        if len(made) == 0:
            return None
        self._count += len(made)
        buffer = Gst.Buffer.new_wrapped(self._pcm.encode(made))
        buffer.pts = max(old.pts + begin_ns - time_ns, 0)
        buffer.duration = self._next_ns - begin_ns
        if begins and old.has_flags(Gst.BufferFlags.DISCONT):
            buffer.set_flags(Gst.BufferFlags.DISCONT)
        return Gst.Sample.new(buffer, sample.get_caps(), sample.get_segment(), None), begin_ns

    @property
    def _next_ns(self) -> int:
        """The time of the next sample that is made."""
        return self._origin_ns + self._count * NS_PER_S // self._pcm.rate_hz

    def _slope(self, time_ns: int, correction_ns: int) -> float:
        before_ns, corrected_ns = self._before
        return _clip((correction_ns - corrected_ns) / max(time_ns - before_ns, 1), LARGEST_SLOPE)

    def _interpolate(self, sound: Sound, step: float) -> Sound:
        """What can be made now, `step` samples of the old for one of the new."""
        held = np.concatenate((self._held, sound))
        count = max(int((len(held) - HALF - self._position) // step), 0)
        if count == 0:
            self._held = held
            return held[:0]
        places = self._position + step * np.arange(count)
        whole = places.astype(np.intp)
        phase = (places - whole) * PHASES
        row = phase.astype(np.intp)
        part = (phase - row)[:, None]
        weights = _weights()[row] * (1 - part) + _weights()[row + 1] * part
        windows = np.lib.stride_tricks.sliding_window_view(held, 2 * HALF, axis=0)
        made: Sound = np.einsum("kct,kt->kc", windows[whole - HALF + 1], weights)
        self._position += step * count
        done = int(self._position) - HALF + 1
        self._held = held[done:]
        self._position -= done
        return made


def _clip(value: float, most: float) -> float:
    return min(max(value, -most), most)


@cache
def _weights() -> npt.NDArray[np.float64]:
    """The weights of the samples around a position, one row for each phase; each row sums to one."""
    taps = np.arange(2 * HALF) - (HALF - 1)
    away = taps[None, :] - (np.arange(PHASES + 1) / PHASES)[:, None]
    window = np.i0(KAISER_BETA * np.sqrt(np.clip(1 - (away / HALF) ** 2, 0, 1))) / np.i0(KAISER_BETA)
    rows: npt.NDArray[np.float64] = np.sinc(away) * window
    rows /= rows.sum(axis=1, keepdims=True)
    return rows
