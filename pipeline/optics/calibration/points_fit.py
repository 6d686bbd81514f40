"""The fit of a rig to control points, and with footage to the paint beside them: pose, lens and what is left open.

Every lens that the picture allows is fitted. How far each point would be off if it had been left out follows from
the fit to first order (Allen 1974): the held-out error of a handful of points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CalibrationError, RigError
from pipeline.optics.angles import Array
from pipeline.optics.calibration.control_points import ControlPoints
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.points_pose import first_rigs
from pipeline.optics.calibration.residuals import PlacedPoints, place_pixels
from pipeline.optics.calibration.solve import (
    FreeParameters,
    Linearised,
    Observations,
    below_horizon_deg,
    linearised,
    solve,
    top_pixels,
)
from pipeline.optics.rig import Rig

CLICK_PX = 2.0
"""How well a person clicks, a standard deviation."""

FIELD_M = 0.05
"""How well a field is laid out and painted, a standard deviation: close to a camera this is more than a pixel."""

SCALE = 2.0
"""Errors of more standard deviations than this count less and less."""

_ROUNDS, _FIRST_STEPS, _STEPS = 4, 6, 12
_SETTLED = 1e-3
_SAME_FOCAL = 0.02
_OPEN_NOISE = 1.5
"""The noise in standard deviations where too few observations are left over to tell it."""

_FEWEST_SPARE = 4
_LEAST_NOISE, _MANY_SPARE = 0.6, 8
"""With so many left over, clicks may turn out better than usual, to this share."""

_PLAUSIBLE = 9.0
"""A lens whose squared errors add up to so much more than the best one's, in variances, is ruled out."""

_MOST_SQUARED = 25.0
_OUTLINE_STEP_M = 1.0
_STEPS_M = np.array([[0.1, 0.0, 0.0], [0.0, 0.1, 0.0]])
_MOST_PLACES = 300


@dataclass(frozen=True, slots=True)
class Leeway:
    """What a fit leaves open, as standard deviations, and what another lens that fits as well would change.

    ``height``: relative. ``horizon_deg``. ``lines_px``: the markings in the pictures, across them, the worst
    twentieth left out.
    """

    height: float
    horizon_deg: float
    lines_px: float


@dataclass(frozen=True, slots=True)
class PointsFit:
    """A rig fitted to control points.

    ``off_px``: how far each point is off, (n,), in the order of the cameras. ``held_out_px``: how far it would be
    if it had been left out; ``held_out_m``: at least so many metres on the field; ``surprise``: in units of what is
    expected of it. ``open``: what the fit leaves open; ``rival``: what another lens that fits changes.
    ``candidates``: rigs to fit further from, of every kind of lens, the best first.
    """

    rig: Rig
    observations: Observations
    free: FreeParameters
    off_px: Array
    held_out_px: Array
    held_out_m: Array
    surprise: Array
    open: Leeway
    rival: Leeway
    candidates: tuple[Rig, ...] = ()


def fit_points(
    points: ControlPoints,
    matches: Sequence[Matches] = (),
    further: Observations | None = None,
    starts: Sequence[Rig] = (),
) -> PointsFit:
    """The rig of points, and of `further` observations. With `starts`, only their kinds of lens are fitted.

    ``matches`` turn a camera that has too few points of its own. Pure; takes tenths of a second without further
    observations. Raises CalibrationError, one line.
    """
    points.check()
    several = len(points.cameras) > 1
    free = FreeParameters(first_camera=True, positions=several, height=True, pitch=True)
    beside = Observations() if further is None else further
    observations = replace(beside, placed=(*clicked(points), *beside.placed))
    fitted: list[tuple[float, Rig]] = []
    for rig in starts or first_rigs(points, matches):
        try:
            fitted.append(_stepped(rig, observations, free))
        except (RigError, np.linalg.LinAlgError):  # a lens or a place that no camera has
            continue
    candidates = _apart(fitted)
    if candidates:
        observations = replace(beside, placed=(*clicked(points, candidates[0]), *beside.placed))
    fitted = []
    for model in dict.fromkeys(rig.cameras[0].lens.model for rig in candidates):
        rig = next(rig for rig in candidates if rig.cameras[0].lens.model == model)
        try:
            fitted.append(_settled(rig, observations, free))
        except (RigError, np.linalg.LinAlgError):
            continue
    if not fitted:
        raise CalibrationError(
            "no camera over the field sees the points like this; check their names and pixels"
        )
    fitted.sort(key=lambda one: one[0])
    return replace(_assessed(points, fitted, observations, free), candidates=tuple(candidates))


