"""Rig: the cameras of one venue, their positions and coverage, and the ground that they look at."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import RigError
from pipeline.optics.angles import Array, angles_to_rays, rays_to_angles, wrap_deg
from pipeline.optics.lens import CylindricalLens, Lens, RectilinearLens
from pipeline.optics.outline import Outline
from pipeline.optics.rig_file import located, read_rig, write_rig
from pipeline.optics.rig_parts import Blend, Camera, Coverage, Pitch, Quality, Region, RigParts
from pipeline.optics.stabilisation.pose import Pose
from pipeline.optics.surface import Surface

__all__ = ["Blend", "Camera", "Coverage", "Pitch", "Quality", "Region", "Rig"]

GUESSED_HEIGHT_M = 8.0
"""The height of cameras of which nothing is known: a mast, or the first rows of a stand."""

WIDEST_ASSUMED_DEG = 160.0
"""The widest panorama that is assumed: from the halfway line, that is more than the whole pitch."""

PANORAMA_ASPECT = 2.0
"""Video of unknown optics with at least this aspect ratio is assumed to be a cylindrical panorama."""


@dataclass(frozen=True)
class Rig:
    """The cameras of one venue. Immutable, hashable, pure; its methods may be called from any thread.

    Directions start at the world's origin, between the cameras. ``quality`` is the calibration's report.
    Raises RigError if there is no camera, if two share a name, if one is below the ground or beyond the range cap,
    or if the number of seams is not one less than that of the cameras.
    """

    cameras: tuple[Camera, ...]
    surface: Surface = field(default_factory=Surface)
    blend: Blend = field(default_factory=Blend)
    pitch: Pitch | None = None
    quality: Quality = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.cameras:
            raise RigError("there is no camera; a rig needs at least one [[camera]] table")
        names = [camera.name for camera in self.cameras]
        if len(set(names)) < len(names):
            raise RigError(
                f"two cameras share a name: {', '.join(names)}; give each camera a name of its own"
            )
        if self.blend.seam_deg and len(self.blend.seam_deg) != len(names) - 1:
            raise RigError(
                f"seam_deg holds {len(self.blend.seam_deg)} seams; {len(names)} cameras need {len(names) - 1}"
            )
        if self.surface.kind == "infinity":
            return
        for camera in self.cameras:
            x, y, z = camera.position_m
            if y >= self.surface.height_m or math.hypot(x, z) >= self.surface.range_cap_m:
                raise RigError(
                    f"camera {camera.name!r}: position_m is {list(camera.position_m)}; allowed: above the "
                    f"ground (y < {self.surface.height_m}) and within {self.surface.range_cap_m} m"
                )

    @classmethod
    def load(cls, path: str | Path) -> Rig:
        """Read and check a rig file. Blocks on the disk. Raises RigError naming file, key and what is allowed.

        A rig whose calibration says that its scale is unknown (`height_m = 1.0`) gets a guessed height.
        """
        path = Path(path)
        parts = read_rig(path)
        with located(str(path)):
            rig = cls(*parts)
            rig.coverage()  # a rig that sees nothing is refused here, not in the first frame
            if str(rig.quality.get("scale", "")).startswith("unknown"):
                guessed = rig.scaled(GUESSED_HEIGHT_M / rig.surface.height_m)
                rig = replace(guessed, quality={**rig.quality, "scale": "guess"})
            return rig

    def save(self, path: str | Path) -> None:
        """Write a rig file, quality table included. Blocks on the disk. Raises RigError if it cannot be written."""
        write_rig(RigParts(self.cameras, self.surface, self.blend, self.pitch, self.quality), Path(path))

    @classmethod
    def assume(cls, width: int, height: int, outline_px: Outline = ()) -> Rig:
        """A rig for video of which only the size in pixels is known. Raises RigError for odd sizes.

        With an aspect ratio of 2 or more it is an upright cylindrical panorama, about 44 degrees high with the
        horizon a quarter from the top (146 degrees wide at 3:1, at most 160); otherwise one rectilinear camera, 90
        degrees along its longer side (a phone held upright is 59 wide), tilted 10 degrees down. Its height is 8 m
        above the ground. All of this is said of the picture, which is smaller than the frame if it has an outline.
        """
        left, top, wide, high = 0.0, 0.0, float(width), float(height)
        if outline_px:
            left, top = (min(corner[k] for corner in outline_px) for k in (0, 1))
            wide, high = (max(corner[k] for corner in outline_px) + 1 - (left, top)[k] for k in (0, 1))
        middle_px = left + (wide - 1) / 2, top + (high - 1) / 2
        if wide < PANORAMA_ASPECT * high:
            lens: Lens = RectilinearLens((width, height), max(wide, high) / 2.0, middle_px)
            return cls((Camera("camera", lens, tilt_deg=-10.0, outline_px=outline_px),))
        # Stitched panoramas are some 44 degrees high; a very wide one is cropped, not wider than a pitch.
        focal_px = max(high / 0.85, wide / math.radians(WIDEST_ASSUMED_DEG))
        panorama = CylindricalLens((width, height), focal_px, (middle_px[0], top + high / 4.0))
        return cls((Camera("panorama", panorama, outline_px=outline_px),))

    @property
    def scale_is_guess(self) -> bool:
        """Whether the rig's metres are not measured: at best the players' height says how long one is."""
        if self.pitch is not None:
            return False
        return not self.quality or self.quality.get("scale") in ("guess", "players")

    def scaled(self, factor: float) -> Rig:
        """The rig with all lengths of cameras and surface times `factor`; a pitch keeps its own."""
        cameras = []
        for camera in self.cameras:
            x, y, z = (factor * float(along) for along in camera.position_m)
            cameras.append(replace(camera, position_m=(x, y, z)))
        surface = replace(
            self.surface,
            height_m=self.surface.height_m * factor,
            range_cap_m=self.surface.range_cap_m * factor,
        )
        return replace(self, cameras=tuple(cameras), surface=surface)

    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height of the rig frame in pixels: the camera images stacked from top to bottom, in order."""
        sizes = [camera.size_px for camera in self.cameras]
        return max(width for width, _ in sizes), sum(height for _, height in sizes)

    def region(self, i: int) -> Region:
        """The region of camera `i` in the rig frame: at the left edge, below the cameras before it."""
        width, height = self.cameras[i].size_px
        return Region(0, sum(camera.size_px[1] for camera in self.cameras[:i]), width, height)

    def check_frame(self, width: int, height: int) -> None:
        """Raise RigError unless the rig frame of this rig has this size."""
        if (width, height) != self.frame_size:
            sizes = " + ".join(f"{camera.size_px[0]}x{camera.size_px[1]}" for camera in self.cameras)
            wide, high = self.frame_size
            raise RigError(
                f"the rig is made for cameras of {sizes} (a rig frame of {wide}x{high}), the footage gives "
                f"{width}x{height}; use the rig of these cameras, or calibrate again"
            )

    def camera_pixels(self, i: int, rays: Array, pose: Pose | None = None) -> Array:
        """Pixels (..., 2) in camera `i` of what the origin sees along `rays` (..., 3), parallax included.

        nan where the lens cannot see; a pixel may lie outside the picture, which ``Camera.shows`` tells. ``pose``
        is how the camera stands at the moment compared with its place in the rig.
        """
        camera = self.cameras[i]
        at_m = camera.position_m if pose is None else pose.position_m(camera.position_m)
        seen = self.surface.seen_from(at_m, (0.0, 0.0, 0.0), rays) @ camera.rotation
        if pose is None:
            return camera.lens.project(seen)
        turned, centre_px = seen @ pose.turn.T, camera.lens.centre_px
        pixels = pose.zoomed(camera.lens.project(turned), centre_px)
        if pose.readout_rad is None:
            return pixels
        bent = pose.bent(turned, pixels, camera.size_px[1])
        return pose.zoomed(camera.lens.project(bent), centre_px)

    def pixel_rays(self, i: int, pixels: Array, pose: Pose | None = None) -> Array:
        """Unit rays (..., 3) along which the origin sees what camera `i` shows at `pixels` (..., 2); ``pose`` as in
        ``camera_pixels``."""
        camera = self.cameras[i]
        at_m = camera.position_m
        if pose is None:
            rays = camera.lens.unproject(pixels)
        else:
            rays = camera.lens.unproject(pose.unzoomed(pixels, camera.lens.centre_px))
            rays = pose.bent(rays, pixels, camera.size_px[1], -1.0) @ pose.turn
            at_m = pose.position_m(at_m)
        seen = self.surface.seen_from((0.0, 0.0, 0.0), at_m, rays @ camera.rotation.T)
        unit: Array = seen / np.linalg.norm(seen, axis=-1, keepdims=True)
        return unit

    def angles_to_pixels(self, i: int, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> Array:
        """Pixels (..., 2) in camera `i` of directions in degrees; see ``camera_pixels``."""
        return self.camera_pixels(i, angles_to_rays(yaw_deg, tilt_deg))

    def pixels_to_angles(self, i: int, pixels: Array) -> tuple[Array, Array]:
        """Yaw and tilt in degrees, (...) each, of pixels (..., 2) of camera `i`; nan for pixels without a ray."""
        return rays_to_angles(self.pixel_rays(i, pixels))

    def seen_by(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> NDArray[np.bool_]:
        """Which cameras see the directions, in degrees: booleans of shape (..., cameras)."""
        rays = angles_to_rays(yaw_deg, tilt_deg)
        return np.stack(
            [camera.shows(self.camera_pixels(i, rays)) for i, camera in enumerate(self.cameras)],
            axis=-1,
        )

    def angles_to_metres(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> tuple[Array, Array]:
        """Ground points of directions: x to the right, z forward, in metres; nan at and above the horizon."""
        return self.surface.angles_to_metres(yaw_deg, tilt_deg)

    def metres_to_angles(
        self, x_m: ArrayLike, z_m: ArrayLike, above_ground_m: ArrayLike = 0.0
    ) -> tuple[Array, Array]:
        """Yaw and tilt in degrees of points on the ground, or `above_ground_m` above it, seen from the origin."""
        down = self.surface.height_m - np.asarray(above_ground_m, np.float64)
        x, y, z = np.broadcast_arrays(np.asarray(x_m, np.float64), down, np.asarray(z_m, np.float64))
        return rays_to_angles(np.stack([x, y, z], axis=-1))

    def pitch_to_angles(self, u_m: ArrayLike, v_m: ArrayLike) -> tuple[Array, Array]:
        """Yaw and tilt in degrees of pitch coordinates in metres. Raises RigError if the rig has no pitch."""
        return self.metres_to_angles(*self._known_pitch().to_world(u_m, v_m))

    def angles_to_pitch(self, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> tuple[Array, Array]:
        """Pitch coordinates in metres; nan at and above the horizon. Raises RigError if the rig has no pitch."""
        return self._known_pitch().from_world(*self.angles_to_metres(yaw_deg, tilt_deg))

    def outline_angles(self, step_m: float = 1.0) -> Array:
        """The outline of the pitch as a closed polyline of (yaw, tilt) in degrees, shape (N, 2), a point every
        `step_m`.

        Raises RigError if the rig has no pitch.
        """
        pitch = self._known_pitch()
        half = np.array([pitch.length_m, pitch.width_m]) / 2
        corners = half * np.array([[-1, 1], [1, 1], [1, -1], [-1, -1], [-1, 1]])
        sides = [
            np.linspace(a, b, max(2, math.ceil(float(np.abs(b - a).max()) / step_m)), endpoint=False)
            for a, b in pairwise(corners)
        ]
        line = np.concatenate([*sides, corners[:1]])
        return np.stack(self.pitch_to_angles(line[:, 0], line[:, 1]), axis=-1)

    def coverage(self) -> Coverage:
        """The range of yaw and tilt that the cameras cover together; computed once. Raises RigError if empty."""
        return self._coverage

    @cached_property
    def left_to_right(self) -> tuple[int, ...]:
        """The indices of the cameras in order of yaw."""
        return tuple(sorted(range(len(self.cameras)), key=lambda i: self.cameras[i].yaw_deg))

    def owners(self, yaw_deg: ArrayLike) -> NDArray[np.int64]:
        """The index of the camera that shows each direction, by the seams; the shape of `yaw_deg` in degrees."""
        return np.asarray(self.left_to_right)[np.searchsorted(self.seams_deg, yaw_deg)]

    @cached_property
    def seams_deg(self) -> tuple[float, ...]:
        """The yaw of each seam in degrees, from left to right; see Blend."""
        if self.blend.seam_deg:
            return self.blend.seam_deg
        axes = [self.cameras[i].yaw_deg for i in self.left_to_right]
        return tuple((a + b) / 2 for a, b in pairwise(axes))

    @cached_property
    def _coverage(self) -> Coverage:
        yaws, tilts = [], []
        for i, camera in enumerate(self.cameras):
            width, height = camera.size_px
            columns, rows = np.meshgrid(np.linspace(0, width - 1, 129), np.linspace(0, height - 1, 129))
            grid = np.stack([columns, rows], axis=-1)
            if camera.outline_px:
                grid = np.concatenate([grid[camera.shows(grid)], np.array(camera.outline_px)])
            yaw, tilt = self.pixels_to_angles(i, grid)
            known = np.isfinite(yaw)
            yaws.append(camera.yaw_deg + wrap_deg(yaw[known] - camera.yaw_deg))
            tilts.append(tilt[known])
        yaw, tilt = np.concatenate(yaws), np.concatenate(tilts)
        if not len(yaw):
            raise RigError("no camera sees anything; check focal_px, centre_px and k against size_px")
        return Coverage(float(yaw.min()), float(yaw.max()), float(tilt.min()), float(tilt.max()))

    def _known_pitch(self) -> Pitch:
        if self.pitch is None:
            raise RigError("the rig has no pitch; add a [pitch] table with its size and position")
        return self.pitch
