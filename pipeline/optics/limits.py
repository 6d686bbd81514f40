"""Limits of the views that a rig can fill without black corners; panorama views and views that fit points."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.optics.angles import Array, angles_to_rays, rays_to_angles, rotation, wrap_deg
from pipeline.optics.rig import Rig
from pipeline.optics.view import View

_PROFILE_STEP_DEG = 0.25
_YAW_STEP_DEG = 1.0
_TILT_STEP_DEG = 0.5
_WIDTHS_DEG = tuple(np.geomspace(1.0, 140.0, 49))
_EDGE_POINTS = 7
_LEAST_YAWS = 3
"""A field of view fits if it does at so many yaws."""


class ViewLimits:
    """The rectilinear views of one aspect ratio (width / height) that a rig fills without black corners.

    Construction takes a few tenths of a second, a query microseconds. Immutable, pure; any thread.
    """

    def __init__(self, rig: Rig, aspect: float, also: Rig | None = None) -> None:
        """``also``: a rig with as many cameras that must be able to fill the views, too."""
        self.aspect = aspect
        seen = _Profile(rig, also)
        self._yaw_start_deg = seen.yaw_start_deg
        self._full_turn = seen.full_turn
        self._fits: list[tuple[Array, Array]] = []
        """The smallest and the largest tilt (yaws,) for each field of view; smallest > largest where none fits."""
        low, high = seen.all_tilts()
        for hfov_deg in _WIDTHS_DEG:
            low, high = seen.tilt_ranges(hfov_deg, aspect, low, high)
            self._fits.append((low, high))
            if (low <= high).sum() < _LEAST_YAWS:
                break
        self._tabulate()

    def lowered(self, most_sky: float) -> ViewLimits:
        """These limits for views of which at most this share of the height lies above the horizon."""
        lowered = copy(self)
        lowered._fits = [
            (low, np.minimum(high, highest_tilt_deg(hfov_deg, self.aspect, most_sky)))
            for hfov_deg, (low, high) in zip(_WIDTHS_DEG, self._fits, strict=False)
        ]
        lowered._tabulate()
        return lowered

    def _tabulate(self) -> None:
        """Make the tables for queries of what fits."""
        self._tilts: list[list[tuple[float, float]]] = []
        """The smallest and the largest tilt for each field of view and each yaw, up to the widest that fits."""
        self._yaws: list[tuple[float, float]] = []
        """The smallest and the largest yaw for each field of view."""
        was_whole = False
        for low, high in self._fits:
            fits = np.flatnonzero(low <= high)
            is_whole = bool((np.diff(fits) == 1).all())
            if len(fits) < _LEAST_YAWS or (self._yaws and was_whole and not is_whole):
                break  # a wider view would fit on both sides of a gap, and show black in between
            was_whole = is_whole
            yaws = np.arange(len(low))
            filled = np.interp(yaws, fits, low[fits]), np.interp(yaws, fits, high[fits])
            self._tilts.append(list(zip(filled[0].tolist(), filled[1].tolist(), strict=True)))
            # One step inside the outermost that fits: next to it, a field of view between two table rows may not.
            first, last = (self._yaw_start_deg + _YAW_STEP_DEG * float(fits[i]) for i in (1, -2))
            self._yaws.append((first, last))

    @property
    def full_turn(self) -> bool:
        """Whether the rig covers 360 degrees, so that views of any yaw fit."""
        return self._full_turn

    @property
    def yaw_ranges_deg(self) -> list[tuple[float, float, float]]:
        """Fields of view from narrow to wide, each with the smallest and the largest yaw of such views."""
        return [(width, *yaws) for width, yaws in zip(_WIDTHS_DEG, self._yaws, strict=False)]

    @property
    def max_hfov_deg(self) -> float:
        """The widest field of view that fits anywhere, in degrees; 0 if not even the narrowest does."""
        return _WIDTHS_DEG[len(self._yaws) - 1] if self._yaws else 0.0

    def yaw_range_deg(self, hfov_deg: float) -> tuple[float, float]:
        """The smallest and the largest yaw of a view of this width; -180 and 180 for a 360 degree rig."""
        if self._full_turn:
            return -180.0, 180.0
        i, share = self._width_index(hfov_deg)
        (low, high), (low_next, high_next) = self._yaws[i], self._yaws[min(i + 1, len(self._yaws) - 1)]
        return low + share * (low_next - low), high + share * (high_next - high)

    def tilt_range_deg(self, yaw_deg: float, hfov_deg: float) -> tuple[float, float]:
        """The smallest and the largest tilt of a view of this width at this yaw."""
        i, share = self._width_index(hfov_deg)
        narrow = self._tilt_range(i, yaw_deg)
        if share == 0.0:
            return narrow
        wide = self._tilt_range(i + 1, yaw_deg)
        return narrow[0] + share * (wide[0] - narrow[0]), narrow[1] + share * (wide[1] - narrow[1])

    def limit(self, view: View) -> View:
        """The nearest view without black corners: narrowed if necessary, then panned, then tilted.

        A rolled view is limited as the upright view that contains it. Panoramic projections are not limited.
        """
        if view.projection != "rectilinear" or not self._yaws:
            return view
        grown = 1.0
        if view.roll_deg:
            cos, sin = (abs(f(math.radians(view.roll_deg))) for f in (math.cos, math.sin))
            grown = max(cos + sin / self.aspect, cos + sin * self.aspect)
        upright_deg = min(_scaled_width(view.hfov_deg, grown), self.max_hfov_deg)
        least, largest = self.yaw_range_deg(upright_deg)
        yaw_deg = min(max(view.yaw_deg, least), largest)
        lowest, highest = self.tilt_range_deg(yaw_deg, upright_deg)
        tilt_deg = min(max(view.tilt_deg, lowest), highest)
        hfov_deg = min(view.hfov_deg, _scaled_width(upright_deg, 1 / grown))
        if (yaw_deg, tilt_deg, hfov_deg) == (view.yaw_deg, view.tilt_deg, view.hfov_deg):
            return view
        return replace(view, yaw_deg=yaw_deg, tilt_deg=tilt_deg, hfov_deg=hfov_deg)

    def _width_index(self, hfov_deg: float) -> tuple[int, float]:
        """The table row below a field of view, and the fraction of the step to the next; rows are a constant
        ratio apart."""
        place = math.log(max(hfov_deg, _WIDTHS_DEG[0]) / _WIDTHS_DEG[0]) / _WIDTH_LOG_STEP
        place = min(place, len(self._yaws) - 1.0)
        whole = int(place)
        return whole, place - whole

    def _tilt_range(self, i: int, yaw_deg: float) -> tuple[float, float]:
        row = self._tilts[i]
        place = (yaw_deg - self._yaw_start_deg) % 360.0 if self._full_turn else yaw_deg - self._yaw_start_deg
        place = min(max(place / _YAW_STEP_DEG, 0.0), len(row) - 1.0)
        left = int(place)
        share = place - left
        (low, high), (low_next, high_next) = row[left], row[min(left + 1, len(row) - 1)]
        return low + share * (low_next - low), high + share * (high_next - high)


def highest_tilt_deg(hfov_deg: float, aspect: float, most_sky: float) -> float:
    """The tilt at which the horizon leaves this share of an upright rectilinear view's height above it."""
    if most_sky >= 1.0:
        return 90.0
    half = math.tan(math.radians(hfov_deg) / 2) / aspect
    return -math.degrees(math.atan((1.0 - 2.0 * most_sky) * half))


