"""Foresight: playback that knows its own future. The public names; importable without GStreamer."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.application import PanoramaWithVirtualCamera as PanoramaWithVirtualCamera
    from pipeline.buffer_manager import BufferManager as BufferManager
    from pipeline.config_builder import ConfigBuilder as ConfigBuilder
    from pipeline.errors import ForesightError as ForesightError
    from pipeline.pipeline_builder import PipelineBuilder as PipelineBuilder
    from pipeline.playback_builder import PlaybackPipelineBuilder as PlaybackPipelineBuilder

_HOMES = {
    "BufferManager": "pipeline.buffer_manager",
    "ConfigBuilder": "pipeline.config_builder",
    "ForesightError": "pipeline.errors",
    "PanoramaWithVirtualCamera": "pipeline.application",
    "PipelineBuilder": "pipeline.pipeline_builder",
    "PlaybackPipelineBuilder": "pipeline.playback_builder",
}

__all__ = [
    "BufferManager",
    "ConfigBuilder",
    "ForesightError",
    "PanoramaWithVirtualCamera",
    "PipelineBuilder",
    "PlaybackPipelineBuilder",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a public name's module on first use, so that `import pipeline` works without GStreamer."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