def clicked(points: ControlPoints, rig: Rig | None = None) -> tuple[PlacedPoints, ...]:
    """The points as observations: each pixel is known across and down; a rig tells how large a metre is there."""
    found = []
    for i, camera in enumerate(points.cameras):
        if len(camera):
            count = len(camera)
            across = np.concatenate([np.tile([1.0, 0.0], (count, 1)), np.tile([0.0, 1.0], (count, 1))])
            places, pixels = np.tile(camera.places_m, (2, 1)), np.tile(camera.pixels, (2, 1))
            laid_px = 0.0 if rig is None else FIELD_M * pixels_per_metre(rig, i, places, across)
            sigma_px = np.broadcast_to(np.hypot(CLICK_PX, laid_px), len(places))
            found.append(PlacedPoints(i, places, pixels, across, sigma_px))
    return tuple(found)


def pixels_per_metre(rig: Rig, camera: int, places_m: Array, across: Array) -> Array:
    """How far a step of a metre on the field takes places (n, 3) in the picture, along `across` (n, 2): (n,)."""
    at = place_pixels(rig, camera, places_m)
    steps = [place_pixels(rig, camera, places_m + way) - at for way in _STEPS_M]
    moved = [10.0 * np.einsum("ij,ij->i", step, across) for step in steps]
    scale: Array = np.nan_to_num(np.hypot(*moved))
    return scale


def seen_outlines(rig: Rig, step_m: float) -> list[tuple[int, Array, Array, Array]]:
    """The markings that the cameras show: camera, places (n, 3), pixels (n, 2), unit normals (n, 2)."""
    found = []
    outlines = [] if rig.pitch is None else list(rig.pitch.markings.outlines(step_m, minor=False).values())
    for i, camera in enumerate(rig.cameras):
        width, height = camera.size_px
        for outline in outlines:
            places = np.column_stack([outline, np.zeros(len(outline))])
            pixels = place_pixels(rig, i, places)
            way = np.gradient(pixels, axis=0)
            length = np.linalg.norm(way, axis=1)
            with np.errstate(invalid="ignore"):
                shown = (pixels > 0).all(axis=1) & (pixels < (width - 1, height - 1)).all(axis=1)
                shown &= (length > 1e-9) & (length < 0.05 * width)
            normals = np.stack([-way[:, 1], way[:, 0]], axis=1)[shown] / length[shown, None]
            if shown.any():
                found.append((i, places[shown], pixels[shown], normals))
    return found


def _stepped(rig: Rig, observations: Observations, free: FreeParameters) -> tuple[float, Rig]:
    rig = solve(rig, observations, free, SCALE, _FIRST_STEPS)
    return _squared(rig, observations), rig


def _apart(fitted: list[tuple[float, Rig]]) -> list[Rig]:
    """The rigs, the best first, less those that another of the same kind of lens is close to."""
    kept: list[Rig] = []
    for _, rig in sorted(fitted, key=lambda one: one[0]):
        lens = rig.cameras[0].lens
        same = [other.cameras[0].lens for other in kept if other.cameras[0].lens.model == lens.model]
        if all(abs(other.focal_px / lens.focal_px - 1) > _SAME_FOCAL for other in same):
            kept.append(rig)
    return kept


def _settled(rig: Rig, observations: Observations, free: FreeParameters) -> tuple[float, Rig]:
    """The fit repeated until it no longer changes: each holds the focal length close to where it started."""
    cost = _squared(rig, observations)
    for _ in range(_ROUNDS):
        rig = solve(rig, observations, free, SCALE, _STEPS)
        before, cost = cost, _squared(rig, observations)
        if before - cost < _SETTLED * before:
            break
    return cost, rig


def _squared(rig: Rig, observations: Observations) -> float:
    return float(np.minimum(observations.errors_px(rig) ** 2, _MOST_SQUARED).sum())


