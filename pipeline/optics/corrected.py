"""The rig as its cameras stand now, from the rig of their places."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipeline.optics.angles import Array
from pipeline.optics.rig import Rig
from pipeline.optics.rig_parts import Camera
from pipeline.optics.stabilisation.pose import Pose, Poses


def corrected(rig: Rig, poses: Poses) -> Rig:
    """The rig whose cameras stand as `poses` say. Pure. Raises RigError for a pose in which no camera can stand."""
    cameras = tuple(
        camera if pose is None else _moved(camera, pose)
        for camera, pose in zip(rig.cameras, poses, strict=True)
    )
    return replace(rig, cameras=cameras, blend=replace(rig.blend, seam_deg=rig.seams_deg))


def _moved(camera: Camera, pose: Pose) -> Camera:
    yaw_deg, tilt_deg, roll_deg = _angles_of(camera.rotation @ pose.turn.T)
    return replace(
        camera,
        lens=replace(camera.lens, focal_px=camera.lens.focal_px * pose.zoom),
        yaw_deg=yaw_deg,
        tilt_deg=tilt_deg,
        roll_deg=roll_deg,
        position_m=pose.position_m(camera.position_m),
    )


def _angles_of(rotation: Array) -> tuple[float, float, float]:
    """Yaw, tilt and roll in degrees of a rotation camera -> world; the inverse of `angles.rotation`."""
    yaw = math.atan2(rotation[0, 2], rotation[2, 2])
    tilt = math.asin(float(np.clip(-rotation[1, 2], -1.0, 1.0)))
    roll = math.atan2(rotation[1, 0], rotation[1, 1])
    return math.degrees(yaw), math.degrees(tilt), math.degrees(roll)
