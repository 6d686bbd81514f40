"""Foresight: playback that knows its own future. The public names; importable without GStreamer."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.application import PanoramaWithVirtualCamera as PanoramaWithVirtualCamera
    from pipeline.buffer_manager import BufferManager as BufferManager
    from pipeline.buffering.annotations import Annotation as Annotation
    from pipeline.buffering.annotations import Annotations as Annotations
    from pipeline.buffering.stats import BufferStatistics as BufferStatistics
    from pipeline.buffering.stats import StreamStatistics as StreamStatistics
    from pipeline.buffering.window import Entry as Entry
    from pipeline.config_builder import ConfigBuilder as ConfigBuilder
    from pipeline.errors import ForesightError as ForesightError
    from pipeline.gst.delay.annotation_follower import AnnotationFollower as AnnotationFollower
    from pipeline.gst.delay.buffer_stream import BufferStream as BufferStream
    from pipeline.gst.delay.reader import Reader as Reader
    from pipeline.gst.delay.reader import Subscription as Subscription
    from pipeline.pipeline_builder import PipelineBuilder as PipelineBuilder
    from pipeline.playback_builder import PlaybackPipelineBuilder as PlaybackPipelineBuilder

_HOMES = {
    "Annotation": "pipeline.buffering.annotations",
    "AnnotationFollower": "pipeline.gst.delay.annotation_follower",
    "Annotations": "pipeline.buffering.annotations",
    "BufferManager": "pipeline.buffer_manager",
    "BufferStatistics": "pipeline.buffering.stats",
    "BufferStream": "pipeline.gst.delay.buffer_stream",
    "ConfigBuilder": "pipeline.config_builder",
    "Entry": "pipeline.buffering.window",
    "ForesightError": "pipeline.errors",
    "PanoramaWithVirtualCamera": "pipeline.application",
    "PipelineBuilder": "pipeline.pipeline_builder",
    "PlaybackPipelineBuilder": "pipeline.playback_builder",
    "Reader": "pipeline.gst.delay.reader",
    "StreamStatistics": "pipeline.buffering.stats",
    "Subscription": "pipeline.gst.delay.reader",
}

__all__ = [
    "Annotation",
    "AnnotationFollower",
    "Annotations",
    "BufferManager",
    "BufferStatistics",
    "BufferStream",
    "ConfigBuilder",
    "Entry",
    "ForesightError",
    "PanoramaWithVirtualCamera",
    "PipelineBuilder",
    "PlaybackPipelineBuilder",
    "Reader",
    "StreamStatistics",
    "Subscription",
]
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """Import a public name's module on first use, so that `import pipeline` works without GStreamer."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
