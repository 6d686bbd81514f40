"""Rivals: what the lines of a single camera would say through each other kind of lens.

Within a narrow band of the picture a cylinder and an equirectangular panorama bend nearly alike, and so do a
fisheye and a distorted rectilinear lens. Where the lines do not decide between them, their scales differ all the
same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

from pipeline.errors import RigError
from pipeline.optics.angles import Array, rotation
from pipeline.optics.calibration.level import angles_of
from pipeline.optics.calibration.refine import Fit
from pipeline.optics.calibration.solve import CORRELATED, LEAST_ERROR_PX, solve
from pipeline.optics.lens import LENSES, Lens
from pipeline.optics.rig import Camera, Rig

CREDIBLE = 9.0
"""A lens whose misfit is so many units above that of the best is three standard deviations less likely."""

_FREE_K = 2
_SAMPLES = 24
_SPRING = 0.01
_FARTHEST = 0.05
"""A lens that comes no nearer than this to another, as a fraction of the width, is no rival of it."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A rig with another lens, fitted to the same lines, and its misfit above the best lens's, in variances."""

    rig: Rig
    excess: float


def rivals_of(fit: Fit) -> list[Rival]:
    """The fit's own rig and those of the other lenses, the most credible first. Pure; takes some seconds."""
    fitted = [(_misfit(fit, fit.rig), fit.rig)]
    for start in _with_other_lenses(fit.rig):
        try:
            rig = solve(start, fit.observations, fit.free, 1.0)
        except (RigError, np.linalg.LinAlgError):
            continue
        fitted.append((_misfit(fit, rig), rig))
    best = min(misfit for misfit, _ in fitted)
    count = max(len(fit.observations.errors_px(fit.rig)), 1)
    unit = CORRELATED * max(best / count, LEAST_ERROR_PX**2)
    found = [Rival(rig, (misfit - best) / unit) for misfit, rig in fitted]
    return sorted(found, key=lambda one: one.excess)


def _misfit(fit: Fit, rig: Rig) -> float:
    return float(np.log1p(fit.observations.errors_px(rig) ** 2).sum())


def _with_other_lenses(rig: Rig) -> Iterator[Rig]:
    """The rig of one camera with each other kind of lens, as near to the given one as it comes."""
    camera = rig.cameras[0]
    pixels = _below_horizon(rig)
    if len(pixels) < _SAMPLES:
        return
    for kind in LENSES.values():
        if kind is not type(camera.lens) and (other := _with_lens(camera, kind, pixels)) is not None:
            yield replace(rig, cameras=(other,))


def _with_lens(camera: Camera, kind: type[Lens], pixels: Array) -> Camera | None:
    """The camera with another kind of lens that shows the rays of these pixels nearly there; None if none does."""
    own = camera.lens
    world = own.unproject(pixels) @ camera.rotation.T
    (x, y), focal_px = own.centre_px, own.focal_px

    def lens_at(steps: Array) -> Lens:
        centre_px = x + focal_px * float(steps[1]), y + focal_px * float(steps[2])
        return kind(own.size_px, focal_px * float(np.exp(steps[0])), centre_px, tuple(map(float, steps[6:])))

    def turn_at(steps: Array) -> Array:
        turned: Array = camera.rotation @ rotation(*np.degrees(steps[3:6]))
        return turned

    def errors(steps: Array) -> Array:
        try:
            seen = lens_at(steps).project(world @ turn_at(steps))
        except RigError:
            return np.full(2 * len(pixels) + len(steps), 1e3)
        # Weak springs hold what the pixels leave open.
        return np.concatenate(
            [np.nan_to_num(seen - pixels, nan=1e3).ravel(), own.size_px[0] * _SPRING * steps]
        )

    start = np.zeros(6 + (_FREE_K if kind.max_k else 0))
    found = least_squares(errors, start, loss="soft_l1", f_scale=2.0, max_nfev=60).x
    off = errors(found)[: 2 * len(pixels)]
    if float(np.median(np.abs(off))) > _FARTHEST * own.size_px[0]:
        return None
    yaw, tilt, roll = angles_of(turn_at(found))
    return replace(camera, lens=lens_at(found), yaw_deg=yaw, tilt_deg=tilt, roll_deg=roll)


def _below_horizon(rig: Rig) -> Array:
    """Pixels (n, 2) spread over the part of the picture that shows the ground."""
    camera = rig.cameras[0]
    width, height = camera.size_px
    grid = np.stack(
        np.meshgrid(np.linspace(0, width - 1, _SAMPLES), np.linspace(0, height - 1, _SAMPLES // 2)), axis=-1
    ).reshape(-1, 2)
    down = (camera.lens.unproject(grid) @ camera.rotation.T)[:, 1]
    with np.errstate(invalid="ignore"):
        ground: Array = grid[(down > 0.02) & camera.shows(grid)]
    return ground
