"""Sound of the match: a crowd that grows louder with the danger, kicks, the whistle, and the sync clicks.

Each sample depends on the seed alone, regardless of the portions in which the sound is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.match.field import HALF_LENGTH_M, HALF_WIDTH_M
from pipeline.match.match_state import Event
from pipeline.match.play import Play
from pipeline.match.settings import MatchSettings
from pipeline.match.sync import click, mark_time
from pipeline.match.venue import SETBACK_M

Array = NDArray[np.float32]

RATE_HZ: Final = 48_000
CHANNELS: Final = 2
_MOOD_SAMPLES: Final = 1920
"""The loudness of the crowd is computed at every so many samples and interpolated in between."""
_CLICK_LEVEL = 0.30
_MURMUR_LEVEL, _ROAR_LEVEL = 0.030, 0.115
# Four loops of different lengths: together they repeat only after hours.
_LOOP_SAMPLES: Final = (288_000, 324_000, 360_000, 405_000)


@dataclass(frozen=True, slots=True)
class _SoundEvent:
    """A single sound, (N, 2), that starts at a sample."""

    start: int
    samples: Array


class Sound:
    """The sound of a match, read in time order. Deterministic; one thread at a time."""

    def __init__(self, settings: MatchSettings) -> None:
        self._settings = settings
        self._play = Play(settings.seed)
        rng = np.random.default_rng([settings.seed, 1])
        self._murmur = [_loop(rng, samples, 420.0, 1.1) for samples in _LOOP_SAMPLES[:2]]
        self._roar = [_loop(rng, samples, 1150.0, 1.6) for samples in _LOOP_SAMPLES[2:]]
        self._moods: dict[int, float] = {}
        self._next_mood = 0
        self._sounds: list[_SoundEvent] = []
        self._next_second = 1
        self._position = 0

    def read(self, start: int, count: int) -> NDArray[np.int16]:
        """The samples `start` to ``start + count``, (count, 2), not before the end of those read last.

        Raises ValueError for an earlier start.
        """
        if start < self._position:
            raise ValueError(f"the sound is at sample {self._position} and does not run back to {start}")
        self._position = start
        self._listen_until(start + count)
        mood = self._mood(start, count)[:, None]
        index = np.arange(start, start + count)
        mix = np.empty((count, CHANNELS), np.float32)
        for channel in range(CHANNELS):
            murmur = self._murmur[channel].take(index, mode="wrap")
            roar = self._roar[channel].take(index, mode="wrap")
            mix[:, channel] = murmur
            mix[:, channel] *= (_MURMUR_LEVEL * (1.0 + 0.8 * mood))[:, 0]
            mix[:, channel] += roar * (_ROAR_LEVEL * mood * mood)[:, 0]
        for sound in self._sounds:
            _add(mix, start, sound)
        self._sounds = [v for v in self._sounds if v.start + len(v.samples) > start + count]
        samples: NDArray[np.int16] = np.rint(np.clip(mix, -1.0, 1.0) * 32767.0).astype(np.int16)
        return samples

    def _listen_until(self, stop: int) -> None:
        """Advance the play up to a sample and start the sounds of its events."""
        while (self._next_mood - 1) * _MOOD_SAMPLES <= stop:
            state = self._play.at(self._next_mood * _MOOD_SAMPLES / RATE_HZ)
            self._moods[self._next_mood] = state.danger
            self._next_mood += 1
        self._sounds += [_sound_of(event) for event in self._play.heard() if event.strength]
        while self._settings.marks and (mark := self._next_mark()) < stop:
            samples = (_CLICK_LEVEL * click(RATE_HZ)).astype(np.float32)
            self._sounds.append(_SoundEvent(mark, np.repeat(samples[:, None], CHANNELS, axis=1)))
            self._next_second += 1

    def _next_mark(self) -> int:
        return round(mark_time(self._next_second, self._settings.fps) * RATE_HZ)

    def _mood(self, start: int, count: int) -> Array:
        first = start // _MOOD_SAMPLES
        last = (start + count) // _MOOD_SAMPLES + 1
        for gone in [mood for mood in self._moods if mood < first]:
            del self._moods[gone]
        moods = np.array([self._moods[index] for index in range(first, last + 1)], np.float32)
        place = np.arange(start, start + count)
        index = place // _MOOD_SAMPLES - first
        part = (place % _MOOD_SAMPLES).astype(np.float32) / np.float32(_MOOD_SAMPLES)
        mood: Array = moods[index] * (1 - part) + moods[index + 1] * part
        return mood


def _loop(rng: np.random.Generator, samples: int, centre_hz: float, steepness: float) -> Array:
    """A loop of crowd noise with standard deviation 1: random phases in a band around `centre_hz`."""
    frequency = np.arange(samples // 2 + 1) * (RATE_HZ / samples)
    octaves = np.log2(np.maximum(frequency, 20.0) / centre_hz)
    level = np.exp(-((octaves / steepness) ** 2)) * (frequency > 60.0)
    # Many voices instead of hiss: the level varies from one narrow band to the next.
    level *= 0.5 + rng.random(level.size)
    spectrum = level * np.exp(2j * np.pi * rng.random(level.size))
    noise = np.fft.irfft(spectrum, samples)
    breath = 1.0 + 0.16 * np.sin(2 * np.pi * 3 * np.arange(samples) / samples + rng.uniform(0, 6))
    noise *= breath
    loop: Array = (noise / noise.std()).astype(np.float32)
    return loop


def _sound_of(event: Event) -> _SoundEvent:
    start = round(event.time_s * RATE_HZ)
    if event.kind == "whistle":
        return _SoundEvent(start, _panned(_whistle(event.strength), event.place))
    if event.kind == "goal":
        return _SoundEvent(start, _panned(_thud(0.8), event.place))
    return _SoundEvent(start, _panned(_thud(event.strength), event.place))


def _thud(strength: float) -> Array:
    """A kick: a short low falling tone with a click."""
    time_s = np.arange(round(0.09 * RATE_HZ)) / RATE_HZ
    note = np.sin(2 * np.pi * (150.0 * time_s - 420.0 * time_s**2)) * np.exp(-time_s / 0.018)
    leather = np.sin(2 * np.pi * 900.0 * time_s) * np.exp(-time_s / 0.003)
    onset = np.minimum(time_s / 0.001, 1.0)
    thud: Array = (0.30 * strength * onset * (note + 0.25 * leather)).astype(np.float32)
    return thud


def _whistle(strength: float) -> Array:
    """A pea whistle: two beating tones with a trill."""
    length_s = 0.25 + 0.5 * strength
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    tone = np.sin(2 * np.pi * 2850.0 * time_s) + 0.7 * np.sin(2 * np.pi * 3010.0 * time_s)
    trill = 0.75 + 0.25 * np.sin(2 * np.pi * 38.0 * time_s)
    edges = np.minimum(1.0, np.minimum(time_s, length_s - time_s) / 0.02)
    whistle: Array = (0.055 * (0.5 + strength) * tone * trill * edges).astype(np.float32)
    return whistle


def _panned(mono: Array, place: tuple[float, float]) -> Array:
    """Stereo from mono: nearer is louder, and the two sides of the pitch have a channel each."""
    distance_m = math.hypot(place[0], place[1] + HALF_WIDTH_M + SETBACK_M)
    level = 1.0 / (0.55 + distance_m / 90.0)
    right = 0.5 + 0.35 * max(-1.0, min(1.0, place[0] / HALF_LENGTH_M))
    gains = np.array([math.sqrt(1 - right), math.sqrt(right)], np.float32) * np.float32(level)
    stereo: Array = mono[:, None] * gains
    return stereo


def _add(mix: Array, start: int, sound: _SoundEvent) -> None:
    begin, end = max(start, sound.start), min(start + len(mix), sound.start + len(sound.samples))
    if begin < end:
        mix[begin - start : end - start] += sound.samples[begin - sound.start : end - sound.start]
