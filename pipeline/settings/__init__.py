"""Settings: all that a run can be configured with; validated, frozen, free of side effects."""

from pipeline.settings.check import check, problems
from pipeline.settings.model import (
    BufferSettings,
    DetectorSettings,
    DirectorSettings,
    EncoderSettings,
    ExportSettings,
    FixedView,
    Settings,
)
from pipeline.settings.problem import Problem
from pipeline.settings.values import Size

__all__ = [
    "BufferSettings",
    "DetectorSettings",
    "DirectorSettings",
    "EncoderSettings",
    "ExportSettings",
    "FixedView",
    "Problem",
    "Settings",
    "Size",
    "check",
    "problems",
]
