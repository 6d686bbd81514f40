"""The level of a rig: the two perpendicular, horizontal directions of the pitch lines.

The planes of all lines of one direction meet in that direction (its vanishing point), and a line across it gives
the other. Of all pairs that the lines offer, the one with the greatest total line length belongs to the pitch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.optics.angles import Array, rays_to_angles
from pipeline.optics.calibration.lines import LinePoints, plane_of
from pipeline.optics.calibration.residuals import Axis
from pipeline.optics.rig import Camera, Rig

_AGREE = 0.012
_ASLANT = 0.05
_ALONG = 0.02
_LEAST_LINES = 2
"""Lines in each of the two directions."""

_STEEPEST = 0.5
"""Cosine of the largest angle between the pitch's vertical and that of the cameras: 60 degrees."""

_USUAL_ROLL, _USUAL_TILT = 0.25, 0.45
"""Standard deviations of roll and tilt as cameras are mounted, radians: what the lines leave open, these decide."""


@dataclass(frozen=True, slots=True)
class Level:
    """The level world axes in the rig's current axes, rows x, down, z, and the axis of each line, None for none."""

    axes: Array
    line_axes: tuple[Axis | None, ...]


def find_level(rig: Rig, lines: Sequence[LinePoints]) -> Level | None:
    """The level that the lines determine, or None if they do not run in two perpendicular directions."""
    if len(lines) < 2 * _LEAST_LINES:
        return None
    normals = np.array([_world_normal(rig, line) for line in lines])
    weights = np.sqrt([float(np.linalg.norm(np.ptp(line.pixels, axis=0))) for line in lines])
    first, second = np.triu_indices(len(lines), 1)
    meets = np.cross(normals[first], normals[second])
    size = np.linalg.norm(meets, axis=1)
    meets = meets[size > 0.02] / size[size > 0.02, None]
    if not len(meets):
        return None
    agree = np.exp(-(((meets @ normals.T) / _AGREE) ** 2)) * weights
    own_down = np.mean([camera.rotation[:, 1] for camera in rig.cameras], axis=0)
    forward = np.mean([camera.rotation[:, 2] for camera in rig.cameras], axis=0)
    own_axes = _axes(own_down / np.linalg.norm(own_down), forward)
    best: tuple[float, Array, Array] | None = None
    for i, direction in enumerate(meets):
        # A line that does not run along `direction` runs across it: together with it, it gives the other one.
        across = np.cross(normals, direction)
        size = np.linalg.norm(across, axis=1)
        across = across[size > _ASLANT] / size[size > _ASLANT, None]
        downs = np.cross(direction, across)
        likely = _likelihood(downs @ own_axes.T)
        chosen = likely > 0
        if not chosen.any():
            continue
        others = np.exp(-(((across[chosen] @ normals.T) / _AGREE) ** 2)) * weights
        scores = np.maximum(agree[i], others).sum(axis=1) * likely[chosen]
        top = int(np.argmax(scores))
        if best is None or scores[top] > best[0]:
            best = float(scores[top]), direction, across[chosen][top]
    if best is None:
        return None
    return _refine(best[1], best[2], normals, weights, rig, own_down)


def _likelihood(downs: Array) -> Array:
    """How likely cameras are mounted so that the vertical (n, 3) is this in their own axes; 0 beyond reason."""
    downs = downs * np.sign(downs[:, 1:2])
    roll, tilt = np.arctan2(downs[:, 0], downs[:, 1]), np.arcsin(np.clip(downs[:, 2], -1.0, 1.0))
    likely: Array = np.exp(-0.5 * ((roll / _USUAL_ROLL) ** 2 + (tilt / _USUAL_TILT) ** 2))
    return np.where(np.abs(downs[:, 1]) > _STEEPEST, likely, 0.0)


def axis_of(rig: Rig, line: LinePoints) -> Axis | None:
    """The horizontal world axis along which a line runs in a level rig, None for neither."""
    normal = _world_normal(rig, line)
    off_x, _, off_z = np.abs(normal)
    if min(off_x, off_z) > _ALONG:
        return None
    return "x" if off_x < off_z else "z"


def rotated(rig: Rig, axes: Array) -> Rig:
    """The rig in new world axes, the rows of `axes`; the positions of its cameras rotate with them."""
    cameras = []
    for camera in rig.cameras:
        yaw, tilt, roll = angles_of(axes @ camera.rotation)
        x, y, z = axes @ np.array(camera.position_m)
        place = (float(x), float(y), float(z))
        cameras.append(replace(camera, yaw_deg=yaw, tilt_deg=tilt, roll_deg=roll, position_m=place))
    return replace(rig, cameras=tuple(cameras))


def angles_of(turn: Array) -> tuple[float, float, float]:
    """Yaw, tilt and roll in degrees of a rotation camera -> world; the inverse of ``angles.rotation``."""
    yaw, tilt = rays_to_angles(turn[:, 2])
    roll = np.degrees(np.arctan2(turn[1, 0], turn[1, 1]))
    return float(yaw), float(tilt), float(roll)


def level_of_cameras(cameras: Sequence[Camera]) -> Array:
    """World axes derived from the cameras alone: their mean down and their mean forward."""
    down = np.mean([camera.rotation[:, 1] for camera in cameras], axis=0)
    forward = np.mean([camera.rotation[:, 2] for camera in cameras], axis=0)
    return _axes(down / np.linalg.norm(down), forward)


def _world_normal(rig: Rig, line: LinePoints) -> Array:
    camera = rig.cameras[line.camera]
    return camera.rotation @ plane_of(camera.lens.unproject(line.pixels))


def _axes(down: Array, forward: Array) -> Array:
    z = forward - down * (forward @ down)
    z /= np.linalg.norm(z)
    return np.stack([np.cross(down, z), down, z])


def _refine(
    first: Array, second: Array, normals: Array, weights: Array, rig: Rig, own_down: Array
) -> Level | None:
    """Both directions refined from all their lines and made perpendicular; forward is where the cameras look."""
    for _ in range(3):
        near = np.abs(normals @ np.stack([first, second], axis=1))
        kind = np.where(near.min(axis=1) < 2 * _AGREE, near.argmin(axis=1), -1)
        if min((kind == 0).sum(), (kind == 1).sum()) < _LEAST_LINES:
            return None
        first, second = (plane_of(normals[kind == i] * weights[kind == i, None]) for i in (0, 1))
    down = np.cross(first, second)
    down *= np.sign(down @ own_down) / np.linalg.norm(down)
    looking = np.mean([camera.rotation[:, 2] for camera in rig.cameras], axis=0)
    forward_kind = int(abs(second @ looking) > abs(first @ looking))
    forward = (first, second)[forward_kind]
    forward = forward * np.sign(forward @ looking)
    names: list[Axis | None] = ["x", "x", None]
    names[forward_kind] = "z"
    return Level(_axes(down, forward), tuple(names[int(i)] for i in kind))
