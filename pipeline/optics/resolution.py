"""Resolution: how many source pixels the cameras of a rig give in each direction."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pipeline.optics.angles import Array, angles_to_rays
from pipeline.optics.rig import Rig

_STEP_RAD = 1e-4


def pixels_per_radian(rig: Rig, yaw_deg: ArrayLike, tilt_deg: ArrayLike) -> Array:
    """Pixels of the sources per radian, (...), in directions (...) in degrees, along the coarser axis; nan where no
    camera sees.

    It is that of the camera that shows the direction by the seams, or of the finest of the others where that one
    does not see. Pure; any thread.
    """
    yaw, tilt = np.broadcast_arrays(np.asarray(yaw_deg, np.float64), np.asarray(tilt_deg, np.float64))
    step_deg = np.degrees(_STEP_RAD)
    # Rays a little to the right along the circle of equal tilt's tangent, and a little lower.
    ahead = angles_to_rays(yaw, tilt)
    right = ahead + _STEP_RAD * angles_to_rays(yaw + 90.0, np.zeros_like(tilt))
    below = angles_to_rays(yaw, tilt - step_deg)
    owners = rig.owners(yaw)
    chosen, others = np.full(yaw.shape, np.nan), np.full(yaw.shape, np.nan)
    for i, camera in enumerate(rig.cameras):
        at, across, down = (rig.camera_pixels(i, rays) for rays in (ahead, right, below))
        slopes = np.stack([across - at, down - at], axis=-1) / _STEP_RAD
        seen = camera.shows(at) & np.isfinite(slopes).all(axis=(-1, -2))
        fine = np.full(yaw.shape, np.nan)
        fine[seen] = np.linalg.svd(slopes[seen], compute_uv=False)[..., 1]
        chosen = np.where(owners == i, fine, chosen)
        others = np.fmax(others, fine)
    return np.where(np.isnan(chosen), others, chosen)
