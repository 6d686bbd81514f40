"""Sounds to find, and sounds that must not be taken for them; each has a standard deviation of 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
Array = NDArray[np.float64]


def noise(seconds: float, tilt: float = 1.0, seed: int = 0) -> Array:
    """Noise whose power falls with frequency to the power of `tilt`: 0 is white, 1 pink, 2 brown."""
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    shaped = np.fft.irfft(spectrum / np.arange(1, len(spectrum) + 1) ** (tilt / 2), count)
    return np.asarray(shaped / shaped.std())


def times(seconds: float) -> Array:
    """The time of each sample in seconds."""
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def silence(seconds: float) -> Array:
    """Nothing."""
    return np.zeros(round(seconds * RATE_HZ))


def whistle(seconds: float, hz: float, pea_hz: float = 0.0) -> Array:
    """A referee's whistle; with a pea it trills."""
    at_s = times(seconds)
    trill = 1.0 + (0.6 * np.sin(2 * np.pi * pea_hz * at_s) if pea_hz else 0.0)
    sound = np.sin(2 * np.pi * hz * at_s) * trill * np.minimum(1.0, np.minimum(at_s, at_s[::-1]) / 0.02)
    return np.asarray(sound / sound.std())


def music(seconds: float, overtones: int, root_hz: float, seed: int = 0) -> Array:
    """Four notes a second of an instrument."""
    rng, sound = np.random.default_rng(seed), silence(seconds)
    for begin in range(0, len(sound), RATE_HZ // 4):
        at_s = np.arange(min(RATE_HZ // 4, len(sound) - begin)) / RATE_HZ
        hz = root_hz * 2 ** (rng.integers(0, 13) / 12)
        for overtone in range(1, overtones + 1):
            sound[begin : begin + len(at_s)] += np.sin(2 * np.pi * hz * overtone * at_s) / overtone
    return np.asarray(sound / sound.std())


def speech(seconds: float) -> Array:
    """A voice: a tone that glides, shaped as by a mouth, four syllables a second, with hisses between."""
    at_s = times(seconds)
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * at_s)) / RATE_HZ
    voice = sum(np.sin(k * phase) / k * np.exp(-(((k * 120 - 700) / 900) ** 2)) for k in range(1, 40))
    syllables = np.clip(np.sin(2 * np.pi * 4 * at_s + np.sin(at_s)), 0.0, 1.0)
    sound = voice * syllables + 0.05 * noise(seconds, 0.0) * (1 - syllables)
    return np.asarray(sound / sound.std())


def drums(seconds: float) -> Array:
    """Two beats a second."""
    sound = noise(seconds) * np.exp(-(times(seconds) % 0.5) / 0.03)
    return np.asarray(sound / sound.std())


def from_then_on(sound: Array, begin_s: float) -> Array:
    """Silence up to a time, and the sound from then on."""
    return np.asarray(sound * np.clip((np.arange(len(sound)) / RATE_HZ - begin_s) * 20, 0.0, 1.0))
