"""The joint fit of a rig's lenses, rotations, positions and wall by robust least squares over all observations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pipeline.errors import RigError
from pipeline.optics.angles import Array
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.lines import LinePoints
from pipeline.optics.calibration.markings import CIRCLE_M
from pipeline.optics.calibration.residuals import (
    FAR_PX,
    CirclePoints,
    GroundLine,
    LineTable,
    PlacedPoints,
    circle_errors_px,
    ground_line_errors_px,
    match_errors_px,
    placed_errors,
    straightness_errors_px,
)
from pipeline.optics.lens import Lens
from pipeline.optics.rig import Camera, Rig

_FOCAL_STEP, _CENTRE_STEP, _K_STEP, _ANGLE_STEP, _POSITION_STEP, _WALL_STEP = 0.01, 10.0, 0.01, 0.1, 0.02, 0.1
_HEIGHT_STEP = 0.01
"""Parameter steps of about equal effect: relative focal length, pixels, coefficients, degrees, heights, relative
range and relative height."""

_PRIOR_OFF_CENTRE, _PRIOR_FOCAL_CHANGE, _PRIOR_K = 0.03, 0.05, 0.1
"""Prior standard deviations: fraction of the image, relative change in one fit, distortion coefficient."""

_PANORAMA_ASPECT = 2.0
_PRIOR_CROP = 0.06
"""Prior of the centre's row in a picture of at least this aspect, as a fraction of its width; stitchers crop."""

_PRIOR_PLACE = 0.06
"""Prior of a camera's place: its distance from the middle of all in units of their height, in each direction."""

_PRIOR_RANGE, _PRIOR_RANGE_SPREAD = 12.0, 0.7
"""Prior range of the wall in units of the cameras' height, and the standard deviation of its logarithm."""

LEAST_ERROR_PX = 0.2
CORRELATED = 6.0
"""Of the points of a line, which lie ten pixels apart, so many share one error of the lens or of the paint."""

FARTHEST_APART = 0.4
"""The farthest that a camera may stand from the middle of all, in units of their height: one mast or one stand."""

_MOST_STEPS = 30
_MOST_DAMPING = 1e6
_LEAST_GAIN = 1e-4
_DIFFERENCE = 1e-3


@dataclass(frozen=True)
class Observations:
    """The observations: matched points, lines that are straight, lines parallel to an axis on the ground, the
    centre circle, whose radius is known only in metres, and known places of the pitch."""

    matches: tuple[Matches, ...] = ()
    straight: tuple[LinePoints, ...] = ()
    ground: tuple[GroundLine, ...] = ()
    circle: tuple[CirclePoints, ...] = ()
    placed: tuple[PlacedPoints, ...] = ()

    def errors_px(self, rig: Rig) -> Array:
        """All residuals of the rig in pixels, those of known places in standard deviations, as one flat vector."""
        return np.concatenate(
            [
                *(match_errors_px(rig, matches).ravel() for matches in self.matches),
                straightness_errors_px(rig, self._straight_table) if self.straight else np.empty(0),
                ground_line_errors_px(rig, self._ground_table)[0] if self.ground else np.empty(0),
                circle_errors_px(rig, self.circle, CIRCLE_M),
                *(placed_errors(rig, placed) for placed in self.placed),
            ]
        )

    @cached_property
    def _straight_table(self) -> LineTable:
        return LineTable.of_straight(self.straight)

    @cached_property
    def _ground_table(self) -> LineTable:
        return LineTable.of_ground(self.ground)


@dataclass(frozen=True, slots=True)
class FreeParameters:
    """The parameters that a fit may change; False keeps one fixed.

    ``focal``: the focal length, if the lens is free; straightness alone does not determine it.
    ``first_camera``: its rotation; fix it as long as nothing ties the rig to the world.
    ``positions``: the cameras' positions, their mean staying at the origin, and the range of the wall.
    ``height``: the height of the cameras; fix it as long as the observations contain no metre.
    ``pitch``: where the pitch lies; it needs places of it among the observations.
    """

    lens: bool = True
    focal: bool = True
    first_camera: bool = False
    positions: bool = False
    height: bool = False
    pitch: bool = False


