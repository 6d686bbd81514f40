"""CameraPath: where the virtual camera looks, whoever leads it: a director, an operator, or nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from pipeline.optics.view import View
from pipeline.timebase import Nanoseconds

Follows = Literal["ball", "players", "operator", "ball not found", "waiting for video", "fixed view"]


@dataclass(frozen=True, slots=True)
class PathState:
    """A snapshot of what leads the camera."""

    follows: Follows
    """What the camera follows now."""
    look_ahead_s: float
    """How much of the future the newest plan really knew; at most the look-ahead asked for."""
    plans: int
    """Plans made since the start."""
    solved: int
    """Plans that the solver found; the others go on as planned before, within the limits."""
    time_ns: Nanoseconds
    """The running time of the newest plan."""


WAITING = PathState("waiting for video", 0.0, 0, 0, Nanoseconds(0))
"""Before the first view was asked for."""


class CameraPath(Protocol):
    """The virtual camera's path, one view a frame.

    `view_at` belongs to the streaming thread. Any thread may call the rest, and nothing of it blocks. A camera that
    cannot be steered raises StateError in `take_over`, `hold` and `hand_back`.
    """

    def view_at(self, time_ns: int) -> View:
        """The view of the frame at `time_ns`; asked with growing times. May wait for what is seen until then."""

    def plan(self, t0_ns: int, t1_ns: int) -> list[tuple[int, View]]:
        """Times and views that are planned for [t0_ns, t1_ns], soonest first; one where the camera stands still."""

    @property
    def state(self) -> PathState:
        """What the camera follows now, and how far ahead that is known."""

    def take_over(self, yaw_deg: float, tilt_deg: float, hfov_deg: float) -> None:
        """Send the camera there, smoothly and within its limits, until `hand_back`.

        Raises ConfigError unless all three are finite.
        """

    def hold(self) -> None:
        """Stop the camera where it is, until `hand_back` or `take_over`."""

    def hand_back(self) -> None:
        """Let the director lead again, smoothly."""
