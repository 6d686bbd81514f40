"""Panorama: the small picture of the whole rig that an operator sees, and positions in it. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.optics.angles import Array
from pipeline.optics.limits import panorama_view
from pipeline.optics.rig import Rig
from pipeline.run.scene import Scene

PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX = 960, 320


class Panorama:
    """A view of all of `rig`, PANORAMA_WIDTH_PX x PANORAMA_HEIGHT_PX; `view` renders it. Any thread.

    A place is (x, y), fractions of the width and height, 0 to 1 from the upper left corner.
    """

    def __init__(self, rig: Rig) -> None:
        self.view = panorama_view(rig, PANORAMA_WIDTH_PX / PANORAMA_HEIGHT_PX)

    def angles_at(self, x: float, y: float) -> tuple[float, float]:
        """Yaw and tilt in degrees of a place."""
        pixel = np.array([x * PANORAMA_WIDTH_PX - 0.5, y * PANORAMA_HEIGHT_PX - 0.5])
        yaw, tilt = self.view.pixels_to_angles(pixel, PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX)
        return float(yaw), float(tilt)

    def places(self, angles: Array) -> list[list[float] | None]:
        """Convert yaw and tilt (N, 2) in degrees to places, rounded; None for a direction outside the panorama."""
        yaw, tilt = angles.reshape(-1, 2).T
        pixels = self.view.angles_to_pixels(yaw, tilt, PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX)
        parts = (pixels + 0.5) / (PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX)
        return [[round(float(x), 4), round(float(y), 4)] if np.isfinite(x + y) else None for x, y in parts]

    def drawing(self, scene: Scene) -> dict[str, Any]:
        """A scene as JSON values: the camera's outline, its path, a box for each detection."""
        hfov_deg = self.view.hfov_deg
        centres = self.places(np.array([(found.yaw_deg, found.tilt_deg) for found in scene.detections]))
        return {
            "frame": self.places(scene.outline),
            "path": self.places(scene.path),
            "boxes": [
                {
                    "label": found.label,
                    "x": centre[0],
                    "y": centre[1],
                    "w": round(found.width_deg / hfov_deg, 4),
                    "h": round(found.height_deg / hfov_deg * PANORAMA_WIDTH_PX / PANORAMA_HEIGHT_PX, 4),
                }
                for found, centre in zip(scene.detections, centres, strict=True)
                if centre is not None
            ],
        }
