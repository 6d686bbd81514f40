"""What a run tells while it goes (Progress) and when it is over (RunReport): plain, frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a run that goes on."""

    position_s: float
    """Running time that playback shows now, in seconds since the first frame."""
    delay_s: float
    """Measured delay from capture to playback, in seconds; 0 before playback starts."""
    buffer_fill: float
    """How full the window is, 0 to 1."""
    buffer_s: float
    """How many seconds of picture the window holds."""
    fps_in: float
    """Frames a second that came from the sources lately."""
    fps_out: float
    """Frames a second that went to the outputs lately."""
    frames_in: int
    frames_out: int
    dropped: int
    """Frames that came in and will never be shown."""
    cpu_percent: float
    """Processor time over wall time lately; 100 is one core."""
    memory_mb: float
    """Resident memory in MB (10^6 bytes)."""
    state: str
    """What the run does, in a word: starting, buffering, playing, draining, done."""
    follows: str
    """What the camera follows: ball, players, operator; or: ball not found, waiting for video, fixed view."""

    @property
    def camera(self) -> str:
        """What the camera does, as a person would say it: "follows ball", "ball not found"."""
        is_followed = self.follows in ("ball", "players", "operator")
        return f"follows {self.follows}" if is_followed else self.follows


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did, once it is over."""

    frames_in: int
    frames_out: int
    dropped: int
    duplicated: int
    duration_s: float
    """Length of what was played, in seconds of running time."""
    wall_s: float
    cpu_s: float
    """Processor time of the whole run, in seconds, all threads."""
    peak_memory_mb: float
    """Highest resident memory in MB (10^6 bytes)."""
    outputs: tuple[Path | str, ...]
    """Files as paths; streams as text without their secrets."""
    notes: tuple[str, ...]
    """What a user should know: silence that was generated, a rig that was assumed, a gap."""
    failures: tuple[str, ...] = ()
    """What became of the files that failed while others went on."""
