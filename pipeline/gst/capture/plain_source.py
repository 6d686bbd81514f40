"""PlainSource: a source without threads of its own: a file, a launch fragment, the match, one connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import ForesightError
from pipeline.gst.capture.source import StreamCallback, Truth, TruthKind
from pipeline.gst.capture.stated_frames import StatedFrames
from pipeline.gst.capture.unplayed import UnplayedStreams
from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds


@dataclass
class PlainSource:
    """A Source that its pipeline starts and stops, and that does not reconnect.

    `find_streams(source)` reports the streams to `found` and `complete`, within that call or later.
    """

    name: str
    element: Gst.Element
    is_live: bool
    find_streams: Callable[[PlainSource], None] = field(repr=False)
    count_dropped: Callable[[], int] = field(default=lambda: 0, repr=False)
    open_truth: Callable[[TruthKind], Truth | None] = field(default=lambda _kind: None, repr=False)
    unplayed: UnplayedStreams | None = field(default=None, repr=False)
    stated: StatedFrames | None = field(default=None, repr=False)
    _on_stream: StreamCallback | None = field(default=None, init=False, repr=False)
    _on_complete: Callable[[], None] | None = field(default=None, init=False, repr=False)

    @property
    def has_own_pipelines(self) -> bool:
        """False."""
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        """A line for each stream of sound that cannot be played."""
        return () if self.unplayed is None else self.unplayed.notes

    @property
    def dropped(self) -> int:
        """How many frames it dropped because they were too late."""
        return self.count_dropped()

    @property
    def refused(self) -> Mapping[str, int]:
        """Empty: it takes every frame."""
        return {}

    @property
    def stated_frames(self) -> int | None:
        """How many frames of its video its index lists, of what has been read; None if it has none."""
        return None if self.stated is None else self.stated.count

    @property
    def outages(self) -> int:
        """Always 0: it does not reconnect."""
        return 0

    def truth(self, kind: TruthKind) -> Truth | None:
        """A new reader of the truth of its video; None if nobody knows it."""
        return self.open_truth(kind)

    @property
    def clock_drift_ppm(self) -> float:
        """0: the delay line follows its clock."""
        return 0.0

    def is_lost_at(self, _time_ns: Nanoseconds) -> bool:
        """False: it never repeats a frame."""
        return False

    def survives(self, _message: Gst.Message) -> bool:
        """False: it ends there."""
        return False

    def watch(self, on_stream: StreamCallback, on_complete: Callable[[], None]) -> None:
        """Call `on_stream(pad)` for every stream and `on_complete()` once all are known.

        Static pads are reported within this call, others later from a streaming thread.
        """
        self._on_stream, self._on_complete = on_stream, on_complete
        self.find_streams(self)

    def found(self, pad: Gst.Pad) -> None:
        """Report a stream's pad, a source pad of `element`."""
        if self._on_stream is not None:
            self._on_stream(pad)

    def complete(self) -> None:
        """Report that every stream has been found."""
        if self._on_complete is not None:
            self._on_complete()

    def start(self, _base_ns: int, _on_failure: Callable[[ForesightError], object]) -> None:
        """Do nothing: the pipeline starts it."""

    def leave(self) -> None:
        """Do nothing: the pipeline ends it."""

    def close(self) -> None:
        """Do nothing: the pipeline stops it."""
