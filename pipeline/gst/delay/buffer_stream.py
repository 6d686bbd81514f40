"""A further stream of a BufferManager: what `add_stream` returns."""

from __future__ import annotations

from typing import Any

from pipeline.gst.delay.element_kinds import check_appsrc
from pipeline.gst.delay.endpoints import Endpoints
from pipeline.gst.delay.engine import DelayEngine


class BufferStream:
    """A stream made by `BufferManager.add_stream`: its callbacks, to be connected as the video's are."""

    def __init__(self, engine: DelayEngine, ends: Endpoints) -> None:
        self._engine = engine
        self._ends = ends

    def on_new_sample(self, sink: Any) -> Any:
        """appsink callback ("new-sample"): store one sample. Returns the Gst.FlowReturn."""
        return self._engine.receive(self._ends, sink)

    def on_need_data(self, src: Any, _length: int) -> None:
        """appsrc callback ("need-data"): as the video's."""
        self._engine.on_need_data(self._ends, src)

    def set_appsrc(self, appsrc: Any) -> None:
        """Set or replace the element that the stream is played through. Raises ConfigError for no appsrc."""
        check_appsrc(appsrc)
        self._engine.set_appsrc(self._ends, appsrc)
