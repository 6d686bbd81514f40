"""CameraPath: the interface to whatever moves the virtual camera: director, operator or a fixed view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from pipeline.optics.view import View
from pipeline.timebase import Nanoseconds

Follows = Literal[
    "ball", "players", "operator", "ball not found", "waiting for video", "fixed view", "recorded path"
]


@dataclass(frozen=True, slots=True)
class PathState:
    """A snapshot of what the camera follows and of its plans."""

    follows: Follows
    """What the camera follows now."""
    look_ahead_s: float
    """Seconds of the future that the newest plan actually knew; at most the look-ahead asked for."""
    plans: int
    """Plans made since the start."""
    solved: int
    """Plans that the solver solved; the others continue the previous plan within the limits."""
    time_ns: Nanoseconds
    """The running time of the newest plan."""


WAITING = PathState("waiting for video", 0.0, 0, 0, Nanoseconds(0))
"""Before the first view was asked for."""


class CameraPath(Protocol):
    """The virtual camera's path, one view per frame.

    Only the streaming thread calls `view_at`. Any thread may call the rest, which never blocks. A path that
    cannot be steered raises StateError in `take_over`, `hold` and `hand_back`.
    """

    def view_at(self, time_ns: int) -> View:
        """The view of the frame at running time `time_ns`; times must not decrease. May wait for detections."""

    def plan(self, t0_ns: int, t1_ns: int) -> list[tuple[int, View]]:
        """The planned times and views in [t0_ns, t1_ns], soonest first; a single one for a fixed camera."""

    @property
    def state(self) -> PathState:
        """What the camera follows now, and how far into the future."""

    def take_over(self, yaw_deg: float, tilt_deg: float, hfov_deg: float) -> None:
        """Steer the camera to this view, smoothly and within its limits, until `hand_back`.

        Raises ConfigError unless all three angles are finite.
        """

    def hold(self) -> None:
        """Stop the camera at its present view, until `hand_back` or `take_over`."""

    def hand_back(self) -> None:
        """Return control to the director, which takes over smoothly."""