def _assessed(
    points: ControlPoints,
    fitted: Sequence[tuple[float, Rig]],
    observations: Observations,
    free: FreeParameters,
) -> PointsFit:
    cost, rig = fitted[0]
    shown = seen_outlines(rig, _OUTLINE_STEP_M)
    step = max(1, sum(len(one[1]) for one in shown) // _MOST_PLACES)
    lines = [PlacedPoints(i, a[::step], b[::step], c[::step], np.ones(1)) for i, a, b, c in shown]

    tops = [top_pixels(camera) for camera in rig.cameras]
    horizon = np.nan_to_num(below_horizon_deg(rig, tops))

    def figures(tried: Rig) -> Array:
        level = np.nan_to_num(below_horizon_deg(tried, tops))
        return np.concatenate([[np.log(tried.surface.height_m)], level, _across(tried, lines)])

    told = linearised(rig, observations, free, SCALE, figures)
    spare = len(told.errors) - told.covariance.shape[0]
    noise = _OPEN_NOISE
    if spare >= _FEWEST_SPARE:
        noise = max(_LEAST_NOISE if spare >= _MANY_SPARE else 1.0, float(np.sqrt(cost / spare)))
    deviations = told.deviations * noise
    levels, markings = np.split(deviations[1:], [len(horizon)])
    left = Leeway(float(deviations[0]), float(levels.max()), _worst(markings))
    rivals = []
    for value, other in fitted[1:]:
        if value - cost < _PLAUSIBLE * noise**2:
            height = abs(float(np.log(other.surface.height_m / rig.surface.height_m)))
            level = np.abs(np.nan_to_num(below_horizon_deg(other, tops)) - horizon)
            rivals.append(Leeway(height, float(level.max()), _worst(np.abs(_across(other, lines)))))
    rival = Leeway(
        max((one.height for one in rivals), default=0.0),
        max((one.horizon_deg for one in rivals), default=0.0),
        max((one.lines_px for one in rivals), default=0.0),
    )
    rows = _click_rows(points, observations, len(told.errors))
    placed = observations.placed
    sigma_px = np.concatenate([one.sigma_px for one in placed])[
        rows - (len(told.errors) - sum(len(one.pixels) for one in placed))
    ]
    off = np.linalg.norm(told.errors[rows] * sigma_px, axis=1)
    held, surprise = _held_out(told, rows)
    held_px = np.linalg.norm(held * sigma_px, axis=1)
    scale = np.concatenate(
        [_largest_scale(rig, i, camera.places_m) for i, camera in enumerate(points.cameras)]
    )
    held_m = held_px / np.maximum(scale, 1e-9)
    return PointsFit(rig, observations, free, off, held_px, held_m, surprise, left, rival)


def _across(rig: Rig, lines: Sequence[PlacedPoints]) -> Array:
    """How far the rig puts the markings from where `lines` have them, across them, in pixels; 0 for nan."""
    parts = [
        np.einsum("ij,ij->i", place_pixels(rig, one.camera, one.places_m) - one.pixels, one.across)
        for one in lines
    ]
    off: Array = np.nan_to_num(np.concatenate([np.empty(0), *parts]))
    return off


def _worst(values: Array) -> float:
    return float(np.percentile(values, 95)) if len(values) else 0.0


def _click_rows(points: ControlPoints, observations: Observations, rows: int) -> NDArray[np.intp]:
    """The two rows of the errors that belong to each point, (n, 2): what was clicked on precedes the paint."""
    at = rows - sum(len(one.pixels) for one in observations.placed)
    found = []
    for camera in points.cameras:
        count = len(camera)
        found.append(at + np.stack([np.arange(count), count + np.arange(count)], axis=1))
        at += 2 * count
    rows_of: NDArray[np.intp] = np.concatenate(found).astype(np.intp)
    return rows_of


def _held_out(told: Linearised, rows: NDArray[np.intp]) -> tuple[Array, Array]:
    """The errors (n, 2) that points would have if each had been left out, to first order, and how large they are in
    units of what is expected of them, (n,); all in standard deviations."""
    found, surprise = [], []
    for pair in rows:
        slopes, errors = told.slopes[pair], told.errors[pair]
        left = np.eye(2) - slopes @ told.covariance @ slopes.T
        out = np.linalg.lstsq(left, errors, rcond=1e-6)[0]
        found.append(out)
        surprise.append(float(np.sqrt(max(errors @ out, 0.0))))
    return np.array(found), np.array(surprise)


def _largest_scale(rig: Rig, camera: int, places_m: Array) -> Array:
    """Pixels of a metre on the field at places (n, 3), in the direction in which they are most, (n,)."""
    ways = [np.tile(way, (len(places_m), 1)) for way in ((1.0, 0.0), (0.0, 1.0))]
    scale: Array = np.hypot(*(pixels_per_metre(rig, camera, places_m, way) for way in ways))
    return scale
