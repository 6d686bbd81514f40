"""CameraRecord: one camera's measured poses by running time, its place, and what happened to it."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

import numpy as np

from pipeline.analysis.bumps import Bump, BumpFinder
from pipeline.optics.angles import Array
from pipeline.optics.stabilisation.fit import Mount
from pipeline.optics.stabilisation.pose import NO_CHANGE, Pose
from pipeline.timebase import NS_PER_MS, NS_PER_S

SMOOTH_NS = 120 * NS_PER_MS
"""The pose at a time is fitted to the measurements from so long before to so long after."""

LEAST_PX = 0.4
"""A camera that never leaves its place by more than this, in pixels of its image, stands still."""

LEAST_FRAMES = 3
"""So many frames in a row must leave the place."""

EARLIER_NS = 500 * NS_PER_MS
"""The pose is applied from this long before the movement was first seen."""

STATE_NS = 5 * NS_PER_S
"""The present sway is the largest of this last part."""

SMOOTH_PX = 1.5
"""If a parabola misses a measurement by more than this, in pixels, the camera was bumped right then."""


class CameraRecord:
    """One camera's measurements. One thread at a time; the owner's lock guards it."""

    def __init__(self, mount: Mount, settle_ns: int) -> None:
        """The camera's place is its average pose in the first `settle_ns`, or up to a bump within them."""
        lens = mount.lens
        width, height = lens.size_px
        foot = lens.unproject(np.array([[width / 2, height - 1.0]]))
        nearness = float(np.linalg.norm(mount.pulls(np.nan_to_num(foot))))
        self.weights = np.array([1.0, 1.0, 1.0, math.hypot(width, height) / 2 / lens.focal_px, nearness])
        """What turns the parts of a pose vector into the angles by which they move the picture."""
        self._px_per_rad, self._settle_ns = lens.focal_px, settle_ns
        self._least_rad = LEAST_PX / lens.focal_px
        self._finder = BumpFinder(self.weights)
        self.times: list[int] = []
        self.vectors: list[Array] = []
        self.readout_ns = 0.0
        """How long a picture is read out, from the top row down; 0 while it is not known."""
        self.place = NO_CHANGE
        self.is_settled = self._was_bumped = False
        self._first_ns: int | None = None
        self.moves_from_ns: int | None = None
        """From when on its video is corrected; None for a camera that never left its place."""
        self._standing_from_ns = -math.inf
        self.away = 0
        """So many measurements in a row were off its place."""

    def begin_anew(self) -> None:
        """Time does not go on from the last measurement: forget those that there are, but not the place."""
        self.times.clear()
        self.vectors.clear()

    def add(self, time_ns: int, vector: Array, span_ns: int) -> Bump | None:
        """Store a measurement, and forget those older than `span_ns`; returns the bump that it makes certain."""
        if self._first_ns is None:
            self._first_ns = time_ns
        self.times.append(time_ns)
        self.vectors.append(vector)
        self._settle()
        bump = self._finder.add(time_ns, vector)
        if bump is not None:
            self._settle_before(bump.time_ns)
            self._was_bumped = True
            self._standing_from_ns = bump.settled_ns
        is_away = self._finder.angle_rad(vector - self.place) > self._least_rad
        self.away = self.away + 1 if is_away else 0
        if self.away == LEAST_FRAMES and self.moves_from_ns is None:
            self.moves_from_ns = self.times[-LEAST_FRAMES] - EARLIER_NS
        old = bisect_left(self.times, time_ns - span_ns)
        if old > len(self.times) // 2:  # seldom, since it moves the rest
            del self.times[:old], self.vectors[:old]
        return bump

    @property
    def stand(self) -> Array:
        """The pose vector of where the camera stands on average."""
        return self.place if self._finder.stand is None else self._finder.stand

    @property
    def off_rad(self) -> float:
        """How far it stands from its place."""
        return self._finder.angle_rad(self.stand - self.place)

    @property
    def worst_rad(self) -> float:
        """The largest sway so far."""
        return max(self._finder.worst_rad, self.now_rad)

    @property
    def now_rad(self) -> float:
        """The largest sway of the last part."""
        if not self.times:
            return 0.0
        since_ns = max(self._standing_from_ns, self.times[-1] - STATE_NS)
        recent = self.vectors[bisect_left(self.times, since_ns) :]
        return max((self._finder.angle_rad(vector - self.stand) for vector in recent), default=0.0)

    def pose_at(self, time_ns: int) -> Pose | None:
        """The pose at a time compared with the place, from the measurements around it; None if it stands there."""
        if self.moves_from_ns is None or time_ns < self.moves_from_ns or not self.times:
            return None
        vector, rate = self._fitted(time_ns)
        return Pose.between(vector, self.place, rate[:3] * self.readout_ns if self.readout_ns else None)

    def _settle(self) -> None:
        """Take the average of the first part as the camera's place."""
        if not self.is_settled and self._first_ns is not None:
            self.is_settled = self.times[-1] - self._first_ns >= self._settle_ns
            self.place = _average(self.times, self.vectors)

    def _settle_before(self, bump_ns: int) -> None:
        """A camera that is bumped before its place is known had the average up to then as its place.

        A bump is noticed a little later, when the place may have been taken already.
        """
        if not self._was_bumped and self._first_ns is not None and bump_ns < self._first_ns + self._settle_ns:
            before = bisect_left(self.times, bump_ns)
            self.is_settled = True
            self.place = _average(self.times[:before], self.vectors[:before]) if before else NO_CHANGE

    def _fitted(self, time_ns: int) -> tuple[Array, Array]:
        """The pose vector at `time_ns`, and its change in a nanosecond.

        By a parabola through the measurements around it, or what bridges a gap.
        """
        first = bisect_left(self.times, time_ns - SMOOTH_NS)
        last = bisect_right(self.times, time_ns + SMOOTH_NS)
        times, vectors = self.times[first:last], np.array(self.vectors[first:last])
        if len(times) >= 5 and times[0] < time_ns < times[-1]:
            at = (np.array(times, np.float64) - time_ns) / SMOOTH_NS
            weights = np.sqrt(np.maximum(1 - np.abs(at) ** 3, 0) ** 3)  # tricube (Cleveland 1979)
            powers = np.stack([np.ones_like(at), at, at * at], axis=-1)
            fitted, *_ = np.linalg.lstsq(powers * weights[:, None], vectors * weights[:, None], rcond=None)
            missed_rad = np.linalg.norm((powers @ fitted - vectors) * self.weights, axis=-1)
            if float((missed_rad * weights).max()) * self._px_per_rad < SMOOTH_PX:
                return fitted[0], fitted[1] / SMOOTH_NS
        after = bisect_left(self.times, time_ns)
        near = slice(max(0, after - 1), after + 1)
        axes = np.transpose(self.vectors[near] or self.vectors[-1:])
        times = self.times[near] or self.times[-1:]
        return np.array([np.interp(time_ns, times, axis) for axis in axes]), NO_CHANGE


def _average(times: list[int], vectors: list[Array]) -> Array:
    """The average pose vector, weighted by a Hann window.

    A sway of any frequency from 0.3 Hz on averages out, also in a broken period.
    """
    at = np.array(times, np.float64)
    length = max(float(at[-1] - at[0]), 1.0)
    weights = 1e-6 + np.sin(np.pi * (at - at[0]) / length) ** 2
    average: Array = np.average(vectors, axis=0, weights=weights)
    return average
