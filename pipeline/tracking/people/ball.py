"""Ball rows: where the ball was, with its height in flight, once the window after it is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.analysis.detector import DetectionSet
from pipeline.media.track_rows import BALL_ID, BALL_RADIUS_M, TrackRow
from pipeline.optics.rig import Rig
from pipeline.timebase import NS_PER_S, seconds_to_ns
from pipeline.tracking.ball import BallTracker, Following
from pipeline.tracking.people.places import FieldAxes
from pipeline.tracking.smoother import GRID_S

NOISE_M = 0.3
"""The standard deviation of the ball's place where it is seen."""

LARGEST_M = 6.0
"""Where it may be farther than this from its place, there is no row."""


class BallRows:
    """The ball's rows of one match. Deterministic; one thread at a time."""

    def __init__(self, rig: Rig, axes: FieldAxes) -> None:
        self._axes = axes
        self._tracker = BallTracker(rig, pitch=rig.pitch)
        self._sets: list[DetectionSet] = []

    def add(self, seen: DetectionSet) -> None:
        """Take the detections of a frame, in order of time."""
        self._sets.append(seen)

    def at(self, times_ns: Sequence[int]) -> list[TrackRow]:
        """The rows at these times, in order, none where the ball is not known; then forgets what is long before."""
        if not times_ns:
            return []
        past_ns = times_ns[0] - seconds_to_ns(self._tracker.past_s)
        self._sets = [one for one in self._sets if one.time_ns >= past_ns]
        end_ns = times_ns[-1] + seconds_to_ns(GRID_S)
        track = self._tracker.track(self._sets, times_ns[0], end_ns)
        at_s = (np.array(times_ns) - times_ns[0]) / NS_PER_S
        grid_s = GRID_S * np.arange(len(track.x_m))
        x, z, above, doubt = (
            np.interp(at_s, grid_s, values)
            for values in (track.x_m, track.z_m, track.above_m, track.uncertainty_m)
        )
        following = track.following[np.minimum(np.rint(at_s / GRID_S).astype(np.intp), len(grid_s) - 1)]
        places = self._axes.from_world(x, z)
        sigma = np.hypot(NOISE_M, doubt)
        known = (following == Following.BALL) & (doubt <= LARGEST_M)
        height = np.maximum(above - BALL_RADIUS_M, 0.0)
        return [
            TrackRow(
                times_ns[i],
                BALL_ID,
                "ball",
                "",
                float(places[i, 0]),
                float(places[i, 1]),
                float(height[i]),
                float(sigma[i]),
                float(np.exp(-doubt[i] / 2.0)),
            )
            for i in np.flatnonzero(known).tolist()
        ]