def solve(
    rig: Rig, observations: Observations, free: FreeParameters, scale_px: float, most_steps: int = _MOST_STEPS
) -> Rig:
    """The rig that fits the observations best, starting from `rig`; errors well above `scale_px` count little.

    Least squares with a Cauchy loss, by Levenberg-Marquardt steps on reweighted errors (Triggs et al. 2000).
    Cameras that start with the same lens share it: they are of the same model and zoom.
    """
    parameters = _Parameters(rig, free)
    steps = np.zeros(parameters.size)

    def errors_of(tried: Rig) -> Array:
        return np.concatenate([observations.errors_px(tried), scale_px * _prior_errors(tried, rig)])

    def errors_at(steps: Array) -> Array:
        try:
            return errors_of(parameters.unpack(steps))
        except RigError:  # the step is too long: below the ground, or an impossible lens
            return np.full(len(errors), FAR_PX)

    errors = errors_of(rig)
    damping = 1e-3
    for _ in range(most_steps):
        weights = 1.0 / (1.0 + (errors / scale_px) ** 2)
        slopes = _jacobian(errors_at, steps, errors)
        normal = slopes.T @ (weights[:, None] * slopes)
        downhill = -slopes.T @ (weights * errors)
        cost = _cost(errors, scale_px)
        gained = 0.0
        while damping < _MOST_DAMPING:
            # The small constant keeps parameters fixed that no observation depends on.
            move = np.linalg.solve(normal + np.diag(damping * np.diag(normal) + 1e-6), downhill)
            tried = errors_at(steps + move)
            gained = cost - _cost(tried, scale_px)
            if gained > 0:
                steps, errors, damping = steps + move, tried, damping / 5
                break
            damping *= 5
        if gained < _LEAST_GAIN * cost:
            break
        damping = max(damping, 1e-9)
    return parameters.unpack(steps)


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations that the observations leave: of the height, relative, and of the horizon in degrees."""

    height: float
    horizon_deg: float


def spread(rig: Rig, observations: Observations, free: FreeParameters, scale_px: float) -> Spread:
    """How far height and horizon of a fitted rig could be off, to first order.

    Neighbouring points share their errors, which are no smaller than LEAST_ERROR_PX: every CORRELATED-th counts.
    """
    parameters = _Parameters(rig, free)

    def errors_at(steps: Array) -> Array:
        tried = parameters.unpack(steps)
        return np.concatenate([observations.errors_px(tried), scale_px * _prior_errors(tried, rig)])

    def told_at(steps: Array) -> Array:
        tried = parameters.unpack(steps)
        return np.concatenate([[np.log(tried.surface.height_m)], below_horizon_deg(tried, tops)])

    tops = [top_pixels(camera) for camera in rig.cameras]
    start = np.zeros(parameters.size)
    errors = errors_at(start)
    weights = 1.0 / (1.0 + (errors / scale_px) ** 2)
    slopes = _jacobian(errors_at, start, errors)
    count = len(errors) - len(_prior_errors(rig, rig))
    own = weights.copy()
    if count < 1 or not weights[:count].any():
        return Spread(float("inf"), float("inf"))
    noise = max(float(np.sqrt(np.average(errors[:count] ** 2, weights=weights[:count]))), LEAST_ERROR_PX)
    own[:count] /= CORRELATED * noise**2
    own[count:] /= scale_px**2
    covariance = np.linalg.pinv(slopes.T @ (own[:, None] * slopes) + 1e-9 * np.eye(parameters.size))
    told = told_at(start)
    ways = _jacobian(told_at, start, told)
    variances = np.einsum("ij,jk,ik->i", ways, covariance, ways)
    deviations = np.sqrt(np.maximum(variances, 0.0))
    known = deviations[1:][np.isfinite(deviations[1:])]
    return Spread(float(deviations[0]), float(known.max()) if len(known) else float("inf"))


@dataclass(frozen=True, slots=True)
class Linearised:
    """The observations around a fitted rig, to first order: their errors (n,) and slopes (n, parameters), and the
    covariance (parameters, parameters) that they and the priors leave, for errors of one standard deviation.

    ``ways``: the slopes (m, parameters) of the figures that were asked for.
    """

    errors: Array
    slopes: Array
    covariance: Array
    ways: Array

    @property
    def deviations(self) -> Array:
        """The standard deviations of the figures, (m,)."""
        variances = np.einsum("ij,jk,ik->i", self.ways, self.covariance, self.ways)
        deviations: Array = np.sqrt(np.maximum(variances, 0.0))
        return deviations


def linearised(
    rig: Rig,
    observations: Observations,
    free: FreeParameters,
    scale_px: float,
    figures: Callable[[Rig], Array],
) -> Linearised:
    """Errors, slopes and covariance at a rig fitted with `scale_px`, and the slopes of `figures` of it."""
    parameters = _Parameters(rig, free)
    start = np.zeros(parameters.size)

    def slopes_of(function: Callable[[Rig], Array]) -> Array:
        return _jacobian(lambda steps: function(parameters.unpack(steps)), start, function(rig))

    slopes = slopes_of(observations.errors_px)
    priors = slopes_of(lambda tried: scale_px * _prior_errors(tried, rig))
    weight = slopes.T @ slopes + priors.T @ priors + 1e-9 * np.eye(parameters.size)
    covariance = np.linalg.pinv(weight).astype(np.float64)
    return Linearised(observations.errors_px(rig), slopes, covariance, slopes_of(figures))


def below_horizon_deg(rig: Rig, pixels: Sequence[Array]) -> Array:
    """How far below the horizon each camera looks at its pixels (n, 2), in degrees near it, all in one vector."""
    downs = [
        camera.lens.unproject(own) @ camera.rotation[1]
        for camera, own in zip(rig.cameras, pixels, strict=True)
    ]
    below: Array = np.degrees(np.concatenate(downs))
    return below


def top_pixels(camera: Camera) -> Array:
    """Pixels of a camera close to the horizon, or to the edge of its picture that is closest to it."""
    width, height = camera.size_px
    columns = np.linspace(0.1, 0.9, 5) * (width - 1)
    rows = np.linspace(0, height - 1, 48)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)
    tilt = np.abs(camera.lens.unproject(grid) @ camera.rotation.T @ np.array([0.0, 1.0, 0.0]))
    nearest = np.argmin(np.where(np.isfinite(tilt), tilt, np.inf), axis=0)
    picked: Array = grid[nearest, np.arange(5)]
    return picked


def _prior_errors(rig: Rig, start: Rig) -> Array:
    """Residuals of the prior on lenses and range, each worth one match: they decide what observations do not."""
    odd = []
    for camera, before in zip(rig.cameras, start.cameras, strict=True):
        lens = camera.lens
        off_centre = np.array(lens.centre_px) / lens.size_px - 0.5
        width, height = lens.size_px
        if width >= _PANORAMA_ASPECT * height:
            off_centre[1] *= height / width * _PRIOR_OFF_CENTRE / _PRIOR_CROP
        focal = np.log(lens.focal_px / before.lens.focal_px)
        odd += [
            *(off_centre / _PRIOR_OFF_CENTRE),
            focal / _PRIOR_FOCAL_CHANGE,
            *(np.array(lens.k) / _PRIOR_K),
            *(np.array(camera.position_m) / (_PRIOR_PLACE * rig.surface.height_m)),
        ]
    odd.append(np.log(rig.surface.range_cap_m / rig.surface.height_m / _PRIOR_RANGE) / _PRIOR_RANGE_SPREAD)
    return np.array(odd)


def _cost(errors: Array, scale_px: float) -> float:
    return float(np.log1p((errors / scale_px) ** 2).sum())


def _jacobian(function: Callable[[Array], Array], at: Array, value: Array) -> Array:
    """The Jacobian of `function`, shape (values, arguments), by forward differences."""
    slopes = np.empty((len(value), len(at)))
    for i in range(len(at)):
        beside = at.copy()
        beside[i] += _DIFFERENCE
        slopes[:, i] = (function(beside) - value) / _DIFFERENCE
    return slopes


class _Parameters:
    """The free parameters of a rig as a vector of steps from a starting rig."""

    def __init__(self, start: Rig, free: FreeParameters) -> None:
        self._start = start
        self._free = free
        lenses = [camera.lens for camera in start.cameras]
        self._groups: Sequence[int] = [lenses.index(lens) for lens in lenses]
        self._owners = sorted(set(self._groups))
        k_count = len(start.cameras[0].lens.k)
        cameras = len(start.cameras)
        self._lens_size = (3 + k_count) if free.lens else 0
        self._turn_from = 0 if free.first_camera else 1
        self._counts = (
            self._lens_size * len(self._owners),
            3 * (cameras - self._turn_from),
            3 * (cameras - 1) if free.positions else 0,
            1 if free.positions and cameras > 1 else 0,
            1 if free.height else 0,
            2 if free.pitch and start.pitch is not None else 0,
        )
        self.size = sum(self._counts)

    def unpack(self, steps: Array) -> Rig:
        """The rig at these steps from the start."""
        lens_steps, turns, positions, wall, height, moved = np.split(steps, np.cumsum(self._counts)[:-1])
        start = self._start
        cameras = list(start.cameras)
        if self._free.lens:
            per_lens = lens_steps.reshape(len(self._owners), self._lens_size)
            for i, camera in enumerate(cameras):
                step = per_lens[self._owners.index(self._groups[i])]
                step = step if self._free.focal else np.concatenate([[0.0], step[1:]])
                cameras[i] = replace(camera, lens=_moved_lens(start.cameras[self._groups[i]], step))
        for i, turn in enumerate(turns.reshape(-1, 3), self._turn_from):
            yaw, tilt, roll = turn * _ANGLE_STEP
            camera = cameras[i]
            cameras[i] = replace(
                camera,
                yaw_deg=camera.yaw_deg + float(yaw),
                tilt_deg=camera.tilt_deg + float(tilt),
                roll_deg=camera.roll_deg + float(roll),
            )
        surface = replace(
            start.surface, height_m=start.surface.height_m * float(np.exp(_HEIGHT_STEP * height.sum()))
        )
        if self._free.positions:
            unit = _POSITION_STEP * start.surface.height_m
            moves = np.vstack([np.zeros(3), positions.reshape(-1, 3)]) * unit
            moves -= moves.mean(axis=0)
            for i, move in enumerate(moves):
                x, y, z = cameras[i].position_m + move
                before = float(np.linalg.norm(start.cameras[i].position_m))
                if np.linalg.norm((x, y, z)) > max(FARTHEST_APART * start.surface.height_m, 1.001 * before):
                    raise RigError("the cameras would stand farther apart than a mast allows")
                cameras[i] = replace(cameras[i], position_m=(float(x), float(y), float(z)))
            nearest = 2 * max(np.hypot(camera.position_m[0], camera.position_m[2]) for camera in cameras)
            cap = start.surface.range_cap_m * float(np.exp(_WALL_STEP * wall.sum()))
            surface = replace(surface, range_cap_m=max(cap, nearest, 1e-3))
        pitch = start.pitch
        if pitch is not None and len(moved):
            x, z = moved * _POSITION_STEP * start.surface.height_m
            pitch = replace(pitch, centre_m=(pitch.centre_m[0] + float(x), pitch.centre_m[1] + float(z)))
        return replace(start, cameras=tuple(cameras), surface=surface, pitch=pitch)


def _moved_lens(camera: Camera, step: Array) -> Lens:
    lens = camera.lens
    x, y = lens.centre_px
    return replace(
        lens,
        focal_px=lens.focal_px * float(np.exp(step[0] * _FOCAL_STEP)),
        centre_px=(x + float(step[1]) * _CENTRE_STEP, y + float(step[2]) * _CENTRE_STEP),
        k=tuple(float(k + s * _K_STEP) for k, s in zip(lens.k, step[3:], strict=True)),
    )
