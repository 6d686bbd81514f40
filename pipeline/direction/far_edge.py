"""FarEdge: how high the upper edge of a view must be to show the field to its far side."""

from __future__ import annotations

import math

import numpy as np

from pipeline.optics.rig_parts import Pitch
from pipeline.tracking.ground import Array, Geometry

ABOVE_M = 3.0
"""The view shows so much above the far side of the field: people's heads, with some room."""
ASSUMED_REACH_M = 80.0
"""Without a pitch, the game is taken to reach so far from the cameras: a pitch's width and the way to it."""

LEAST_AHEAD = 0.02
"""The cosine of the yaw beside a view from which on nothing is shown."""

_STEP_M = 2.0
_STEP_DEG = 3.0


class FarEdge:
    """The far side of the field as seen from the cameras, ABOVE_M over the ground. Immutable, pure; any thread."""

    def __init__(self, geometry: Geometry, pitch: Pitch | None = None) -> None:
        if pitch is None:
            bearing = np.radians(np.arange(-180.0, 180.0, _STEP_DEG))
            x, z = ASSUMED_REACH_M * np.sin(bearing), ASSUMED_REACH_M * np.cos(bearing)
        else:
            x, z = pitch.to_world(*_outline(pitch))
        yaw, tilt = geometry.metres_to_angles(x, z, ABOVE_M)
        self._yaw, self._slope = np.radians(yaw), np.tan(np.radians(tilt))

    def tilt_deg(self, yaw_deg: Array, hfov_deg: Array) -> Array:
        """The lowest tilt (N,) of the upper edge, in its middle, of upright rectilinear views (N,) that show the
        whole far side between their left and right edges; infinite for one that shows nothing of it.

        The upper edge lies in a plane through the camera's horizontal axis. A point in the yaw d beside the view's
        and in the tilt t is in that plane where tan(t) / cos(d) is the slope of the edge's middle.
        """
        beside = self._yaw - np.radians(yaw_deg)[:, None]
        ahead = np.cos(beside)
        is_ahead = ahead > LEAST_AHEAD
        slope = self._slope / np.where(is_ahead, ahead, 1.0)
        reach = np.tan(np.radians(hfov_deg) / 2)[:, None] * np.sqrt(1.0 + slope * slope)
        is_shown = is_ahead & (np.abs(np.sin(beside)) <= reach * ahead)
        highest = np.where(is_shown, slope, -np.inf).max(axis=1)
        return np.where(np.isfinite(highest), np.degrees(np.arctan(highest)), np.inf)


def _outline(pitch: Pitch) -> tuple[Array, Array]:
    """Points along the outline of a pitch, _STEP_M apart, in its own metres."""
    u, v = (
        np.linspace(-side_m / 2, side_m / 2, math.ceil(side_m / _STEP_M) + 1)
        for side_m in (pitch.length_m, pitch.width_m)
    )
    ends, sides = np.ones_like(v) * pitch.length_m / 2, np.ones_like(u) * pitch.width_m / 2
    return np.concatenate([u, u, ends, -ends]), np.concatenate([sides, -sides, v, v])
