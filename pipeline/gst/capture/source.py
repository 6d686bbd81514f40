"""One opened source: an element whose streams are reported as they come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.gst.capture.reconnecting_camera import ReconnectingCamera
from pipeline.gst.runtime import Gst

StreamCallback = Callable[[Gst.Pad], None]


@dataclass
class Source:
    """One opened source: put `element` into a pipeline, then call `watch`.

    `name` is what the user wrote, without secrets; `is_live` says that it runs on a clock of its own;
    `camera` keeps it connected, where it can go and come back.
    """

    name: str
    element: Gst.Element
    is_live: bool
    _find: Callable[[Source], None] = field(repr=False)
    camera: ReconnectingCamera | None = None
    _on_stream: StreamCallback | None = field(default=None, repr=False)
    _on_complete: Callable[[], None] | None = field(default=None, repr=False)

    def watch(self, on_stream: StreamCallback, on_complete: Callable[[], None]) -> None:
        """Have `on_stream(pad)` called for every stream and `on_complete()` once no more will come.

        Static pads are reported within this call, others later from a streaming thread.
        """
        self._on_stream, self._on_complete = on_stream, on_complete
        self._find(self)

    def found(self, pad: Gst.Pad) -> None:
        """Report a stream's pad (at the edge of `element`)."""
        if self._on_stream is not None:
            self._on_stream(pad)

    def complete(self) -> None:
        """Report that every stream has been found."""
        if self._on_complete is not None:
            self._on_complete()
