"""How long a run waits for its parts before it acts; one value with all of them, passed down from the run."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.playback.limits import PlaybackLimits


@dataclass(frozen=True, slots=True)
class ShutdownLimits:
    """How long the end of a run is waited for while nothing moves, in seconds."""

    abort_s: float = 1.5
    """A run that is to end at once goes on while its last pictures still move; this long a standstill ends it."""
    standstill_s: float = 10.0
    """A run that is to be played to its end is given up when it stands still for this long."""


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of a run's parts."""

    camera: CameraLimits = CameraLimits()
    output: OutputLimits = OutputLimits()
    playback: PlaybackLimits = PlaybackLimits()
    shutdown: ShutdownLimits = ShutdownLimits()
