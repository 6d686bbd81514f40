"""PlaybackLimits: how long a run waits for the playback pipeline to shut down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaybackLimits:
    """The limits of the playback pipeline, in seconds; its outputs have their own."""

    null_s: float = 10.0
    """How long to wait for the pipeline to change to NULL."""
    hurried_null_s: float = 0.5
    """The same for a run that must end at once."""
