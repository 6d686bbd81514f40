"""Scene: the detections, the view and the coming path at one captured time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.analysis.detector import Detection
from pipeline.analysis.timeline import Timeline
from pipeline.direction.camera_path import CameraPath
from pipeline.optics.angles import Array
from pipeline.optics.view import View
from pipeline.timebase import NS_PER_MS, NS_PER_S

SEEN_WITHIN_NS = 250 * NS_PER_MS
"""Detections up to this age belong to a scene; long enough for a detector at 5 frames per second."""

PATH_NS = 7 * NS_PER_S
"""How much of the coming path belongs to a scene."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One moment of a run; all angles in degrees of the rig."""

    detections: tuple[Detection, ...]
    view: View | None
    """The camera's view; None while it is not known."""
    path: Array
    """Yaw and tilt (N, 2) of the coming views, earliest first; empty in a fixed view."""
    camera_aspect: float
    """Width / height of the camera's view."""

    @property
    def outline(self) -> Array:
        """Yaw and tilt (N, 2) along the edge of the camera's view, closed; empty while it is not known."""
        return np.empty((0, 2)) if self.view is None else self.view.outline(self.camera_aspect)


def scene_at(captured_ns: int, timeline: Timeline, path: CameraPath | None, camera_aspect: float) -> Scene:
    """The scene at running time `captured_ns` of the capture. Any thread; never blocks."""
    seen = timeline.between(captured_ns - SEEN_WITHIN_NS, captured_ns)
    planned = [] if path is None else path.plan(captured_ns, captured_ns + PATH_NS)
    views = [view for _, view in planned]
    coming = views if len(views) > 1 else []
    return Scene(
        detections=seen[-1].detections if seen else (),
        view=views[0] if views else None,
        path=np.array([(view.yaw_deg, view.tilt_deg) for view in coming]).reshape(-1, 2),
        camera_aspect=camera_aspect,
    )
