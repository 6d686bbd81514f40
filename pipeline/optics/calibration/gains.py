"""Colour gains per camera that make neighbouring cameras agree where both see the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.pictures import blur
from pipeline.optics.rig import Rig

_STEP_DEG = 0.25
_SMOOTH_PX = 4.0
_DARKEST, _BRIGHTEST = 25, 235
_LARGEST_GAIN = 1.6


def with_gains(rig: Rig, footage: Sequence[Footage], turf: Sequence[NDArray[np.bool_]]) -> Rig:
    """The rig with colour gains as close to 1 as possible; cameras that share no turf with others keep gain 1."""
    smooth = [blur(part.background, _SMOOTH_PX) for part in footage]
    rows, right = [], []
    for a, b in combinations(range(len(footage)), 2):
        ratio = _log_ratio(rig, a, b, smooth, turf)
        if ratio is not None:
            row = np.zeros(len(footage))
            row[[a, b]] = 1.0, -1.0
            rows.append(row)
            right.append(ratio)
    if not rows:
        return rig
    # Minimum-norm least squares: the logarithms of the gains add up to 0.
    logs = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    limit = np.log(_LARGEST_GAIN)
    gains = np.exp(np.clip(logs, -limit, limit))
    cameras = []
    for camera, gain in zip(rig.cameras, gains, strict=True):
        blue, green, red = map(float, gain)
        cameras.append(replace(camera, gain_bgr=(blue, green, red)))
    return replace(rig, cameras=tuple(cameras))


def _log_ratio(
    rig: Rig, a: int, b: int, smooth: Sequence[NDArray[np.uint8]], turf: Sequence[NDArray[np.bool_]]
) -> Array | None:
    """log(gain of a) - log(gain of b) for blue, green, red that makes both show the same colour; None if no turf
    is seen by both."""
    reach = rig.coverage()
    yaw, tilt = np.meshgrid(
        np.arange(reach.yaw_min_deg, reach.yaw_max_deg, _STEP_DEG),
        np.arange(reach.tilt_min_deg, 0.0, _STEP_DEG),
    )
    seen = rig.seen_by(yaw, tilt)
    both = seen[..., a] & seen[..., b]
    yaw, tilt = yaw[both], tilt[both]
    colours = []
    usable = np.ones(len(yaw), bool)
    for i in (a, b):
        columns, rows = np.round(rig.angles_to_pixels(i, yaw, tilt)).astype(int).T
        colour = smooth[i][rows, columns].astype(np.float64)
        usable &= turf[i][rows, columns] & (colour > _DARKEST).all(axis=1) & (colour < _BRIGHTEST).all(axis=1)
        colours.append(colour)
    if usable.sum() < 50:
        return None
    ratio: Array = np.median(np.log(colours[1][usable] / colours[0][usable]), axis=0)
    return ratio
