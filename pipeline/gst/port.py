"""One stream of the delay engine with the elements on both of its sides."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pipeline.buffering.stream import Stream
from pipeline.gst.held import Held
from pipeline.gst.ownership import Keeper
from pipeline.gst.source_edge import SourceEdge


@dataclass(eq=False)
class Port:
    """One stream with its elements: the appsink that it comes from and the appsrc that it goes to."""

    stream: Stream
    source: SourceEdge
    keeper: Keeper
    inbox: deque[tuple[Any, int]] = field(default_factory=deque)
    """Samples that have come and are not stored yet, each with its arrival."""
    order: threading.RLock = field(default_factory=threading.RLock)
    """Held by who empties the inbox; taken before the engine's lock."""
    target: Held | None = None
    waiting_readers: int = 0
    raw: bool = False
    caps: Any = None

    @property
    def appsrc(self) -> Any:
        """The element that the stream is played through, None for none."""
        return None if self.target is None else self.target.element
