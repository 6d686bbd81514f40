"""ShotLimits: the views that a virtual camera may show: none black, none mostly sky, none enlarged too much."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from pipeline.optics.angles import Array
from pipeline.optics.limits import ViewLimits
from pipeline.optics.resolution import pixels_per_radian
from pipeline.optics.rig import Rig
from pipeline.optics.view import View

MOST_ENLARGED = 2.5
"""Output pixels per source pixel at the centre of a view."""

MOST_SKY = (1 / 3, 0.4, 0.5, 1.0)
"""The largest share of a view's height above the horizon: the first for which views need not be narrow."""

LEAST_WIDTH = 0.75
"""Views need not be narrower than they must be for their pixels, or than this share of the widest without black."""

ROOM = 0.95
"""A view is made to be at most this fraction of the widest that fits, which leaves it room to pan and tilt."""

_LEAST_REACH_DEG = 6.0
"""So much of what narrow views show at the sides may be given up for wide ones."""

_YAW_STEP_DEG = 1.0
_TILT_STEP_DEG = 2.5


class ShotLimits:
    """The limits of one rig's views for an output of one size in pixels; the director's ``Edges``.

    A view never shows black. Of these, none is enlarged more than MOST_ENLARGED times at its centre, in any
    direction; where the sources have too few pixels for that, it is about as wide as fits. Of these, none has more
    than a third of its height above the horizon, if the rig sees enough ground. At the sides, views pan only as far
    as they can be wide enough, unless the rig's sides would remain unseen.

    Construction takes a few tenths of a second, a query microseconds. Immutable, pure; any thread.
    """

    def __init__(self, rig: Rig, size_px: tuple[int, int], also: Rig | None = None) -> None:
        """``also``: a rig with as many cameras that must be able to fill the views, too."""
        width_px, height_px = size_px
        whole = ViewLimits(rig, width_px / height_px, also)
        self._whole = self._fitting = whole
        self._enlargement = MOST_ENLARGED
        if not whole.max_hfov_deg:
            return
        _, begin, end = whole.yaw_ranges_deg[0]
        yaws = np.linspace(begin, end, max(2, math.ceil((end - begin) / _YAW_STEP_DEG) + 1))
        self._yaw_start_deg, self._yaw_step_deg = begin, (end - begin) / (len(yaws) - 1)
        needed = _needed(rig, whole, yaws, width_px)
        wide = np.minimum(needed, LEAST_WIDTH * ROOM * _widest(whole, yaws))
        for most_sky in MOST_SKY:
            self._fitting = whole.lowered(most_sky)
            widest, at_ends = _widest(self._fitting, yaws), _widest_at_ends(self._fitting, yaws)
            least = np.minimum(needed, ROOM * widest)
            enough = np.flatnonzero(least >= 0.999 * np.minimum(needed, ROOM * at_ends))
            if len(enough) and (least >= wide)[enough[0] : enough[-1] + 1].all():
                break
        if not len(enough):
            enough = np.arange(len(yaws))
        self._least: list[float] = least.tolist()
        self._yaw_range = float(yaws[enough[0]]), float(yaws[enough[-1]])
        too_narrow = np.tan(np.radians(needed) / 2) / np.maximum(np.tan(np.radians(least) / 2), 1e-9)
        self._enlargement *= float(too_narrow[enough[0] : enough[-1] + 1].max())

    @property
    def max_hfov_deg(self) -> float:
        """The widest field of view that fits anywhere, in degrees; 0 if not even the narrowest does."""
        return self._fitting.max_hfov_deg

    @property
    def enlargement(self) -> float:
        """Output pixels per source pixel at the centre of the narrowest view, where that is most: MOST_ENLARGED, or
        more if the sources have too few pixels for it."""
        return self._enlargement

    def min_hfov_deg(self, yaw_deg: float) -> float:
        """The narrowest field of view at this yaw."""
        place = (yaw_deg - self._yaw_start_deg) / self._yaw_step_deg
        if self._fitting.full_turn:
            place %= len(self._least) - 1.0
        place = min(max(place, 0.0), len(self._least) - 1.0)
        left = min(int(place), len(self._least) - 2)
        share = place - left
        return (1.0 - share) * self._least[left] + share * self._least[left + 1]

    def yaw_range_deg(self, hfov_deg: float) -> tuple[float, float]:
        """The smallest and the largest yaw of a view of this width; -180 and 180 for a 360 degree rig."""
        low, high = self._fitting.yaw_range_deg(hfov_deg)
        return min(max(low, self._yaw_range[0]), high), max(min(high, self._yaw_range[1]), low)

    def tilt_range_deg(self, yaw_deg: float, hfov_deg: float) -> tuple[float, float]:
        """The smallest and the largest tilt of a view of this width at this yaw."""
        return self._fitting.tilt_range_deg(yaw_deg, hfov_deg)

    def fill(self, view: View) -> View:
        """The nearest view without black, whatever else it shows."""
        return self._whole.limit(view)

    def limit(self, view: View) -> View:
        """The nearest view within the limits. Panoramic projections are not limited."""
        if view.projection != "rectilinear" or not self.max_hfov_deg:
            return view
        yaw_deg = view.yaw_deg
        if not self._fitting.full_turn:
            yaw_deg = min(max(yaw_deg, self._yaw_range[0]), self._yaw_range[1])
        hfov_deg = max(view.hfov_deg, self.min_hfov_deg(yaw_deg))
        if (yaw_deg, hfov_deg) != (view.yaw_deg, view.hfov_deg):
            view = replace(view, yaw_deg=yaw_deg, hfov_deg=hfov_deg)
        return self._fitting.limit(view)


