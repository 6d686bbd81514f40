"""Edges: how far a view may turn and how wide it may be, which the planner keeps to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from pipeline.optics.view import View


class Edges(Protocol):
    """What views a rig can fill; its ``ViewLimits`` are one. Pure; any thread; degrees."""

    @property
    def max_hfov_deg(self) -> float:
        """The widest view that fits anywhere."""

    def yaw_range_deg(self, hfov_deg: float) -> tuple[float, float]:
        """The least and the largest yaw of a view of this width."""

    def pitch_range_deg(self, yaw_deg: float, hfov_deg: float) -> tuple[float, float]:
        """The least and the largest pitch of a view of this width that looks at this yaw."""

    def limit(self, view: View) -> View:
        """The nearest view that fits."""


@dataclass(frozen=True, slots=True)
class BoxEdges:
    """A range of angles that no view shows more than, for pictures of width / height = ``aspect``; degrees.

    The picture's vertical extent is taken as its width over the aspect, and its sides as upright.
    """

    yaw_min_deg: float
    yaw_max_deg: float
    pitch_min_deg: float
    pitch_max_deg: float
    aspect: float = 16 / 9

    @property
    def max_hfov_deg(self) -> float:
        """The widest view that fits both ways."""
        return min(
            self.yaw_max_deg - self.yaw_min_deg, (self.pitch_max_deg - self.pitch_min_deg) * self.aspect
        )

    def yaw_range_deg(self, hfov_deg: float) -> tuple[float, float]:
        """The least and the largest yaw of a view of this width."""
        return self.yaw_min_deg + hfov_deg / 2, self.yaw_max_deg - hfov_deg / 2

    def pitch_range_deg(self, yaw_deg: float, hfov_deg: float) -> tuple[float, float]:
        """The least and the largest pitch of a view of this width."""
        del yaw_deg
        half_deg = hfov_deg / self.aspect / 2
        return self.pitch_min_deg + half_deg, self.pitch_max_deg - half_deg

    def limit(self, view: View) -> View:
        """The nearest view that fits."""
        hfov_deg = min(view.hfov_deg, self.max_hfov_deg)
        left, right = self.yaw_range_deg(hfov_deg)
        bottom, top = self.pitch_range_deg(view.yaw_deg, hfov_deg)
        return replace(
            view,
            yaw_deg=min(max(view.yaw_deg, left), right),
            pitch_deg=min(max(view.pitch_deg, bottom), top),
            hfov_deg=hfov_deg,
        )
