"""Whistles in the sound: a narrow tone in the band of referees' whistles that stands out for a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.proposals.sound_frames import SoundFrames
from pipeline.timebase import NS_PER_MS, NS_PER_S

LEAST_DB, MEDIAN_DB = 4.0, 6.0
"""A tone stands out by the first in each frame, by the second in half of them; amid cheers it does by no more."""

LEAST_SHARE: Final = 0.75
"""The tone is there in such a share of the frames from its begin to its end."""

MOST_OVERTONES: Final = 0.4
"""A share of the frames in which it may look like a voice's overtone."""

LEAST_NOISE: Final = 0.4
"""What is heard below it is a crowd or nothing; an instrument has tones there."""

SHORTEST_NS: Final = 200 * NS_PER_MS
LONGEST_NS: Final = 3 * NS_PER_S
GAP_NS: Final = 90 * NS_PER_MS
"""A pea, or a kick beside it, may interrupt the tone for so long."""

STEADY_HZ: Final = 160.0
"""The tone stays so near its median; a bird's or a brake's does not."""


@dataclass(frozen=True, slots=True)
class Whistle:
    """A whistle from ``begin_ns`` to ``end_ns``; its frequency, and by how much it stands out at the median."""

    begin_ns: int
    end_ns: int
    tone_hz: float
    above_db: float


@dataclass(frozen=True, slots=True)
class _Tone:
    """A frame with a tone, by its number."""

    number: int
    time_ns: int
    hz: float
    db: float
    noise: float
    is_overtone: bool


class WhistleFinder:
    """Finds whistles in frames that come in order of time. One thread at a time."""

    def __init__(self) -> None:
        self._tones: list[_Tone] = []
        self._count = 0

    def add(self, frames: SoundFrames) -> list[Whistle]:
        """The whistles that have ended with these frames."""
        found = []
        for i in np.flatnonzero(frames.tone_db >= LEAST_DB).tolist():
            tone = _Tone(
                self._count + i,
                int(frames.time_ns[i]),
                float(frames.tone_hz[i]),
                float(frames.tone_db[i]),
                float(frames.noise[i]),
                bool(frames.is_overtone[i]),
            )
            if self._tones and (tone.time_ns - self._tones[-1].time_ns > GAP_NS or self._is_elsewhere(tone)):
                found += self._ended()
            self._tones.append(tone)
        self._count += len(frames)
        if self._tones and len(frames) and int(frames.time_ns[-1]) - self._tones[-1].time_ns > GAP_NS:
            found += self._ended()
        return found

    def _is_elsewhere(self, tone: _Tone) -> bool:
        return abs(tone.hz - float(np.median([one.hz for one in self._tones]))) > STEADY_HZ

    def _ended(self) -> list[Whistle]:
        tones, self._tones = self._tones, []
        begin_ns, end_ns = tones[0].time_ns, tones[-1].time_ns
        above_db = float(np.median([tone.db for tone in tones]))
        is_whistle = (
            SHORTEST_NS <= end_ns - begin_ns <= LONGEST_NS
            and len(tones) >= LEAST_SHARE * (tones[-1].number - tones[0].number + 1)
            and above_db >= MEDIAN_DB
            and float(np.median([tone.noise for tone in tones])) >= LEAST_NOISE
            and sum(tone.is_overtone for tone in tones) <= MOST_OVERTONES * len(tones)
        )
        hz = float(np.median([tone.hz for tone in tones]))
        return [Whistle(begin_ns, end_ns, hz, above_db)] if is_whistle else []
