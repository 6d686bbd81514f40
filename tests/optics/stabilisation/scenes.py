"""A textured world and what a turned camera sees of it, without the renderer: each pixel's ray is looked up."""

from __future__ import annotations

import functools
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.optics.angles import Array
from pipeline.optics.frame import Plane
from pipeline.optics.lens import Lens

WORLD_PX_PER_DEG = 12


@functools.cache
def world(seed: int) -> Plane:
    """Grey levels by yaw (-180..180) and tilt (90..-90) in degrees: patches of several sizes, as a backdrop has."""
    rng = np.random.default_rng(seed)
    shape = 180 * WORLD_PX_PER_DEG, 360 * WORLD_PX_PER_DEG
    total = np.zeros(shape, np.float32)
    for patch_deg, levels in ((0.6, 30.0), (2.0, 40.0), (7.0, 30.0)):
        size = int(360 / patch_deg), int(180 / patch_deg)
        patches = rng.normal(0, 1, size[::-1]).astype(np.float32)
        total += levels * cv2.resize(patches, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(120 + total, 30, 220).astype(np.uint8)


def turned_by(vector_deg: Array) -> Rotation:
    """The rotation of the camera, about its own x, y and z axes."""
    return Rotation.from_rotvec(np.asarray(vector_deg, np.float64), degrees=True)


def seen(scene: Plane, lens: Lens, vector_deg: Array, zoom: float = 1.0) -> Plane:
    """The picture (height, width) of a camera at yaw 0 and tilt 0, turned by `vector_deg` and zoomed."""
    zoomed = replace(lens, focal_px=lens.focal_px * zoom)
    x, y, z = np.moveaxis(_rays(zoomed) @ turned_by(vector_deg).as_matrix().T.astype(np.float32), -1, 0)
    yaw, tilt = np.degrees(np.arctan2(x, z)), np.degrees(np.arctan2(-y, np.hypot(x, z)))
    maps = (yaw + 180) * WORLD_PX_PER_DEG - 0.5, (90 - tilt) * WORLD_PX_PER_DEG - 0.5
    return np.asarray(cv2.remap(scene, *(m.astype(np.float32) for m in maps), cv2.INTER_CUBIC), np.uint8)


@functools.cache
def _rays(lens: Lens) -> NDArray[np.float32]:
    width, height = lens.size_px
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return lens.unproject(np.stack([x, y], axis=-1).astype(np.float64)).astype(np.float32)


def as_measured(vector_deg: Array, reference_deg: Array) -> Array:
    """The turn, in degrees, that a meter should find between two poses."""
    turn = turned_by(vector_deg).inv() * turned_by(reference_deg)
    return np.asarray(turn.as_rotvec(degrees=True))
