"""How long the playback pipeline is waited for when it is shut down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaybackLimits:
    """The limits of the playback pipeline itself, in seconds; its outputs have limits of their own."""

    null_s: float = 10.0
    """A pipeline that nothing holds is shut down by then."""
    hurried_null_s: float = 0.5
    """The same for a run that is to end at once."""
