"""SteadiedDetector: lets a detector that knows no sway look from cameras that do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.analysis.detector import Detection, Detector
from pipeline.analysis.sway_history import PoseSource
from pipeline.optics.angles import angles_to_rays, rays_to_angles
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.turn import Turns
from pipeline.timebase import Nanoseconds


class SteadiedDetector:
    """Turns a detector's angles, which count from where the cameras stand now, back to the cameras' places.

    The cameras' parallax is left out: at half a degree it is nothing.
    """

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
        turns = self._pose_at(time_ns).from_place
        return found if not found or turns is None else [self._steadied(each, turns) for each in found]

    def close(self) -> None:
        """See Detector.close."""
        self._detector.close()

    def _steadied(self, found: Detection, turns: Turns) -> Detection:
        if not isinstance(found, Detection):
            return found  # the worker refuses it
        index = int(self._rig.owners(found.yaw_deg))
        turn, rotation = turns[index], self._rig.cameras[index].rotation
        if turn is None:
            return found
        ray = angles_to_rays(found.yaw_deg, found.tilt_deg) @ rotation @ turn @ rotation.T
        yaw_deg, tilt_deg = rays_to_angles(ray)
        return replace(found, yaw_deg=float(yaw_deg), tilt_deg=float(tilt_deg))