def _widest(fitting: ViewLimits, yaws: Array) -> Array:
    """The widest view that fits at each yaw, in degrees; 0 if none fits anywhere."""
    if fitting.full_turn or not fitting.max_hfov_deg:
        return np.full(len(yaws), fitting.max_hfov_deg)
    widths, low, high = _yaw_ranges(fitting)
    by_log = np.log(widths)
    left, right = np.interp(yaws, low, by_log), np.interp(yaws, high[::-1], by_log[::-1])
    widest: Array = np.exp(np.minimum(left, right))
    return widest


def _widest_at_ends(fitting: ViewLimits, yaws: Array) -> Array:
    """The widest view with which the side next to each yaw is still seen, in degrees."""
    if fitting.full_turn or not fitting.max_hfov_deg:
        return np.full(len(yaws), fitting.max_hfov_deg)
    widths, low, high = _yaw_ranges(fitting)
    left, right = (
        widths[np.flatnonzero(reach >= reach.max() - _LEAST_REACH_DEG)[-1]]
        for reach in (widths / 2 - low, widths / 2 + high)
    )
    at_ends: Array = np.where(yaws < (yaws[0] + yaws[-1]) / 2, left, right)
    return at_ends


def _yaw_ranges(fitting: ViewLimits) -> tuple[Array, Array, Array]:
    """Fields of view from narrow to wide, and the smallest and the largest yaw of each, which never widen."""
    widths, low, high = np.array(fitting.yaw_ranges_deg).T
    return widths, np.maximum.accumulate(low), np.minimum.accumulate(high)


def _needed(rig: Rig, whole: ViewLimits, yaws: Array, width_px: int) -> Array:
    """The field of view that is MOST_ENLARGED at the centre of a view, at each yaw, for any tilt that fits."""
    low, high = np.array([whole.tilt_range_deg(float(yaw), 0.0) for yaw in yaws]).T
    high = np.maximum(np.minimum(high, 0.0), low)
    steps = np.linspace(0.0, 1.0, max(2, math.ceil(float((high - low).max()) / _TILT_STEP_DEG) + 1))
    found = pixels_per_radian(rig, yaws[:, None], low[:, None] + (high - low)[:, None] * steps)
    coarsest = np.where(np.isnan(found), np.inf, found).min(axis=1)
    needed: Array = np.degrees(2 * np.arctan(width_px / 2 / MOST_ENLARGED / coarsest))
    return needed


@lru_cache(maxsize=16)
def shot_limits(rig: Rig, size_px: tuple[int, int]) -> ShotLimits:
    """The limits of a rig's shots, cached. Keep the result if you need it for each frame. Any thread."""
    return ShotLimits(rig, size_px)
