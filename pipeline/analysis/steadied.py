"""SteadiedDetector: lets a detector that knows no sway look from cameras that do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.analysis.detector import Detection, Detector
from pipeline.analysis.sway_history import PoseSource
from pipeline.optics.angles import angles_to_rays, rays_to_angles
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Poses
from pipeline.timebase import Nanoseconds


class SteadiedDetector:
    """Corrects a detector's angles, which count from where the cameras stand now, to those from their places."""

    def __init__(self, detector: Detector, rig: Rig, pose_at: PoseSource) -> None:
        self._detector, self._rig, self._pose_at = detector, rig, pose_at

    @property
    def name(self) -> str:
        """The detector's own name."""
        return self._detector.name

    @property
    def rate_hz(self) -> float:
        """The detector's own rate."""
        return self._detector.rate_hz

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection] | None:
        """See Detector.detect."""
        found = self._detector.detect(frame, time_ns)
        poses = self._pose_at(time_ns).from_place
        return found if not found or poses is None else [self._steadied(each, poses) for each in found]

    def close(self) -> None:
        """See Detector.close."""
        self._detector.close()

    def _steadied(self, found: Detection, poses: Poses) -> Detection:
        if not isinstance(found, Detection):
            return found  # the worker refuses it
        index = int(self._rig.owners(found.yaw_deg))
        pose = poses[index]
        if pose is None:
            return found
        pixel = self._rig.camera_pixels(index, angles_to_rays(found.yaw_deg, found.tilt_deg))
        yaw_deg, tilt_deg = rays_to_angles(self._rig.pixel_rays(index, pixel, pose))
        if not np.isfinite((yaw_deg, tilt_deg)).all():
            return found
        return replace(found, yaw_deg=float(yaw_deg), tilt_deg=float(tilt_deg))
