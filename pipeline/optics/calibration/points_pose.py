"""The first rig of control points: for a grid of lenses the pose of each camera over the field, in closed form.

Rays to points of a plane are a homography of them (Zhang 2000, section 3.1, with rays in place of pixels), so that
any lens will do. The fit starts from the best of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.errors import CalibrationError, RigError
from pipeline.optics.angles import Array
from pipeline.optics.calibration.control_points import FEWEST_POINTS, CameraPoints, ControlPoints
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.first_rotations import relative_rotation
from pipeline.optics.calibration.level import angles_of
from pipeline.optics.calibration.single import LENS_GRIDS, lens_of
from pipeline.optics.lens import Lens
from pipeline.optics.rig import Camera, Pitch, Rig
from pipeline.optics.surface import Surface

_PANORAMA_ASPECT, _WIDEST_CAMERA = 1.9, 2.5
"""From this aspect on a picture may be a stitched panorama, and up to that one of a single lens."""

_STARTS = 3
_APART = 1.15
"""Starts of one kind of lens differ by this factor of their focal length."""

_LOWEST_M, _HIGHEST_M = 0.3, 200.0
_RANGE, _BEYOND_M = 12.0, 5.0
"""The wall, in units of the cameras' height, and at least as far beyond the field's farthest corner."""

_FAR_PX = 1e4


@dataclass(frozen=True, slots=True)
class _Pose:
    """Rotation camera -> field (x along, y down, z across) and place (u, height, v) with the height negative."""

    turn: Array
    place: Array
    rms_px: float


def first_rigs(points: ControlPoints, matches: Sequence[Matches] = ()) -> Iterator[Rig]:
    """Rigs to start a fit from, the best first of each kind of lens.

    Cameras with too few points get their rotation from `matches` with a camera that has enough. Raises
    CalibrationError for a camera with neither.
    """
    sizes = [camera.size_px for camera in points.cameras]
    aspects = [width / height for width, height in sizes]
    for kind, grid in LENS_GRIDS:
        is_panorama = kind.max_k == 0
        if is_panorama and min(aspects) < _PANORAMA_ASPECT:
            continue
        if not is_panorama and max(aspects) > _WIDEST_CAMERA:
            continue
        found = []
        for hfov_deg in grid:
            lenses = [lens_of(kind, size, hfov_deg) for size in sizes]
            poses = [
                _pose(camera, lens) if len(camera) >= FEWEST_POINTS else None
                for camera, lens in zip(points.cameras, lenses, strict=True)
            ]
            known = [pose for pose in poses if pose is not None]
            if known and len(known) == sum(len(camera) >= FEWEST_POINTS for camera in points.cameras):
                found.append((sum(pose.rms_px for pose in known), lenses, poses))
        found.sort(key=lambda one: one[0])
        used: list[float] = []
        for _, lenses, poses in found:
            focal_px = lenses[0].focal_px
            if len(used) == _STARTS or any(1 / _APART < focal_px / other < _APART for other in used):
                continue
            try:
                yield _rig(points, lenses, _completed(points, lenses, poses, matches))
            except RigError:  # a place that no camera has
                continue
            used.append(focal_px)


def _pose(camera: CameraPoints, lens: Lens) -> _Pose | None:
    """The pose from the points on the ground; None if the lens cannot see them, or only from below."""
    ground = camera.places_m[:, 2] == 0
    rays = lens.unproject(camera.pixels[ground])
    if not np.isfinite(rays).all():
        return None
    places = camera.places_m[ground, :2]
    middle, unit = places.mean(axis=0), float(np.abs(places - places.mean(axis=0)).max())
    plane = np.column_stack([(places - middle) / unit, np.ones(len(places))])
    zero = np.zeros_like(plane)
    x, y, z = (rays[:, i, None] for i in range(3))
    rows = np.concatenate(
        [
            np.hstack([zero, -z * plane, y * plane]),
            np.hstack([z * plane, zero, -x * plane]),
            np.hstack([-y * plane, x * plane, zero]),
        ]
    )
    homography = np.linalg.svd(rows)[2][-1].reshape(3, 3)
    if np.einsum("ij,ij->i", plane @ homography.T, rays).sum() < 0:
        homography = -homography
    along, across, offset = homography.T
    length = np.sqrt(np.linalg.norm(along) * np.linalg.norm(across))
    if length < 1e-9 or np.linalg.norm(np.cross(along, across)) < 1e-3 * length**2:
        return None
    u, _, vt = np.linalg.svd(np.stack([along, across]) / length, full_matrices=False)
    first, third = u @ vt
    turn = np.stack([first, np.cross(third, first), third])
    place = -turn @ (offset / length) * unit + np.array([middle[0], 0.0, middle[1]])
    if not _LOWEST_M < -place[1] < _HIGHEST_M:
        return None
    u_m, v_m, height_m = camera.places_m.T
    pixels = lens.project((np.stack([u_m, -height_m, v_m], axis=1) - place) @ turn)
    off = np.nan_to_num(np.linalg.norm(pixels - camera.pixels, axis=1), nan=_FAR_PX)
    return _Pose(turn, place, float(np.sqrt(np.mean(np.minimum(off, _FAR_PX) ** 2))))


def _completed(
    points: ControlPoints, lenses: Sequence[Lens], poses: Sequence[_Pose | None], matches: Sequence[Matches]
) -> list[_Pose]:
    """The poses; where there is none, turned against a neighbour as their matches say, at its place."""
    known: dict[int, _Pose] = {i: pose for i, pose in enumerate(poses) if pose is not None}
    while len(known) < len(poses):
        pair = next((one for one in matches if len(one) >= 2 and (one.a in known) != (one.b in known)), None)
        if pair is None:
            i = next(i for i in range(len(poses)) if i not in known)
            raise CalibrationError(
                f"{points.cameras[i].name} has {len(points.cameras[i])} points, {FEWEST_POINTS} are needed, and "
                "does not show enough of the same scene as another camera"
            )
        turn, _ = relative_rotation(
            lenses[pair.a].unproject(pair.pixels_a), lenses[pair.b].unproject(pair.pixels_b)
        )
        if pair.a in known:
            beside = known[pair.a]
            known[pair.b] = _Pose(beside.turn @ turn, beside.place, beside.rms_px)
        else:
            beside = known[pair.b]
            known[pair.a] = _Pose(beside.turn @ turn.T, beside.place, beside.rms_px)
    return [known[i] for i in range(len(poses))]


def _rig(points: ControlPoints, lenses: Sequence[Lens], poses: Sequence[_Pose]) -> Rig:
    """The rig of these poses: its forward is the direction along or across the field that the cameras look in."""
    looking = np.sum([pose.turn[:, 2] for pose in poses], axis=0)
    quarter = round(float(np.degrees(np.arctan2(looking[0], looking[2]))) / 90)
    pitch = Pitch(*points.size, (0.0, 0.0), float((-90 * quarter + 180) % 360 - 180), points.field)
    middle = np.mean([pose.place for pose in poses], axis=0)
    x, z = pitch.to_world(-middle[0], -middle[2])
    pitch = Pitch(*points.size, (float(x), float(z)), pitch.yaw_deg, points.field)
    cameras = []
    for camera, lens, pose in zip(points.cameras, lenses, poses, strict=True):
        yaw, tilt, roll = angles_of(pose.turn)
        yaw = (yaw + pitch.yaw_deg + 180) % 360 - 180
        u, y, v = pose.place - middle
        x, z = Pitch(*points.size, (0.0, 0.0), pitch.yaw_deg, points.field).to_world(u, v)
        place = (float(x), float(y), float(z)) if len(poses) > 1 else (0.0, 0.0, 0.0)
        cameras.append(Camera(camera.name, lens, yaw, tilt, roll, place))
    height_m = float(-middle[1])
    corner_m = float(np.hypot(*pitch.centre_m) + np.hypot(*points.size) / 2)
    surface = Surface("ground-capped", height_m, max(_RANGE * height_m, corner_m + _BEYOND_M))
    return Rig(tuple(cameras), surface, pitch=pitch)
