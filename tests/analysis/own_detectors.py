"""Detector factories that return no detector, as a user may write them."""

from __future__ import annotations

from pipeline.optics.rig import Rig


def fails(_rig: Rig) -> object:
    """Raises an exception of the user's program."""
    return {}["model"]


def returns_nothing(_rig: Rig) -> None:
    """Does not return the detector it made."""
