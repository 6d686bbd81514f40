"""Settings: all that a run can be configured with; validated, frozen, free of side effects."""

from pipeline.settings.check import check, problems
from pipeline.settings.film import Film, FilmSpec, FixedView, Picture
from pipeline.settings.model import (
    BufferSettings,
    DetectorSettings,
    DirectorSettings,
    EncoderSettings,
    ExportSettings,
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
    "Film",
    "FilmSpec",
    "FixedView",
    "Picture",
    "Problem",
    "Settings",
    "Size",
    "check",
    "problems",
]
