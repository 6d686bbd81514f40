"""Edges: how far a view may turn and how wide it may be, which the planner keeps to."""

from __future__ import annotations

from typing import Protocol

from pipeline.optics.view import View


class Edges(Protocol):
    """What views a rig can fill; its ``ViewLimits`` are one. Pure; any thread; degrees."""

    @property
    def max_hfov_deg(self) -> float:
        """The widest view that fits anywhere."""

    def yaw_range_deg(self, hfov_deg: float) -> tuple[float, float]:
        """The least and the largest yaw of a view of this width."""

    def tilt_range_deg(self, yaw_deg: float, hfov_deg: float) -> tuple[float, float]:
        """The least and the largest tilt of a view of this width that looks at this yaw."""

    def limit(self, view: View) -> View:
        """The nearest view that fits."""
