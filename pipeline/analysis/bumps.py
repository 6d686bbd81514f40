"""BumpFinder: tells a bump, after which a camera stands elsewhere, from wind, in which it comes back."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.timebase import NS_PER_MS, NS_PER_S, ns_to_seconds

WINDOW_NS = 700 * NS_PER_MS
"""So long a camera must stand still elsewhere."""

LONG_WINDOW_NS = 3_500 * NS_PER_MS
"""In wind, from 0.3 Hz on, a camera's average over this time is where it stands."""

LEAST_BUMP_RAD, LEAST_IN_WIND_RAD = math.radians(0.1), math.radians(0.2)
"""Less is drift or noise."""

STILL, STILL_RAD = 0.03, math.radians(0.01)
"""A camera that stands still elsewhere moves by less than this share of how far it is off, or by less than this; at
the turning points of wind it moves by more."""

LEFT = 0.15
"""A camera that is off where it stood by more than this share of the bump had left."""

CALM_S = 10.0
"""The usual sway is forgotten in about this time."""

STAND_S = 30.0
"""Where a camera stands follows slow drift, by sun or sag, in about this time."""

LONGEST_GAP_NS = NS_PER_S // 2
"""After a longer gap in the measurements the window begins anew."""

FEWEST = 5


@dataclass(frozen=True, slots=True)
class Bump:
    """A camera left where it stood at `time_ns`, and stood elsewhere from `settled_ns` on."""

    time_ns: int
    settled_ns: int
    before: Array
    """The pose vector of where it stood."""
    after: Array
    """The pose vector of where it stands now."""


class BumpFinder:
    """Follows where one camera stands. One thread at a time; pure."""

    def __init__(self, weights: Array) -> None:
        """``weights`` (5,): what turns the parts of a pose vector into angles that they move the picture by."""
        self._weights = weights
        self._recent: deque[tuple[int, Array]] = deque()
        self.stand: Array | None = None
        """Where the camera stands on average; None before the first measurement."""
        self._counted = 0
        self._stands_from_ns: int | None = None
        """Since when it stands there."""
        self._usual_rad = 0.0
        self.worst_rad = 0.0
        """The largest sway so far: how far the camera was from where it stood."""

    def angle_rad(self, change: Array) -> float:
        """By what angle a change of the pose vector moves the picture."""
        return float(np.linalg.norm(change * self._weights))

    def add(self, time_ns: int, vector: Array) -> Bump | None:
        """Take a measurement; returns the bump that it makes certain."""
        recent = self._recent
        if self.stand is None:
            self.stand = vector
        if recent and not 0 < time_ns - recent[-1][0] <= LONGEST_GAP_NS:
            recent.clear()
            self._stands_from_ns = None
        recent.append((time_ns, vector))
        while recent[-1][0] - recent[0][0] > LONG_WINDOW_NS:
            self._take(*recent.popleft())
        bump = self._bump()
        if bump is not None:
            self.stand, self._counted, self._stands_from_ns = bump.after, 1, bump.settled_ns
            while recent and recent[0][0] < bump.settled_ns:
                recent.popleft()
        return bump

    def _take(self, time_ns: int, vector: Array) -> None:
        """Let a measurement that belongs to no bump change where the camera stands."""
        stand = vector if self.stand is None else self.stand
        if self._stands_from_ns is None:
            self._stands_from_ns = time_ns
        off_rad = self.angle_rad(vector - stand)
        since_s = ns_to_seconds(max(self._recent[0][0] - time_ns, 0))
        self._usual_rad = max(self._usual_rad * math.exp(-since_s / CALM_S), off_rad)
        self.worst_rad = max(self.worst_rad, off_rad)
        self._counted += 1
        share = max(1 / self._counted, 1 - math.exp(-since_s / STAND_S))
        self.stand = stand + share * (vector - stand)

    def _bump(self) -> Bump | None:
        recent, stand = self._recent, self.stand
        if stand is None or self.angle_rad(recent[-1][1] - stand) < LEAST_BUMP_RAD:
            return None
        times, vectors = np.array([at for at, _ in recent]), np.array([vector for _, vector in recent])
        after = self._still_at(times, vectors, stand)
        if after is None:
            after = self._swaying_about(times, vectors, stand)
        if after is None:
            return None
        bump_rad = self.angle_rad(after - stand)
        off_rad = np.linalg.norm((vectors - stand) * self._weights, axis=-1)
        near_rad = np.linalg.norm((vectors - after) * self._weights, axis=-1)
        stood, stands = np.flatnonzero(off_rad < LEFT * bump_rad), np.flatnonzero(near_rad > LEFT * bump_rad)
        left, came = (int(each[-1]) + 1 if len(each) else 0 for each in (stood, stands))
        return Bump(
            int(times[min(left, len(times) - 1)]), int(times[min(came, len(times) - 1)]), stand, after
        )

    def _still_at(self, times: NDArray[np.int64], vectors: Array, stand: Array) -> Array | None:
        """Where the camera stands still, off its stand, at the end of the measurements."""
        window = times >= times[-1] - WINDOW_NS
        if times[-1] - times[0] < WINDOW_NS or window.sum() < FEWEST:
            return None
        after: Array = vectors[times >= times[-1] - WINDOW_NS // 2].mean(axis=0)
        nearest_rad = float(np.linalg.norm((vectors[window] - stand) * self._weights, axis=-1).min())
        moves_rad = float(np.linalg.norm((vectors[window] - after) * self._weights, axis=-1).max())
        is_still = moves_rad < max(STILL * nearest_rad, STILL_RAD)
        return after if is_still and nearest_rad > LEAST_BUMP_RAD else None

    def _swaying_about(self, times: NDArray[np.int64], vectors: Array, stand: Array) -> Array | None:
        """About what the camera sways, off its stand."""
        stood_ns = times[0] - (times[0] if self._stands_from_ns is None else self._stands_from_ns)
        if stood_ns < LONG_WINDOW_NS or times[-1] - times[0] < 0.95 * LONG_WINDOW_NS:
            return None  # in wind, where it stands is not known yet
        after: Array = vectors.mean(axis=0)
        off_rad = self.angle_rad(after - stand)
        early = times < (times[0] + times[-1]) / 2
        is_over = self.angle_rad(vectors[early].mean(axis=0) - vectors[~early].mean(axis=0)) < off_rad / 2
        return after if is_over and off_rad > max(LEAST_IN_WIND_RAD, self._usual_rad / 2) else None