_WIDTH_LOG_STEP = math.log(_WIDTHS_DEG[1] / _WIDTHS_DEG[0])


class _Profile:
    """The range of tilt that the rig sees without a gap, for each yaw."""

    def __init__(self, rig: Rig, also: Rig | None = None) -> None:
        covered = rig.coverage()
        self.full_turn = covered.yaw_max_deg - covered.yaw_min_deg > 360.0 - 2 * _PROFILE_STEP_DEG
        start = -180.0 if self.full_turn else covered.yaw_min_deg
        end = 180.0 if self.full_turn else covered.yaw_max_deg
        self.yaw_start_deg = start
        self.yaws_deg = _steps(start, end)
        self.tilts_deg = _steps(covered.tilt_min_deg, covered.tilt_max_deg)
        angles = np.meshgrid(self.yaws_deg, self.tilts_deg, indexing="ij")
        seen = rig.seen_by(*angles).any(axis=-1)
        if also is not None:
            seen &= also.seen_by(*angles).any(axis=-1)
        first, last = _longest_run(np.asarray(seen))
        # A quarter of a degree is several pixels: take the worst of three neighbours.
        low = np.where(first <= last, self.tilts_deg[first], np.inf)
        high = np.where(first <= last, self.tilts_deg[last], -np.inf)
        around = "wrap" if self.full_turn else "constant"
        edge = {} if self.full_turn else {"constant_values": np.inf}
        low, high = np.pad(low, 1, around, **edge), -np.pad(-high, 1, around, **edge)  # type: ignore[call-overload]
        self.low_deg = np.maximum(np.maximum(low[:-2], low[1:-1]), low[2:])
        self.high_deg = np.minimum(np.minimum(high[:-2], high[1:-1]), high[2:])

    def all_tilts(self) -> tuple[Array, Array]:
        """The limits for a field of view of zero: all tilts at each whole step of yaw."""
        steps = len(np.arange(self.yaw_start_deg, self.yaws_deg[-1] + 1e-9, _YAW_STEP_DEG))
        return np.full(steps, self.tilts_deg[0]), np.full(steps, self.tilts_deg[-1])

    def tilt_ranges(self, hfov_deg: float, aspect: float, low: Array, high: Array) -> tuple[Array, Array]:
        """The smallest and the largest tilt at each whole step of yaw; smallest > largest if none fits.

        `low` and `high` are those of a narrower view: a wider one fits nowhere else.
        """
        right = math.tan(math.radians(hfov_deg) / 2)
        along = np.linspace(-1, 1, _EDGE_POINTS)
        x = right * np.concatenate([along, along, np.full_like(along, -1), np.full_like(along, 1)])
        y = right / aspect * np.concatenate([np.full_like(along, -1), np.full_like(along, 1), along, along])
        edge = np.stack([x, y, np.ones_like(x)], axis=-1)
        least, largest = np.full_like(low, np.inf), np.full_like(high, -np.inf)
        open_yaws = np.flatnonzero(low <= high)
        tilts = np.arange(self.tilts_deg[0], self.tilts_deg[-1] + 1e-9, _TILT_STEP_DEG)
        around = (tilts >= low.min() - _TILT_STEP_DEG) & (tilts <= high.max() + _TILT_STEP_DEG)
        tilts = tilts[around]
        if not len(open_yaws) or not len(tilts):
            return least, largest
        rays = np.stack([edge @ rotation(0.0, tilt, 0.0).T for tilt in tilts])
        turned_deg, heights_deg = rays_to_angles(rays)
        steps = np.rint(turned_deg / _PROFILE_STEP_DEG).astype(np.intp)
        nearest = open_yaws[:, None, None] * round(_YAW_STEP_DEG / _PROFILE_STEP_DEG) + steps
        lowest, highest = (
            self._with_empty_ends(self.low_deg, np.inf),
            self._with_empty_ends(self.high_deg, -np.inf),
        )
        count = len(lowest)
        nearest = nearest % count if self.full_turn else np.clip(nearest + 1, 0, count - 1)
        fits = ((heights_deg >= lowest[nearest]) & (heights_deg <= highest[nearest])).all(axis=-1)
        first, last = _longest_run(fits)
        fitting = first <= last
        least[open_yaws[fitting]] = tilts[first[fitting]]
        largest[open_yaws[fitting]] = tilts[last[fitting]]
        return least, largest

    def _with_empty_ends(self, profile: Array, nothing: float) -> Array:
        """The profile with one empty step added at each end, unless the rig covers 360 degrees."""
        return profile if self.full_turn else np.pad(profile, 1, constant_values=nothing)


