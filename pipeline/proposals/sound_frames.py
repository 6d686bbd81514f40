"""SoundFrames: what the sound of a match is like, some fifty times a second, from portions of any size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.timebase import NS_PER_S

Array = NDArray[np.float64]

FRAME_S: Final = 0.0427
"""A frame is about so long, a power of two of samples; the next one begins in its middle."""

CROWD_HZ: Final = (300.0, 2500.0)
"""Many voices are loudest here; wind and kicks lie below, whistles above."""

WHISTLE_HZ: Final = (2650.0, 4500.0)
"""Referees' whistles, with and without a pea, and room for those that are blown hard or softly."""

TONE_HZ: Final = 60.0
"""What lies so near the strongest frequency is its tone: a pea spreads it."""

BESIDE_HZ: Final = (300.0, 800.0)
"""So far from the tone, below and above it, are its surroundings."""

QUIETEST_DB: Final = -90.0
"""What is quieter counts as this loud, so that nothing rises out of silence."""

_PART_BINS = 8
_MOST_OFF_NS = 20_000_000
_LEAST = 1e-14
_QUIET = 1e-4
"""Surroundings with less than this share of the crowd's power count as having it: silence has no tones."""


@dataclass(frozen=True, slots=True)
class SoundFrames:
    """Features of consecutive frames, one of each array (n,) a frame.

    ``time_ns``: the middle of each. ``level_db``: of the crowd's band, against full scale. ``noise``: how much like
    noise that band is, about 0.6 for a crowd and near 0 for tones. ``tone_hz``: the strongest frequency in the
    whistles' band; ``tone_db``: by how much it stands above the louder of its sides. ``is_overtone``: it is that of
    a lower tone, of a voice or an instrument.
    """

    time_ns: NDArray[np.int64]
    level_db: Array
    noise: Array
    tone_hz: Array
    tone_db: Array
    is_overtone: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time_ns)


class SoundAnalyser:
    """Makes frames of the samples of one stream. Deterministic; one thread at a time."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._size = 1 << max(5, round(math.log2(rate_hz * FRAME_S)))
        self._hop = self._size // 2
        self._window = np.hanning(self._size + 1)[:-1].astype(np.float32)
        self._scale = 2.0 / (self._size * float((self._window.astype(np.float64) ** 2).sum()))
        self._hz = np.arange(self._size // 2 + 1) * (rate_hz / self._size)
        self._crowd = self._bins(*CROWD_HZ)
        self._whistle = self._bins(*WHISTLE_HZ)
        self._left = np.empty(0, np.float32)
        self._left_ns = 0

    def add(self, begin_ns: int, samples: NDArray[np.float32]) -> SoundFrames:
        """The frames that are complete with `samples` (n,), mono, 1 is full scale, the first one at `begin_ns`.

        Samples that do not follow those before, within 20 ms, begin anew.
        """
        expected_ns = self._left_ns + len(self._left) * NS_PER_S // self._rate_hz
        if len(self._left) and abs(begin_ns - expected_ns) <= _MOST_OFF_NS:
            samples = np.concatenate([self._left, samples])
            begin_ns = self._left_ns
        count = max(0, (len(samples) - self._size) // self._hop + 1)
        used = count * self._hop
        self._left = samples[used:].copy()
        self._left_ns = begin_ns + used * NS_PER_S // self._rate_hz
        if not count:
            return _NO_FRAMES
        frames = np.lib.stride_tricks.sliding_window_view(samples, self._size)[: used : self._hop]
        middle = np.arange(count) * self._hop + self._hop
        return self._features(begin_ns + middle * NS_PER_S // self._rate_hz, frames)

    def _features(self, time_ns: NDArray[np.int64], frames: NDArray[np.float32]) -> SoundFrames:
        spectrum = np.fft.rfft(frames * self._window)
        power = (spectrum.real**2 + spectrum.imag**2) * self._scale + _LEAST
        crowd = power[:, self._crowd]
        level_db = np.maximum(10.0 * np.log10(crowd.sum(axis=1)), QUIETEST_DB)
        tone_hz, tone_db, is_overtone = self._tones(power)
        return SoundFrames(time_ns, level_db, _noise(crowd), tone_hz, tone_db, is_overtone)

    def _tones(self, power: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        count = len(power)
        if len(self._hz[self._whistle]) < 3:  # a stream of a telephone's quality
            return np.zeros(count), np.zeros(count), np.zeros(count, np.bool_)
        step_hz = float(self._hz[1])
        peak = power[:, self._whistle].argmax(axis=1) + self._whistle.start
        near = max(1, round(TONE_HZ / step_hz))
        tone = _around(power, peak, near)
        beside = np.arange(round(BESIDE_HZ[0] / step_hz), round(BESIDE_HZ[1] / step_hz) + 1)
        below, above = (np.median(_at(power, peak, side * beside), axis=1) for side in (-1, 1))
        surroundings = np.maximum(np.maximum(below, above), _QUIET * power[:, self._crowd].sum(axis=1))
        is_overtone = np.zeros(count, np.bool_)
        for part in (1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4):
            lower = np.rint(peak * part).astype(np.intp)
            sides = np.maximum(_around(power, lower - 4 * near, near), _around(power, lower + 4 * near, near))
            voice = _around(power, lower, near)
            is_overtone |= (voice > 6.0 * sides) & (voice > 0.1 * tone)
        return self._hz[peak], 10.0 * np.log10(tone / surroundings), is_overtone

    def _bins(self, from_hz: float, to_hz: float) -> slice:
        begin, end = np.searchsorted(self._hz, [from_hz, to_hz])
        return slice(int(begin), int(end))


def _noise(power: Array) -> Array:
    """The flatness of the spectrum (n, bins) in narrow parts, geometric over arithmetic mean, by their power."""
    parts = power.shape[1] // _PART_BINS
    if not parts:
        return np.zeros(len(power))
    split = power[:, : parts * _PART_BINS].reshape(len(power), parts, _PART_BINS)
    mean = split.mean(axis=2)
    return np.asarray(np.exp(np.log(split).mean(axis=2)).sum(axis=1) / mean.sum(axis=1))


def _around(power: Array, middle: NDArray[np.intp], near: int) -> Array:
    """The mean power (n,) of the bins up to `near` beside the middle one of each frame."""
    return np.asarray(_at(power, middle, np.arange(-near, near + 1)).mean(axis=1))


def _at(power: Array, middle: NDArray[np.intp], offsets: NDArray[np.intp]) -> Array:
    """The power (n, offsets) of the bins so far from the middle one of each frame."""
    places = np.clip(middle[:, None] + offsets, 0, power.shape[1] - 1)
    return np.asarray(np.take_along_axis(power, places, axis=1))


_NO_FRAMES = SoundFrames(
    np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.bool_)
)
