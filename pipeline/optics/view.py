"""A View: the virtual lens through which a rig is looked at. Panorama, virtual camera and tile are views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Projection = Literal["rectilinear", "cylindrical", "equirectangular"]


@dataclass(frozen=True, slots=True)
class View:
    """Where a virtual lens looks and how wide; its picture's size is the renderer's business.

    Angles in degrees: yaw to the right, pitch upward, roll clockwise as seen in the picture;
    ``hfov_deg`` is the angle between the middles of the picture's left and right edges.
    """

    yaw_deg: float
    pitch_deg: float
    hfov_deg: float
    roll_deg: float = 0.0
    projection: Projection = "rectilinear"
