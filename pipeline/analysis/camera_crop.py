"""CameraCrop: the part of a camera's image that motion detection uses, its resolution and its angles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.field import DEFAULT_MARGIN_M, Field
from pipeline.analysis.plane_ops import downscaled, upscaled
from pipeline.optics.angles import rays_to_angles
from pipeline.optics.frame import Frame, Plane
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Pose

FINENESS_PX_PER_DEG = 17.0
"""The working resolution: a ball of 0.22 m at 80 m is three pixels wide; more costs time and finds no more."""

NODE_PX = 16
"""Angles are computed at every 16th working pixel and interpolated in between."""

BODY_M = 2.5
"""The height of a player with raised arms: pixels up to this far above the field are used for players."""

AIR_M = 12.0
"""The largest height of a ball in flight."""

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Planes:
    """An image in working pixels: brightness and the two colour differences, each (height, width)."""

    luma: Plane
    u: Plane
    v: Plane

    def all(self) -> tuple[Plane, Plane, Plane]:
        """Brightness and both colour differences."""
        return self.luma, self.u, self.v


class CameraCrop:
    """A crop of one camera's image, downscaled by an integer factor, for the motion detector.

    Working pixels are converted to angles individually, which costs a fraction of rendering a view; and neither the
    seam nor the parallax of the cameras ever cuts a player.

    ``px_per_m`` (height, width): working pixels per metre for objects that stand on the ground at each pixel;
    ``body`` and ``air``: masks of where a player, and where a ball in flight may appear; ``seen``: whether the
    camera sees any of the field.
    """

    def __init__(self, rig: Rig, camera: int, field: Field, margin_m: float = DEFAULT_MARGIN_M) -> None:
        self._rig, self.camera = rig, camera
        self.first_pose: Pose | None = None
        """How the camera stood in the first frame compared with its place; angles are those of its place."""
        self._node_rays: tuple[Pose | None, Array] | None = None
        region = rig.region(camera)
        middle = np.array([[region.width / 2, region.height / 2], [region.width / 2 + 1, region.height / 2]])
        yaw_deg, tilt_deg = rig.pixels_to_angles(camera, middle)
        step_deg = math.hypot(np.diff(yaw_deg)[0] * math.cos(math.radians(tilt_deg[0])), np.diff(tilt_deg)[0])
        self.scale = max(1, int(1 / step_deg / FINENESS_PX_PER_DEG))
        self._x0 = self._y0 = 0
        self.width, self.height = region.width // self.scale, region.height // self.scale
        self._measure(field, margin_m)
        wanted = self.body | self.air
        rows = np.flatnonzero(wanted.any(axis=1))
        self.seen = rows.size > 0
        if self.seen:
            self._crop(int(rows[0]), int(rows[-1]) + 1)

    def planes(self, frame: Frame, pose: Pose | None = None) -> Planes:
        """The crop of a rig frame, new memory; as if the camera, which now has this pose compared with its place,
        stood as in the first frame."""
        planes = self._planes(frame)
        if pose is None:
            return planes
        x, y = self._pixels_now(pose)
        return Planes(*(_remapped(plane, x, y) for plane in planes.all()))

    def _planes(self, frame: Frame) -> Planes:
        region = self._rig.region(self.camera)
        top = region.y + self._y0 * self.scale
        bottom = top + self.height * self.scale
        right = self.width * self.scale
        luma = frame.luma[top:bottom, :right]
        chroma = frame.planes[1:] if frame.format == "I420" else np.moveaxis(frame.planes[1], 2, 0)
        u, v = (plane[top // 2 : bottom // 2, : right // 2] for plane in chroma)
        size = self.width, self.height
        if self.scale == 1:
            return Planes(luma.copy(), upscaled(u.copy(), size), upscaled(v.copy(), size))
        if self.scale == 2:
            return Planes(downscaled(luma, size), u.copy(), v.copy())
        u, v = np.ascontiguousarray(u), np.ascontiguousarray(v)
        return Planes(downscaled(luma, size), downscaled(u, size), downscaled(v, size))

    def to_angles(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Yaw and tilt in degrees of working pixels, any shape."""
        rays = self._rig.pixel_rays(self.camera, self._camera_pixels(x, y), self.first_pose)
        return rays_to_angles(rays)

    def is_ours(self, yaw_deg: Array, tilt_deg: Array) -> Mask:
        """Whether this camera is responsible for the directions: by the seams, or because the one that is cannot
        see them."""
        owner = self._rig.owners(yaw_deg)
        sees = np.take_along_axis(self._rig.seen_by(yaw_deg, tilt_deg), owner[:, None], axis=1)[:, 0]
        return np.asarray((owner == self.camera) | ~sees)

    def _camera_pixels(self, x: Array, y: Array) -> Array:
        """The camera's pixels (..., 2) of working pixels."""
        return (np.stack([x, y + self._y0], axis=-1) + 0.5) * self.scale - 0.5

    def _pixels_now(self, pose: Pose) -> tuple[Floats, Floats]:
        """Where each working pixel of the first frame is now: maps for cv2.remap."""
        columns, rows = (-(-side // NODE_PX) + 2 for side in (self.width, self.height))
        if self._node_rays is None or self._node_rays[0] is not self.first_pose:
            # cv2.resize places node n at the pixel 16 n + 7.5; the first node lies outside, and is cut off again.
            x, y = (NODE_PX * (np.arange(count) - 1.0) + (NODE_PX - 1) / 2 for count in (columns, rows))
            rays = self._rig.pixel_rays(self.camera, self._camera_pixels(*np.meshgrid(x, y)), self.first_pose)
            self._node_rays = self.first_pose, rays
        seen = (self._rig.camera_pixels(self.camera, self._node_rays[1], pose) + 0.5) / self.scale - 0.5
        seen = np.nan_to_num(seen - (0, self._y0), nan=-1.0).astype(np.float32)
        large = cv2.resize(seen, (columns * NODE_PX, rows * NODE_PX), interpolation=cv2.INTER_LINEAR)
        inside = large[NODE_PX : NODE_PX + self.height, NODE_PX : NODE_PX + self.width]
        return np.ascontiguousarray(inside[..., 0]), np.ascontiguousarray(inside[..., 1])

    def _measure(self, field: Field, margin_m: float) -> None:
        """Compute the masks and the scale of the whole image."""
        size = self.width, self.height
        x, y = np.meshgrid(
            NODE_PX * np.arange(self.width // NODE_PX + 2.0),
            NODE_PX * np.arange(self.height // NODE_PX + 2.0),
        )
        yaw_deg, tilt_deg = self.to_angles(x, y)
        surface = self._rig.surface
        below = np.radians(
            np.maximum(-tilt_deg, math.degrees(math.atan(surface.height_m / surface.range_cap_m)))
        )
        range_m = surface.height_m / np.sin(below)
        across = np.hypot(
            np.gradient(yaw_deg, axis=1) * np.cos(np.radians(tilt_deg)), np.gradient(tilt_deg, axis=1)
        )
        down = np.hypot(
            np.gradient(yaw_deg, axis=0) * np.cos(np.radians(tilt_deg)), np.gradient(tilt_deg, axis=0)
        )
        rad_per_px = np.radians(np.sqrt(across * down)) / NODE_PX
        self.px_per_m = _enlarged(1 / (range_m * rad_per_px), size)

        def over_field(height_m: float) -> Mask:
            shift = height_m / surface.height_m
            # An object `height_m` high in this direction is nearer than the ground behind it.
            x_m, z_m = self._rig.angles_to_metres(yaw_deg, tilt_deg)
            return np.asarray(field.outside_at(x_m * (1 - shift), z_m * (1 - shift)) <= margin_m)

        heights = np.arange(0.0, BODY_M + 0.1, 0.5)
        reachable = np.logical_or.reduce([over_field(min(at, 0.95 * surface.height_m)) for at in heights])
        self.body = _enlarged(reachable, size) > 0
        top_deg = math.degrees(math.atan((AIR_M - surface.height_m) / surface.range_cap_m))
        columns_deg = yaw_deg[reachable]
        air = np.zeros_like(reachable)
        if columns_deg.size:
            air = (yaw_deg >= columns_deg.min()) & (yaw_deg <= columns_deg.max()) & (tilt_deg < top_deg)
            air &= tilt_deg >= tilt_deg[reachable].min()
        self.air = _enlarged(air, size) > 0

    def _crop(self, top: int, bottom: int) -> None:
        """Keep only the rows from `top` (rounded to whole chroma rows) to `bottom`."""
        top -= top % 2
        bottom = min(self.height - self.height % 2, bottom + bottom % 2)
        self._y0, self.height = top, bottom - top
        self.px_per_m = np.ascontiguousarray(self.px_per_m[top:bottom])
        self.body = self.body[top:bottom]
        self.air = self.air[top:bottom]


def _remapped(plane: Plane, x: Floats, y: Floats) -> Plane:
    return cast(Plane, cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _enlarged(nodes: NDArray[np.generic], size: tuple[int, int]) -> Floats:
    """Values at the nodes, interpolated to all working pixels."""
    x, y = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    known = np.nan_to_num(nodes.astype(np.float32))
    return cast(Floats, cv2.remap(known, x / NODE_PX, y / NODE_PX, cv2.INTER_LINEAR))
