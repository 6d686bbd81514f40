"""Drawn football: a green pitch with people and a ball at known positions, as rig frames."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.frame import Frame
from pipeline.optics.lens import CylindricalLens
from pipeline.optics.rig import Camera, Pitch, Rig
from pipeline.optics.surface import Surface

WIDTH, HEIGHT = 1440, 480
FOCAL_PX, HORIZON_PX = 600.0, 100.0
PITCH = Pitch(length_m=60.0, width_m=40.0, centre_m=(0.0, 32.0))
GREEN = (60, 110, 50)
BLUE, WHITE, BLACK = (220, 90, 30), (250, 250, 250), (20, 20, 20)

Spot = tuple[float, float]


def one_camera() -> Rig:
    """A cylindrical camera 8 m above the ground, not quite as `Rig.assume` takes it to be."""
    lens = CylindricalLens((WIDTH, HEIGHT), FOCAL_PX, ((WIDTH - 1) / 2, HORIZON_PX))
    return Rig((Camera("one", lens),), Surface("infinity", 8.0, 80.0), pitch=PITCH)


def two_cameras() -> Rig:
    """Two such cameras that look 35 degrees to each side and overlap in the middle."""
    lens = CylindricalLens((WIDTH // 2 + 200, HEIGHT), FOCAL_PX, ((WIDTH // 2 + 199) / 2, HORIZON_PX))
    cameras = (Camera("left", lens, yaw_deg=-35.0), Camera("right", lens, yaw_deg=35.0))
    return Rig(cameras, Surface("infinity", 8.0, 80.0), pitch=PITCH)


class Painter:
    """Draws rig frames; each has a little new noise, from a seed."""

    def __init__(self, rig: Rig, light: float = 1.0) -> None:
        self.rig = rig
        self.light = light
        self._random = np.random.default_rng(7)
        width, height = rig.frame_size
        self._empty = np.full((height, width, 3), (90, 90, 90), np.uint8)
        for camera in range(len(rig.cameras)):
            region = rig.region(camera)
            grid = np.meshgrid(np.arange(region.width), np.arange(region.height))
            yaw_deg, tilt_deg = rig.pixels_to_angles(camera, np.stack(grid, axis=-1).astype(np.float64))
            u, v = rig.angles_to_pitch(yaw_deg, tilt_deg)
            turf = (np.abs(u) < PITCH.length_m / 2 + 4) & (np.abs(v) < PITCH.width_m / 2 + 4)
            part = self._empty[region.y : region.y + region.height, : region.width]
            part[turf] = GREEN
            part[(np.abs(u) < 0.1) & turf] = WHITE

    def bgr(self, people: list[Spot], ball: Spot | None, shirt: tuple[int, int, int]) -> NDArray[np.uint8]:
        """The frame with people (1.8 m high) and a ball on the ground, x and z in metres."""
        picture = self._empty.copy()
        for camera in range(len(self.rig.cameras)):
            region = self.rig.region(camera)
            part = picture[region.y : region.y + region.height, : region.width]
            for x_m, z_m in people:
                foot, head = (
                    self.rig.angles_to_pixels(camera, *self.rig.metres_to_angles(x_m, z_m, up))
                    for up in (0.0, 1.8)
                )
                high = float(foot[1] - head[1])
                corners = np.array([[foot[0] - 0.1 * high, head[1]], [foot[0] + 0.1 * high, foot[1]]])
                if np.isfinite(corners).all():
                    (left, top), (right, bottom) = np.round(corners).astype(int).tolist()
                    cv2.rectangle(part, (left, top), (right, bottom), shirt, cv2.FILLED)
            if ball is not None:
                yaw_deg, tilt_deg = self.rig.metres_to_angles(*ball, 0.11)
                middle = self.rig.angles_to_pixels(camera, yaw_deg, tilt_deg)
                radius = 0.11 / np.hypot(*ball) * FOCAL_PX
                if np.isfinite(middle).all():
                    at = np.round(middle * 16).astype(int).tolist()
                    cv2.circle(part, at, max(8, round(radius * 16)), WHITE, cv2.FILLED, cv2.LINE_AA, 4)
        noise = self._random.normal(0, 2, picture.shape)
        return np.clip(picture * self.light + noise, 0, 255).astype(np.uint8)

    def frame(
        self, people: list[Spot], ball: Spot | None = None, shirt: tuple[int, int, int] = BLUE
    ) -> Frame:
        """The same as a rig frame in NV12."""
        return nv12(i420(self.bgr(people, ball, shirt)))


def i420(bgr: NDArray[np.uint8]) -> Frame:
    height, width = bgr.shape[:2]
    planes = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).astype(np.uint8)
    u, v = planes[height:].reshape(2, height // 2, width // 2)
    return Frame("I420", (planes[:height], u, v))


def nv12(frame: Frame) -> Frame:
    return Frame("NV12", (frame.planes[0], np.stack(frame.planes[1:], axis=-1)))
