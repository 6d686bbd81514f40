"""Detector factories that return no detector, as a user may write them."""

from __future__ import annotations

from pipeline.optics.rig import Rig


def fails(_rig: Rig) -> object:
    """Raises what a program of somebody's own raises."""
    return {}["model"]


def makes_nothing(_rig: Rig) -> None:
    """Forgets to return what it made."""
