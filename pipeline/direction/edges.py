"""Edges: the interface to the limits of pan, tilt and field of view that plans must respect."""

from __future__ import annotations

from typing import Protocol

from pipeline.optics.view import View


class Edges(Protocol):
    """The views that a rig can fill sharply, as ``optics.shot_limits.ShotLimits`` gives them. Pure; any thread;
    degrees."""

    @property
    def max_hfov_deg(self) -> float:
        """The widest field of view that fits anywhere."""

    def min_hfov_deg(self, yaw_deg: float) -> float:
        """The narrowest field of view at this yaw."""

    def yaw_range_deg(self, hfov_deg: float) -> tuple[float, float]:
        """The smallest and the largest yaw of a view of this width."""

    def tilt_range_deg(self, yaw_deg: float, hfov_deg: float) -> tuple[float, float]:
        """The smallest and the largest tilt of a view of this width at this yaw."""

    def limit(self, view: View) -> View:
        """The nearest view that fits."""

    def fill(self, view: View) -> View:
        """The nearest view without black, however narrow, and however much sky it shows."""
