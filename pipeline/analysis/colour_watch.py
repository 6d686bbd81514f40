"""ColourWatch: compares the colours of neighbouring cameras on the ground at their seam, a few times a second."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.colour_history import ColourHistory
from pipeline.optics.angles import Array
from pipeline.optics.colour import bgr_of
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.optics.seam_points import SeamPoints
from pipeline.optics.stabilisation.pose import Poses
from pipeline.timebase import NS_PER_MS, Nanoseconds

EVERY_NS = 150 * NS_PER_MS

NEAR_DEG, GRAIN_DEG, MOST = 2.5, 0.2, 900
"""Where it looks: that near the seam, in grains of this size, at so many points."""

DARKEST, BRIGHTEST = 25.0, 230.0
"""Luma beyond these is clipped in one camera or may be; it does not count."""

LEAST_BGR = 8.0

LEAST_SHARE, FEWEST = 0.3, 60
"""So many of the points must be usable."""

WIDEST = 0.25
"""If the ratio differs more than this between points (median deviation, natural logarithm), the cameras do not see
the same: one is covered or was moved."""


def neighbours(rig: Rig) -> list[tuple[int, int]]:
    """The cameras on either side of each seam, from left to right."""
    return list(pairwise(rig.left_to_right))


class ColourWatch:
    """Measures the cameras' colours and writes them to the history. One thread calls `look`."""

    def __init__(
        self,
        rig: Rig,
        history: ColourHistory,
        on_learned: Callable[[Nanoseconds, list[Array | None]], object] = lambda _time_ns, _ratios: None,
    ) -> None:
        """The `history` is of the rig's `neighbours`; ``on_learned(time since the first frame, ratios)`` gets what
        was measured."""
        self._history, self._on_learned = history, on_learned
        self._gains = [np.array(camera.gain_bgr) for camera in rig.cameras]
        self._points = [
            SeamPoints(rig, pair, near_deg=NEAR_DEG, above_m=0.0, grain_deg=GRAIN_DEG, most=MOST)
            for pair in neighbours(rig)
        ]
        self._next_ns: int | None = None
        self._first_ns = self._last_ns = 0

    def look(self, frame: Frame, time_ns: Nanoseconds, poses: Poses | None = None) -> None:
        """Look at the rig frame of this time; half a millisecond for each seam, on average much less."""
        if self._history.is_recalled:
            if self._next_ns is None:
                self._next_ns = time_ns
                self._history.begin(time_ns)
            return
        if self._next_ns is not None and self._last_ns < time_ns < self._next_ns:
            return
        if self._next_ns is None:
            self._first_ns = time_ns
        self._last_ns = time_ns
        self._next_ns = time_ns + EVERY_NS
        ratios = [self._ratio(points, frame, poses) for points in self._points]
        self._history.add(time_ns, ratios)
        self._on_learned(Nanoseconds(time_ns - self._first_ns), ratios)

    def finish(self) -> None:
        """No frame follows. Idempotent."""
        self._history.finish()

    def _ratio(self, points: SeamPoints, frame: Frame, poses: Poses | None) -> Array | None:
        if not points.is_enough:
            return None
        first, second = (
            bgr_of(yuv.astype(np.float64)) * self._gains[camera]
            for yuv, camera in zip(points.colours(frame, poses), points.pair, strict=True)
        )
        return log_ratio(first, second, (self._gains[points.pair[0]], self._gains[points.pair[1]]))


def log_ratio(
    first: Array, second: Array, gains: tuple[Array, Array] = (np.ones(3), np.ones(3))
) -> Array | None:
    """log(second / first) of blue, green and red (n, 3) of the same points, (3,); None if they do not tell it.

    `gains` have been applied: what was clipped before them does not count. Bodies differ from one point to the
    next, the light does not: the median is the background's.
    """
    usable = _usable(first / gains[0]) & _usable(second / gains[1])
    if usable.sum() < max(FEWEST, LEAST_SHARE * len(usable)):
        return None
    ratios = np.log(second[usable] / first[usable])
    middle: Array = np.median(ratios, axis=0)
    if np.median(np.abs(ratios - middle), axis=0).max() > WIDEST:
        return None
    return middle


def _usable(bgr: Array) -> NDArray[np.bool_]:
    luma = bgr @ np.array([0.0722, 0.7152, 0.2126])
    return np.asarray((bgr > LEAST_BGR).all(axis=1) & (luma > DARKEST) & (luma < BRIGHTEST))
