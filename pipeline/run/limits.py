"""RunLimits: how long a run waits for its parts before it acts."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.analysis.worker import END_S, HANG_S
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
    chapters_s: float = 10.0
    """How long the end of a run waits for a disk that takes the films' chapters."""
    looks_s: float = 15.0
    """How long it waits for what was learned of the ball, and for the disk that keeps it."""
    clips_s: float = 20.0
    """How long it waits for the film's last clips."""
    hurried_clips_s: float = 1.0
    """The same for a run that must end at once."""
    reel_s: float = 120.0
    """How long it waits for the reel; an aborted run makes none."""


@dataclass(frozen=True, slots=True)
class DetectorLimits:
    """How long a run waits for its detector, in seconds."""

    hang_s: float = HANG_S
    """A detector that has not answered for this long hangs; an offline run no longer waits for it."""
    end_s: float = END_S
    """The same at the end of a run, or twice the detector's slowest answer."""
    abort_s: float = 0.5
    """How long an aborted run waits for a busy detector."""


@dataclass(frozen=True, slots=True)
class StageLimits:
    """How long a stage of a run may stand still, in seconds."""

    notice_s: float = 5.0
    """After this time it is named."""
    margin_s: float = 5.0
    """It ends the run after the delay, the stall timeout and this: then what was captured has been shown."""
    aside_s: float | None = None
    """The same for a detector, without which the video goes on; None: never, as nobody starts the run again."""


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of all parts of a run."""

    detector: DetectorLimits = DetectorLimits()
    camera: CameraLimits = CameraLimits()
    output: OutputLimits = OutputLimits()
    playback: PlaybackLimits = PlaybackLimits()
    shutdown: ShutdownLimits = ShutdownLimits()
    stages: StageLimits = StageLimits()
