"""The still images of the chosen cameras, for the page and for a rig by points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import ForesightError, StateError
from pipeline.gst.capture.first_frame import first_frame
from pipeline.gst.capture.footage import bgr, motion_of
from pipeline.media.source_spec import SourceSpec
from pipeline.operator.rig_by_points import CameraStill
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.frame import Frame
from pipeline.redaction import redact
from pipeline.settings.model import Settings
from pipeline.web.clip_thumbnails import small_jpeg

ANSWER_S = 15.0
"""A camera that gives no frame for so long is told as silent."""
WIDTH_PX = 640


@dataclass(frozen=True, slots=True)
class Taken:
    """A camera's still image, small, or why there is none."""

    frame: Frame | None
    jpeg: bytes | None
    trouble: str | None


def take_stills(sources: Sequence[str]) -> list[Taken]:
    """A still image of each camera, all at once. Blocks for the slowest; any thread."""
    with ThreadPoolExecutor(max_workers=max(1, len(sources)), thread_name_prefix="still") as pool:
        return list(pool.map(_taken, sources))


def _taken(source: str) -> Taken:
    try:
        frame = first_frame(SourceSpec.parse(source), ANSWER_S)
    except ForesightError as error:
        return Taken(None, None, redact(str(error)))
    return Taken(frame, small_jpeg(frame, WIDTH_PX), None)


class SetupStills:
    """The chosen cameras, for a rig by points before a run. Any thread."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        take: Callable[[], Sequence[Taken]],
        rig_path: Path,
        on_saved: Callable[[Path], object],
    ) -> None:
        """`take` blocks until there are still images; `on_saved(path)`: a rig was saved."""
        self._settings, self._take, self._on_saved = settings, take, on_saved
        self.rig_path = rig_path
        """Where the rig is saved."""

    @property
    def settings(self) -> Settings:
        """The settings of the next match."""
        return self._settings()

    def take_stills(self) -> list[CameraStill]:
        """A still image of each chosen camera. Raises StateError."""
        stills = []
        for number, taken in enumerate(self._take(), 1):
            if taken.frame is None:
                raise StateError(f"camera {number}: {taken.trouble}")
            motion = np.asarray(motion_of(taken.frame), np.uint8)[None]
            stills.append(CameraStill(Footage(f"camera {number}", bgr(taken.frame), motion, 25.0)))
        if not stills:
            raise StateError("no camera is chosen; go back and choose one")
        return stills

    def saved(self, path: Path) -> str:
        """From when on a rig that was saved is used."""
        self._on_saved(path)
        return "the next match uses it; go back to the set-up"
