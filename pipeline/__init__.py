"""Foresight: playback that knows its own future. The public names; importable without GStreamer."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.buffer_manager import BufferManager as BufferManager
    from pipeline.errors import ForesightError as ForesightError

_HOMES = {
    "BufferManager": "pipeline.buffer_manager",
    "ForesightError": "pipeline.errors",
}

__all__ = ["BufferManager", "ForesightError"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a public name's module on first use, so that `import pipeline` works without GStreamer."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
