"""A drawn pitch with grain and a distant background, recorded by a known rig that calibration has to find."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.calibration import Footage
from pipeline.optics.calibration.markings import markings
from pipeline.optics.lens import FisheyeLens
from pipeline.optics.rig import Camera, Pitch, Rig
from pipeline.optics.surface import Surface

SIZE_PX = (1600, 900)
FRAMES, MOTION_SHRINK = 30, 4
GROUND_PX_PER_M = 20
GROUND_M = (150.0, 110.0)

Picture = NDArray[np.uint8]


def make_rig(offset: int = 0) -> Rig:
    """Two equal cameras 0.5 m apart, 8 m above a pitch of 100 m by 64 m; the right one `offset` frames off."""
    lens = FisheyeLens(SIZE_PX, 1110.0, (812.0, 457.0), (-0.06, 0.0))
    left = Camera("left", lens, -32.0, -8.0, 4.0, (-0.25, 0.01, 0.0), (0.96, 1.0, 1.05))
    right = Camera("right", lens, 33.0, -8.5, -5.0, (0.25, -0.01, 0.0), (1.04, 1.0, 0.95), offset)
    return Rig((left, right), Surface("ground-capped", 8.0, 85.0), pitch=Pitch(100.0, 64.0, (1.0, 46.0)))


def footage(rig: Rig, *, marked: bool = True, moving: bool = True, grain: float = 9.0) -> list[Footage]:
    """What the rig's cameras see: a median background for each, and running players."""
    ground, backdrop = _ground(rig, marked=marked, grain=grain), _backdrop(grain)
    return [_camera_footage(rig, i, ground, backdrop, moving=moving) for i in range(len(rig.cameras))]


def _camera_footage(rig: Rig, i: int, ground: Picture, backdrop: Picture, *, moving: bool) -> Footage:
    camera = rig.cameras[i]
    width, height = camera.size_px
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(float)
    yaw, tilt = rig.pixels_to_angles(i, grid)
    x, z = rig.angles_to_metres(yaw, tilt)
    on_ground = np.hypot(x, z) < rig.surface.range_cap_m
    at = np.stack([x + GROUND_M[0] / 2, z], axis=-1) * GROUND_PX_PER_M
    below = _sample(ground, np.where(on_ground[..., None], at, -9.0))
    above = _sample(backdrop, np.stack([(yaw + 90) * 24, (25 - tilt) * 24], axis=-1))
    background = np.where(on_ground[..., None], below, above) / camera.gain_bgr
    footage = [_with_players(rig, i, frame, background, moving=moving) for frame in range(FRAMES)]
    return Footage(camera.name, np.clip(background, 0, 255).astype(np.uint8), np.stack(footage), 25.0)


def _with_players(rig: Rig, i: int, frame: int, background: NDArray[np.floating], *, moving: bool) -> Picture:
    """One small grey frame, with discs that move separately where both cameras look."""
    grey = background.mean(axis=2)
    small = cv2.resize(grey, None, fx=1 / MOTION_SHRINK, fy=1 / MOTION_SHRINK, interpolation=cv2.INTER_AREA)
    moment = (frame - rig.cameras[i].frame_offset) / 25.0
    for player in range(12 if moving else 0):
        path = np.random.default_rng(player).uniform(-1, 1, 4)
        x = 5 * path[0] + 3 * np.sin(3 * moment + 3 * path[1])
        z = 35 + 15 * path[2] + 3 * np.cos(4 * moment + 3 * path[3])
        yaw, tilt = rig.metres_to_angles(x, z, 0.5)
        pixel = rig.angles_to_pixels(i, yaw, tilt) / MOTION_SHRINK
        if np.isfinite(pixel).all():
            cv2.circle(small, tuple(np.round(pixel * 16).astype(int)), 40, 235.0, -1, cv2.LINE_AA, 4)
    return np.clip(small, 0, 255).astype(np.uint8)


def _ground(rig: Rig, *, marked: bool, grain: float) -> Picture:
    """Turf seen from above, x to the right from -GROUND_M / 2 and z downward from 0, with white lines."""
    size = (round(GROUND_M[0] * GROUND_PX_PER_M), round(GROUND_M[1] * GROUND_PX_PER_M))
    picture = np.empty((size[1], size[0], 3), np.float32)
    picture[:] = (60, 125, 95)
    picture += _grain(size, grain)[..., None]
    if marked and rig.pitch is not None:
        thick = round(0.16 * GROUND_PX_PER_M)

        def paint(u: NDArray[np.floating], v: NDArray[np.floating]) -> None:
            x, z = rig.pitch.to_world(u, v)  # type: ignore[union-attr]
            points = np.stack([x + GROUND_M[0] / 2, z], axis=-1) * GROUND_PX_PER_M
            cv2.polylines(
                picture,
                [np.round(points * 16).astype(np.int32)],
                False,
                (235, 240, 235),
                thick,
                cv2.LINE_AA,
                4,
            )

        for line in markings(rig.pitch):
            along, across = np.array([line.low_m, line.high_m]), np.full(2, line.offset_m)
            paint(*((along, across) if line.axis == "x" else (across, along)))
        turn = np.linspace(0, 2 * np.pi, 100)
        paint(9.15 * np.cos(turn), 9.15 * np.sin(turn))
    return np.clip(_as_seen_from(picture, rig.surface.height_m), 0, 255).astype(np.uint8)


def _as_seen_from(picture: NDArray[np.float32], height_m: float) -> NDArray[np.float32]:
    """The ground, smoothed along z by what one camera pixel covers there; otherwise far lines would break up."""
    smooth = picture.copy()
    band_m = 10
    for near_m in range(30, int(GROUND_M[1]), band_m):
        rows = slice(near_m * GROUND_PX_PER_M, (near_m + band_m) * GROUND_PX_PER_M)
        pixel_m = (near_m + band_m / 2) ** 2 / (height_m * 1110.0)
        smooth[rows] = cv2.GaussianBlur(picture[rows], (1, 41), 0.1, sigmaY=0.4 * pixel_m * GROUND_PX_PER_M)
    return smooth


def _backdrop(grain: float) -> Picture:
    """The background all round, 24 pixels a degree: dark foliage below a pale sky, both with grain."""
    size = (180 * 24, 50 * 24)
    picture = np.empty((size[1], size[0], 3), np.float32)
    picture[:] = (190, 170, 160)
    picture[17 * 24 :] = (40, 60, 50)
    return np.clip(picture + 3.0 * _grain(size, grain)[..., None], 0, 255).astype(np.uint8)


def _grain(size: tuple[int, int], strength: float) -> NDArray[np.float32]:
    """Noise at fine to coarse scales, the same in every run."""
    generator = np.random.default_rng(5)
    total = np.zeros((size[1], size[0]), np.float32)
    for scale in (3, 8, 20):
        noise = generator.standard_normal((size[1] // scale + 2, size[0] // scale + 2)).astype(np.float32)
        total += cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)
    return total * strength / 2


def _sample(picture: Picture, at: NDArray[np.floating]) -> NDArray[np.floating]:
    sampled = cv2.remap(
        picture,
        np.nan_to_num(at, nan=-9.0).astype(np.float32),
        None,
        cv2.INTER_LINEAR,  # type: ignore[call-overload]
    )
    return np.asarray(sampled, np.float64)
