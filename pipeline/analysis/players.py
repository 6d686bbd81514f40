"""Players: where the play is when nobody sees the ball."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.analysis.ground import Array


@dataclass(frozen=True, slots=True)
class Crowd:
    """All players seen in a window, in time order: seconds and metres on the ground, arrays of one length."""

    time_s: Array
    x_m: Array
    z_m: Array

    def centre(self, time_s: float, within_s: float = 0.5) -> tuple[float, float, float] | None:
        """x, z and spread in metres of the play around `time_s`, goalkeepers and stragglers counting little.

        None when nobody was seen within `within_s`. The weights are a Gaussian's of 20 m round the median.
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
