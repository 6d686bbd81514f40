"""Progress and RunReport: what a run reports while it runs and at its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.gst.playback.sound_meter import SoundLevels
from pipeline.run.disk_watch import DiskLeft
from pipeline.run.frame_account import FrameAccount


@dataclass(frozen=True, slots=True)
class Progress:
    """The figures of a run at one moment."""

    position_s: float
    """Running time that playback shows now, in seconds."""
    delay_s: float
    """Measured delay from capture to playback, in seconds; 0 before playback starts."""
    buffer_fill: float
    """How full the window is, 0 to 1."""
    buffer_s: float
    """How many seconds of video the window holds."""
    fps_in: float
    """Frames per second from the sources, over the last second."""
    fps_out: float
    """Frames per second to the outputs, over the last second."""
    frames_in: int
    frames_out: int
    dropped: int
    """Frames that were captured and will never be shown."""
    cpu_percent: float
    """Processor time by wall time over the last second; 100 is one core."""
    memory_mb: float
    """Resident memory in MB (10^6 bytes)."""
    state: str
    """The run's state: starting, buffering, playing, draining, done."""
    follows: str
    """What the camera follows: ball, players, operator; or: ball not found, waiting for video, fixed view."""
    standing: tuple[str, ...]
    """The stages that stand still: source NAME, detector NAME, window, view, encoder, output NAME."""
    dropping_fps: float
    """Frames per second that were dropped, over the last ten seconds."""
    offline: tuple[str, ...]
    """The names of the cameras that send no video now."""
    sound: SoundLevels | None
    """How loud the sound is that is played; null without sound."""
    disks: tuple[DiskLeft, ...]
    """The disks that files are written to, the one with the least room first."""

    @property
    def camera(self) -> str:
        """What the camera does, as a person would say it: "follows ball", "ball not found"."""
        is_followed = self.follows in ("ball", "players", "operator")
        return f"follows {self.follows}" if is_followed else self.follows


@dataclass(frozen=True, slots=True)
class FilmMade:
    """A film of a run."""

    name: str
    size: str
    """Width and height in pixels, as 1920x1080."""
    follow: str
    """What it shows, as in the settings: play, fixed, panorama, team:home, ..."""
    outputs: tuple[Path | str, ...]
    """Files as paths; streams as text without their secrets."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """The figures of a run that has ended."""

    frames_in: int
    frames_out: int
    dropped: int
    duplicated: int
    duration_s: float
    """Length of the played video, in seconds."""
    wall_s: float
    cpu_s: float
    """Processor time of the whole run, in seconds, all threads."""
    peak_memory_mb: float
    """Highest resident memory in MB (10^6 bytes)."""
    outputs: tuple[Path | str, ...]
    """Files as paths; streams as text without their secrets."""
    notes: tuple[str, ...]
    """Lines for the user: generated silence, an assumed rig, a gap."""
    failures: tuple[str, ...] = ()
    """One line for each output or export that failed while the others continued."""
    frames: FrameAccount | None = None
    """What became of each frame that came in; None if playback never began."""
    films: tuple[FilmMade, ...] = ()
    """The films, each with its part of the outputs."""
