"""The exceptions of Foresight: each message says on one line what happened and what to do."""

from __future__ import annotations


class ForesightError(Exception):
    """The base of all exceptions. ``str(error)`` is one line for the user: what happened and what to do."""

    exit_status = 1
    """The exit status of the command: 1 if the run failed, 2 for unusable arguments or configuration."""


class MissingDependencyError(ForesightError, ImportError):
    """GStreamer, a plugin or a library is not installed; the message names the package to install."""


class ConfigError(ForesightError, ValueError):
    """An argument, a setting or a configuration file is unusable; the message names it and what is allowed."""

    exit_status = 2


class RigError(ConfigError):
    """A rig file or a lens is invalid, or does not match the frames that it is used with."""


class SourceError(ForesightError):
    """A source cannot be opened, contains no video, or ended unexpectedly."""


class OutputError(ForesightError):
    """An output cannot be opened or written."""


class PipelineError(ForesightError):
    """A GStreamer pipeline failed, and neither a source nor an output is the cause."""


class CalibrationError(ForesightError):
    """The footage cannot be calibrated; the message says why."""


class DetectorError(ForesightError):
    """A detector or its model cannot be used; for a model, the message names its inputs and outputs."""


class StateError(ForesightError, RuntimeError):
    """The object's present state does not allow the call."""


class LateError(StateError):
    """What was given belongs to a moment that playback has already; the message says how late it came."""

    def __init__(self, message: str, *, late_s: float) -> None:
        super().__init__(message)
        self.late_s = late_s
        """How many seconds earlier it would have been in time."""
