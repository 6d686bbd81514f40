"""Angles and rays: yaw and tilt in degrees, directions in the world, and the rotations between them.

World axes: x right, y down, z forward. Positive yaw is to the right, positive tilt upward; positive roll turns
the camera clockwise, seen from behind it. All functions are pure, vectorised in float64, and may be called from
any thread.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

LARGEST_ANGLE_DEG = 3600.0
"""The largest angle in a file, in degrees: ten turns; an angle beyond is a mistake."""


def angles_to_rays(yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> Array:
    """Unit rays, shape (..., 3), of directions in degrees whose yaw and tilt broadcast to shape (...)."""
    yaw, tilt = np.broadcast_arrays(np.radians(yaw_deg), np.radians(tilt_deg))
    return np.stack([np.sin(yaw) * np.cos(tilt), -np.sin(tilt), np.cos(yaw) * np.cos(tilt)], axis=-1)


def rays_to_angles(rays: Array) -> tuple[Array, Array]:
    """Yaw in -180..180 and tilt in -90..90 degrees of rays (..., 3) of any length."""
    x, y, z = rays[..., 0], rays[..., 1], rays[..., 2]
    return np.degrees(np.arctan2(x, z)), np.degrees(np.arctan2(-y, np.hypot(x, z)))


def rotation(yaw_deg: float, tilt_deg: float, roll_deg: float) -> Array:
    """The 3x3 rotation camera -> world, ``Ry(yaw) Rx(tilt) Rz(roll)``."""
    yaw, tilt, roll = np.radians([yaw_deg, tilt_deg, roll_deg])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    product: Array = about_y @ about_x @ about_z
    return product


def wrap_deg(angle_deg: ArrayLike) -> Array:
    """The same angle in the range [-180, 180) degrees, any shape."""
    return (np.asarray(angle_deg, np.float64) + 180.0) % 360.0 - 180.0
