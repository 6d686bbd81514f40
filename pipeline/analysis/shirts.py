"""Shirts: the colour of each detected person's upper body, read from the frame in which they were detected.

A shadow, or turf that only seems to differ, has no shirt: what is there looks like the ground on both sides of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.detector import Detection, Shirt
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig

ACROSS = np.linspace(-0.16, 0.16, 5)
"""Where colours are read, in widths of the box from its middle: the arms swing outside."""

BESIDE = (-0.85, 0.85)
"""Where the ground beside a person is read, in widths of the box from its middle."""

BARE_LEVELS = 7.0
"""Where the colour differs by no more than this from the ground on one side, there is no shirt."""

DOWN = np.linspace(-0.28, -0.06, 6)
"""Where colours are read, in heights of the box below its middle: between the neck and the shorts."""


class ShirtReader:
    """Reads the colours of shirts. Called from one thread, the detector's; costs about a millisecond a frame."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        columns = [ACROSS, *(side + 0.5 * ACROSS for side in BESIDE)]
        self._across = np.concatenate([np.tile(column, len(DOWN)) for column in columns])
        self._down = np.tile(np.repeat(DOWN, len(ACROSS)), len(columns))

    def read(self, frame: Frame, detections: Sequence[Detection]) -> tuple[Shirt | None, ...]:
        """The shirt of each detection; None for the ball, for what has none, and for what no camera shows."""
        people = [i for i, one in enumerate(detections) if one.label != "ball"]
        shirts: list[Shirt | None] = [None] * len(detections)
        if not people:
            return tuple(shirts)
        boxes = np.array(
            [
                (one.yaw_deg, one.tilt_deg, one.width_deg, one.height_deg)
                for one in (detections[i] for i in people)
            ]
        )
        yaw_deg = boxes[:, :1] + boxes[:, 2:3] * self._across
        tilt_deg = boxes[:, 1:2] - boxes[:, 3:] * self._down
        seen = self._rig.seen_by(boxes[:, 0], boxes[:, 1])
        owner = self._rig.owners(boxes[:, 0])
        camera = np.where(seen[np.arange(len(people)), owner], owner, seen.argmax(axis=1))
        camera[~seen.any(axis=1)] = -1
        for i in np.unique(camera[camera >= 0]).tolist():
            chosen = np.flatnonzero(camera == i)
            colours = self._colours(frame, i, yaw_deg[chosen], tilt_deg[chosen])
            worn = np.abs(colours[:, :1] - colours[:, 1:]).max(axis=-1).min(axis=1) > BARE_LEVELS
            for k, (y, u, v) in zip(chosen[worn].tolist(), colours[worn, 0].tolist(), strict=True):
                shirts[people[k]] = (y, u, v)
        return tuple(shirts)

    def _colours(
        self, frame: Frame, camera: int, yaw_deg: NDArray[np.float64], tilt_deg: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The median Y, U and V of the bodies and of both sides, (N, 3, 3), of directions (N, all points)."""
        region = self._rig.region(camera)
        pixels = self._rig.angles_to_pixels(camera, yaw_deg, tilt_deg)
        pixels = np.nan_to_num(pixels, nan=0.0)
        x = np.clip(np.rint(pixels[..., 0]), 0, region.width - 1).astype(np.intp) + region.x
        y = np.clip(np.rint(pixels[..., 1]), 0, region.height - 1).astype(np.intp) + region.y
        luma = frame.luma[y, x]
        if frame.format == "I420":
            u, v = (plane[y // 2, x // 2] for plane in frame.planes[1:])
        else:
            u, v = np.moveaxis(frame.planes[1][y // 2, x // 2], -1, 0)
        parts = (len(luma), 1 + len(BESIDE), -1)
        return np.stack([np.median(plane.reshape(parts), axis=2) for plane in (luma, u, v)], axis=-1)
