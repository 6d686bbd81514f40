"""Play: what a sport is played with, how fast, and how much of it a camera shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Play:
    """How a sport is played on its field; the defaults are football's. Immutable; any thread."""

    ball_m: float = 0.22
    """The diameter of the ball, or of a puck that lies flat."""
    fastest_m_s: float = 35.0
    """No ball is faster along the ground."""
    picture_width_m: float = 32.0
    """How much of the play a camera shows at rest, in metres at the ball."""
    has_goalkeepers: bool = True
    """Whether a player of each team in other colours guards its goal."""

    @property
    def breadth(self) -> float:
        """How wide its play is, compared with football's."""
        return self.picture_width_m / FOOTBALL_PLAY.picture_width_m


FOOTBALL_PLAY = Play()
