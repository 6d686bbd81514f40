"""RunStills: still images of a run's cameras, for a rig by points.

The run itself keeps the rig that it has, because the view, the detector and the path are built on it; the next
start uses the saved one.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import StateError
from pipeline.gst.capture.footage import bgr
from pipeline.gst.core.frames import HeldFrame
from pipeline.operator.rig_by_points import CameraStill
from pipeline.optics.calibration.footage import Footage
from pipeline.run.rig_choice import kept_rig_path
from pipeline.settings import Settings


class RunStills:
    """The cameras of one run, cut out of the newest frame. Any thread."""

    def __init__(self, run: PanoramaWithVirtualCamera) -> None:
        self._run = run
        self._newest: HeldFrame | None = None

    def look(self, source: HeldFrame | None) -> None:
        """Keep the newest frame of the sources, None: release it. The streaming thread calls it; never blocks."""
        self._newest = source

    @property
    def settings(self) -> Settings:
        """The run's settings."""
        return self._run.settings

    @property
    def rig_path(self) -> Path:
        """The file of the next start."""
        return self.settings.rig or kept_rig_path(self.settings)

    def take_stills(self) -> list[CameraStill]:
        """A still image of each camera, of what is shown now. Raises StateError."""
        newest, rig = self._newest, self._run.rig
        if newest is None or rig is None:
            raise StateError("no video is shown, or it is covered; take the still images once it is not")
        with newest.map() as frame:
            picture = bgr(frame)
        stills = []
        for i, camera in enumerate(rig.cameras):
            at = rig.region(i)
            own = np.ascontiguousarray(picture[at.y : at.y + at.height, at.x : at.x + at.width])
            small = cv2.resize(cv2.cvtColor(own, cv2.COLOR_BGR2GRAY), (at.width // 4, at.height // 4))
            footage = Footage(camera.name, own, np.asarray(small, np.uint8)[None], 25.0)
            stills.append(CameraStill(footage, camera.frame_offset))
        return stills

    def saved(self, path: Path) -> str:
        """From when on a rig that was saved is used."""
        return f"the run goes on with the rig that it has; the next start uses {path.name}"
