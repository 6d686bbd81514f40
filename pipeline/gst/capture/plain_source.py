"""A source that is nothing but its element: a file, a launch fragment, the match, a connection to a camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.errors import ForesightError
from pipeline.gst.capture.source import StreamCallback
from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds


@dataclass
class PlainSource:
    """A Source that its pipeline starts and stops; when it is lost, it has ended.

    `find_streams(source)` has the streams reported to `found` and `complete`, within that call or later.
    """

    name: str
    element: Gst.Element
    is_live: bool
    find_streams: Callable[[PlainSource], None] = field(repr=False)
    count_dropped: Callable[[], int] = field(default=lambda: 0, repr=False)
    _on_stream: StreamCallback | None = field(default=None, init=False, repr=False)
    _on_complete: Callable[[], None] | None = field(default=None, init=False, repr=False)

    @property
    def has_own_pipelines(self) -> bool:
        """No."""
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    @property
    def dropped(self) -> int:
        """Frames that it left out because they could not be had in time."""
        return self.count_dropped()

    @property
    def outages(self) -> int:
        """It is lost once at most, and then for good."""
        return 0

    def is_lost_at(self, _time_ns: Nanoseconds) -> bool:
        """Never: what it brings is its own."""
        return False

    def watch(self, on_stream: StreamCallback, on_complete: Callable[[], None]) -> None:
        """Have `on_stream(pad)` called for every stream and `on_complete()` once no more will come.

        Static pads are reported within this call, others later from a streaming thread.
        """
        self._on_stream, self._on_complete = on_stream, on_complete
        self.find_streams(self)

    def found(self, pad: Gst.Pad) -> None:
        """Report a stream's pad (at the edge of `element`)."""
        if self._on_stream is not None:
            self._on_stream(pad)

    def complete(self) -> None:
        """Report that every stream has been found."""
        if self._on_complete is not None:
            self._on_complete()

    def start(self, _base_ns: int, _on_failure: Callable[[ForesightError], object]) -> None:
        """Nothing: the pipeline starts it."""

    def leave(self) -> None:
        """Nothing: the pipeline ends it."""

    def close(self) -> None:
        """Nothing: the pipeline stops it."""
