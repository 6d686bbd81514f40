"""Rises of the crowd: many voices that suddenly become louder than in the last minutes, and stay so for a while."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pipeline.proposals.sound_frames import QUIETEST_DB, SoundFrames
from pipeline.timebase import NS_PER_MS, NS_PER_S

TICK_NS: Final = 100 * NS_PER_MS
SMOOTH_NS: Final = 500 * NS_PER_MS
MINUTES_NS: Final = 120 * NS_PER_S
"""Louder than in so long before."""

HELD_TICKS: Final = 10
"""It has to be louder for so many ticks; a kick or a shout is over by then."""

LEAST_KNOWN_TICKS: Final = 60
"""Before so much was heard, nothing is known to be louder."""

LEAST_RISE_DB, SUDDEN_DB, SUDDEN_NS = 4.5, 3.0, 3 * NS_PER_S
"""Louder than usual by the first, and within the last by the second."""

LEAST_NOISE: Final = 0.52
"""Many voices are like noise; music and a single voice are not."""

MOST_WAVERING_DB: Final = 4.5
"""The standard deviation of a second: a single voice, or a drum, wavers more."""

NEAR_PEAK_DB: Final = 3.0
"""It is at its loudest where it is not quieter than its peak by more."""

FALLEN: Final = 0.4
"""It is over when this share of the rise is left."""

LONGEST_NS: Final = 40 * NS_PER_S


@dataclass(frozen=True, slots=True)
class CrowdRise:
    """The crowd became louder from ``begin_ns`` on, was loudest first at ``loudest_ns``, as far as ``known_ns``.

    ``rise_db``: above what was usual before. ``lasts_ns``: how long it has been at its loudest.
    """

    begin_ns: int
    loudest_ns: int
    known_ns: int
    rise_db: float
    lasts_ns: int
    is_over: bool = False


class CrowdFinder:
    """Finds rises in frames that come in order of time. One thread at a time."""

    def __init__(self) -> None:
        self._frames: deque[tuple[int, float, float]] = deque()
        self._levels: deque[tuple[int, float]] = deque()
        self._next_ns: int | None = None
        self._usual_db = QUIETEST_DB
        self._usual_at_ns = -NS_PER_S
        self._rise: CrowdRise | None = None
        self._since: list[tuple[int, float]] = []
        """The levels of the present rise."""

    def add(self, frames: SoundFrames) -> list[CrowdRise]:
        """The rises that began, went on or ended with these frames, each as it is known now."""
        changed: dict[int, CrowdRise] = {}
        for time_ns, level_db, noise in zip(
            frames.time_ns.tolist(), frames.level_db.tolist(), frames.noise.tolist(), strict=True
        ):
            self._frames.append((time_ns, level_db, noise))
            while self._frames[0][0] < time_ns - NS_PER_S:
                self._frames.popleft()
            if self._next_ns is None or abs(time_ns - self._next_ns) > NS_PER_S:
                self._next_ns = time_ns
            if time_ns >= self._next_ns:
                self._next_ns += TICK_NS
                rise = self._tick(time_ns)
                if rise is not None:
                    changed[rise.begin_ns] = rise
        return list(changed.values())

    def _tick(self, now_ns: int) -> CrowdRise | None:
        recent = [level for time_ns, level, _ in self._frames if time_ns > now_ns - SMOOTH_NS]
        level_db = float(np.median(recent))
        self._levels.append((now_ns, level_db))
        while self._levels[0][0] < now_ns - MINUTES_NS:
            self._levels.popleft()
        if self._rise is not None:
            return self._go_on(now_ns, level_db)
        self._learn(now_ns)
        if len(self._levels) < LEAST_KNOWN_TICKS:
            return None
        if min(list(self._levels)[-HELD_TICKS:], key=_level)[1] - self._usual_db < LEAST_RISE_DB:
            return None
        before = [(at_ns, db) for at_ns, db in self._levels if at_ns >= now_ns - SUDDEN_NS]
        quietest_db = min(db for _, db in before)
        if level_db - quietest_db < SUDDEN_DB or not self._is_crowd():
            return None
        half_db = (level_db + quietest_db) / 2
        begin_ns = next(at_ns for at_ns, db in reversed(before) if db <= half_db)
        self._since = [(at_ns, db) for at_ns, db in before if at_ns >= begin_ns]
        self._rise = CrowdRise(begin_ns, now_ns, now_ns, level_db - self._usual_db, 0)
        return self._rise

    def _go_on(self, now_ns: int, level_db: float) -> CrowdRise | None:
        rise = self._rise
        if rise is None:
            return None
        self._since.append((now_ns, level_db))
        peak_db = max(db for _, db in self._since)
        loud = [at_ns for at_ns, db in self._since if db >= peak_db - NEAR_PEAK_DB]
        height_db = peak_db - self._usual_db
        is_over = level_db < self._usual_db + FALLEN * height_db or now_ns - rise.begin_ns > LONGEST_NS
        rise = replace(
            rise,
            loudest_ns=next(at_ns for at_ns, db in self._since if db >= peak_db - NEAR_PEAK_DB / 2),
            known_ns=now_ns,
            rise_db=height_db,
            lasts_ns=len(loud) * TICK_NS,
            is_over=is_over,
        )
        self._rise = None if is_over else rise
        return rise

    def _learn(self, now_ns: int) -> None:
        """What is usual: the middle of the last minutes without the last seconds, once a second."""
        if now_ns - self._usual_at_ns < NS_PER_S:
            return
        self._usual_at_ns = now_ns
        past = [db for at_ns, db in self._levels if at_ns <= now_ns - SUDDEN_NS]
        if past:
            self._usual_db = float(np.median(past))

    def _is_crowd(self) -> bool:
        begin_ns = self._frames[-1][0] - HELD_TICKS * TICK_NS
        _, levels, noises = zip(*(frame for frame in self._frames if frame[0] > begin_ns), strict=True)
        steps = np.diff(levels)  # what rises steadily does not waver
        wavering_db = float(steps.std()) if len(steps) else 0.0
        return float(np.median(noises)) >= LEAST_NOISE and wavering_db <= MOST_WAVERING_DB


def _level(tick: tuple[int, float]) -> float:
    return tick[1]
