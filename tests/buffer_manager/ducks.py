"""Test objects that behave like an appsink and an appsrc, and samples for them."""

from __future__ import annotations

import threading
from typing import Any

from pipeline.gst.runtime import Gst

MS = 1_000_000
FRAME_NS = 40 * MS
OK = Gst.FlowReturn.OK


def sample(pts_ns: int | None, duration_ns: int | None = FRAME_NS) -> Any:
    buffer = Gst.Buffer.new_wrapped(bytes(4))
    if pts_ns is not None:
        buffer.pts = pts_ns
    if duration_ns is not None:
        buffer.duration = duration_ns
    return Gst.Sample.new(buffer, None, None, None)


class Emits:
    """A sink with a signal and nothing else."""

    def __init__(self, *samples: Any) -> None:
        self.samples = list(samples)

    def emit(self, signal: str) -> Any:
        assert signal == "pull-sample"
        return self.samples.pop(0) if self.samples else None


class Takes:
    """An appsrc with a signal and nothing else."""

    def __init__(self, enough: int = 1) -> None:
        self.pts_ns: list[int] = []
        self.enough = threading.Event()
        self._enough = enough

    def emit(self, signal: str, *given: Any) -> Any:
        if signal == "push-sample":
            self.pts_ns.append(given[0].get_buffer().pts)
        if len(self.pts_ns) >= self._enough:
            self.enough.set()
        return OK
