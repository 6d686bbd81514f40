"""Unsteered: what the camera paths share that nobody can take over."""

from __future__ import annotations

from pipeline.errors import StateError


class Unsteered:
    """The part of a CameraPath that refuses an operator. Any thread."""

    _why_not: str
    """The line that the operator reads."""

    def take_over(self, yaw_deg: float, tilt_deg: float, hfov_deg: float) -> None:
        """Raises StateError."""
        del yaw_deg, tilt_deg, hfov_deg
        raise StateError(self._why_not)

    def hold(self) -> None:
        """Raises StateError."""
        raise StateError(self._why_not)

    def hand_back(self) -> None:
        """Raises StateError."""
        raise StateError(self._why_not)