def _steps(start_deg: float, end_deg: float) -> Array:
    """The angles from start to end, a profile step apart; the start alone if they are closer than that."""
    return np.arange(start_deg, max(end_deg, start_deg + _PROFILE_STEP_DEG / 2), _PROFILE_STEP_DEG)


def _longest_run(flags: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last index of each row's longest run of true; 0 and -1 if there is none."""
    count = flags.shape[1]
    length = np.zeros(flags.shape[0], np.int64)
    best, last = np.zeros_like(length), np.zeros_like(length)
    for i in range(count):
        length = np.where(flags[:, i], length + 1, 0)
        longer = length > best
        best, last = np.where(longer, length, best), np.where(longer, i, last)
    return np.where(best > 0, last - best + 1, 0), np.where(best > 0, last, -1)


def _scaled_width(hfov_deg: float, factor: float) -> float:
    """The field of view of a rectilinear image `factor` times as wide."""
    if factor == 1.0:
        return hfov_deg
    return 2 * math.degrees(math.atan(factor * math.tan(math.radians(min(hfov_deg, 179.0)) / 2)))


@lru_cache(maxsize=16)
def limits(rig: Rig, aspect: float) -> ViewLimits:
    """The rig's limits for an aspect ratio, cached. Keep the result if you need it for each frame. Any thread."""
    return ViewLimits(rig, aspect)


def limit(view: View, rig: Rig, aspect: float) -> View:
    """The nearest view that the rig fills; see ViewLimits.limit. Slow only in the first call for a rig."""
    return limits(rig, aspect).limit(view)


def panorama_view(rig: Rig, aspect: float = 3.0) -> View:
    """The upright cylindrical view that shows all that the rig sees, in an image of width / height = `aspect`.

    As wide as the rig's coverage, or wider if that aspect ratio would cut off the top or the bottom.
    """
    seen = rig.coverage()
    low, high = (
        math.tan(math.radians(min(max(tilt_deg, -80.0), 80.0)))
        for tilt_deg in (seen.tilt_min_deg, seen.tilt_max_deg)
    )
    widest_deg = max(seen.yaw_max_deg - seen.yaw_min_deg, _PROFILE_STEP_DEG)
    width = max(math.radians(widest_deg), (high - low) * aspect)
    return View(
        yaw_deg=(seen.yaw_min_deg + seen.yaw_max_deg) / 2,
        tilt_deg=math.degrees(math.atan((high + low) / 2)),
        hfov_deg=min(math.degrees(width), 360.0),
        projection="cylindrical",
    )


def fit_view(rig: Rig, yaw_deg: ArrayLike, tilt_deg: ArrayLike, aspect: float, margin: float = 1.1) -> View:
    """The view that shows directions (N,) and (N,) in degrees, `margin` times as wide as necessary, limited."""
    yaw, tilt = np.atleast_1d(yaw_deg), np.atleast_1d(tilt_deg)
    centre = yaw[0] + wrap_deg(yaw - yaw[0])
    aim = View(float(centre.min() + centre.max()) / 2, float(tilt.min() + tilt.max()) / 2, 90.0)
    rays = angles_to_rays(yaw, tilt) @ aim.rotation
    ahead = np.maximum(rays[:, 2], 1e-3)
    reach = max(
        float(np.abs(rays[:, 0] / ahead).max()), float(np.abs(rays[:, 1] / ahead).max()) * aspect, 1e-2
    )
    return limit(replace(aim, hfov_deg=2 * math.degrees(math.atan(reach * margin))), rig, aspect)
