"""The exception tree: every error Foresight raises says what happened and what to do next, in one line."""

from __future__ import annotations


class ForesightError(Exception):
    """Root of the tree. ``str(error)`` is one line fit for a user: what happened and what to do."""

    exit_status = 1
    """What the command line exits with: 1 the run failed, 2 unusable arguments or configuration."""


class MissingDependencyError(ForesightError, ImportError):
    """GStreamer, a plugin or a library is not installed; the message names the package to install."""


class ConfigError(ForesightError, ValueError):
    """An argument, a setting or a configuration file is unusable; the message names it and the allowed."""

    exit_status = 2


class RigError(ConfigError):
    """A rig file or a lens description is wrong or does not fit the picture it is used with."""


class SourceError(ForesightError):
    """A source cannot be opened, holds no video, or broke off."""


class OutputError(ForesightError):
    """An output cannot be opened or written."""


class PipelineError(ForesightError):
    """A GStreamer pipeline failed for a reason that is neither the source's nor the output's."""


class CalibrationError(ForesightError):
    """The footage cannot be calibrated; the message says why."""


class DetectorError(ForesightError):
    """A detector or its model cannot be used; the message names the shapes it found."""


class StateError(ForesightError, RuntimeError):
    """A call that the object's present state does not allow."""
