"""The players' height in a rig's own units: it tells whether a scale is right, and gives one where no marking does.

What moves on the turf and is higher than wide is mostly people. Each stands with its lower end on the ground; the
ray to its upper end gives its height in units of the cameras' height.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.calibration.footage import Footage
from pipeline.optics.rig import Camera, Rig

PLAYER_M = 1.75
"""The height of a player as its moving outline shows it."""

_MOST_FRAMES = 24
_LEAST_CHANGE = 14
_LEAST_PX, _MOST_SHARE = 7, 0.25
_SLIM, _TALL = 1.3, 5.0
_FEWEST = 12
_PLAUSIBLE = (0.01, 0.6)
"""A player's height in units of the cameras' height."""


def player_height(rig: Rig, footage: Sequence[Footage], turf: Sequence[NDArray[np.bool_]]) -> float | None:
    """The median height of the players, in units of the cameras' height; None if too few are seen."""
    heights: list[float] = []
    for camera, part, mask in zip(rig.cameras, footage, turf, strict=True):
        heights += _heights(camera, part, mask)
    return float(np.median(heights)) if len(heights) >= _FEWEST else None


def _heights(camera: Camera, footage: Footage, turf: NDArray[np.bool_]) -> list[float]:
    frames = footage.motion[:: max(1, len(footage.motion) // _MOST_FRAMES)]
    if len(frames) < 4:
        return []
    still = np.median(frames, axis=0).astype(np.uint8)
    high, wide = still.shape
    shrink = footage.size_px[0] / wide
    ground = cv2.resize(turf.astype(np.uint8), (wide, high), interpolation=cv2.INTER_NEAREST) > 0
    found: list[float] = []
    for frame in frames:
        changed = (cv2.absdiff(frame, still) > _LEAST_CHANGE).astype(np.uint8)
        changed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8))
        _, _, boxes, _ = cv2.connectedComponentsWithStats(changed)
        x, y, w, h, area = boxes[1:].T
        slim = (h >= _LEAST_PX) & (h < _MOST_SHARE * high) & (h > _SLIM * w) & (h < _TALL * w)
        slim &= (area > 0.35 * w * h) & (y > 1) & (y + h < high - 1)
        foot = np.stack([x + w / 2 - 0.5, y + h - 0.5], axis=1)[slim]
        head = np.stack([x + w / 2 - 0.5, y - 0.5], axis=1)[slim]
        if not len(foot):
            continue
        standing = ground[
            np.clip(np.round(foot[:, 1]), 0, high - 1).astype(int), np.round(foot[:, 0]).astype(int)
        ]
        foot_down, head_down = (_down(camera, (at[standing] + 0.5) * shrink - 0.5) for at in (foot, head))
        with np.errstate(divide="ignore", invalid="ignore"):
            tall = 1.0 - head_down / foot_down
        keep = (foot_down > 0.02) & (tall > _PLAUSIBLE[0]) & (tall < _PLAUSIBLE[1])
        found += tall[keep].tolist()
    return found


def _down(camera: Camera, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The slope below the horizon of the rays at pixels (n, 2), (n,); nan where the lens sees nothing."""
    rays = camera.lens.unproject(pixels) @ camera.rotation.T
    slope: NDArray[np.float64] = rays[:, 1] / np.maximum(np.hypot(rays[:, 0], rays[:, 2]), 1e-9)
    return slope
