"""RunLimits: how long a run waits for its parts before it acts."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.playback.limits import PlaybackLimits


@dataclass(frozen=True, slots=True)
class ShutdownLimits:
    """How long a run waits for its end while playback is blocked, in seconds."""

    abort_s: float = 1.5
    """An aborted run ends when nothing has reached an output for this long."""
    standstill_s: float = 10.0
    """A run that plays to its end is given up when nothing has reached an output for this long."""


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of all parts of a run."""

    camera: CameraLimits = CameraLimits()
    output: OutputLimits = OutputLimits()
    playback: PlaybackLimits = PlaybackLimits()
    shutdown: ShutdownLimits = ShutdownLimits()
