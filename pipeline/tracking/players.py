"""Players: the centre of play, for when the ball is not seen, and the players near the ball."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.tracking.ground import Array


@dataclass(frozen=True, slots=True)
class Crowd:
    """All players seen in a window, in time order: seconds and metres on the ground, arrays of equal length."""

    time_s: Array
    x_m: Array
    z_m: Array

    def centre(self, time_s: float, within_s: float = 0.5) -> tuple[float, float, float] | None:
        """x, z and spread in metres of the play around `time_s`; goalkeepers and isolated players count little.

        None if nobody was seen within `within_s`. The weights are a Gaussian of 20 m around the median.
        """
        begin, end = np.searchsorted(self.time_s, (time_s - within_s, time_s + within_s))
        if begin == end:
            return None
        x, z = self.x_m[begin:end], self.z_m[begin:end]
        centre_x, centre_z = float(np.median(x)), float(np.median(z))
        square = (x - centre_x) ** 2 + (z - centre_z) ** 2
        weight = np.exp(-square / (2.0 * 20.0**2))
        weight /= weight.sum()
        centre_x, centre_z = float(weight @ x), float(weight @ z)
        spread = float(np.sqrt(weight @ ((x - centre_x) ** 2 + (z - centre_z) ** 2)))
        return centre_x, centre_z, spread

    def centres(self, times_s: Array, wanted: NDArray[np.bool_]) -> Array:
        """x, z and spread of the play at the wanted times, (3, N); nan elsewhere and where nobody was seen near."""
        found = np.full((3, len(times_s)), np.nan)
        for i in np.flatnonzero(wanted):
            found[:, i] = self.centre(float(times_s[i])) or (np.nan,) * 3
        return found

    def reach_m(
        self, time_s: float, x_m: float, z_m: float, radius_m: float, within_s: float = 0.25
    ) -> float:
        """The largest sideways distance, seen from the cameras, of players within `radius_m` of a position."""
        begin, end = np.searchsorted(self.time_s, (time_s - within_s, time_s + within_s))
        away_x, away_z = self.x_m[begin:end] - x_m, self.z_m[begin:end] - z_m
        sideways = np.abs(away_x * z_m - away_z * x_m) / max(float(np.hypot(x_m, z_m)), 1.0)
        return float(np.max(sideways, where=np.hypot(away_x, away_z) < radius_m, initial=0.0))
