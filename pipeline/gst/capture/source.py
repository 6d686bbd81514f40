"""Source: what the analysis pipeline has to know of one of its sources, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pipeline.errors import ForesightError
from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds

StreamCallback = Callable[[Gst.Pad], None]


class Source(Protocol):
    """One opened source: put `element` into a pipeline, call `watch`, then `start` when the pipeline plays.

    Any thread may call; only `close` blocks.
    """

    @property
    def name(self) -> str:
        """What the user wrote, without secrets."""

    @property
    def element(self) -> Gst.Element:
        """What the streams come out of."""

    @property
    def is_live(self) -> bool:
        """Whether it runs on a clock of its own."""

    @property
    def has_own_pipelines(self) -> bool:
        """Whether its samples come from pipelines of its own, which share the running time of this one."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about it, a line each."""

    @property
    def dropped(self) -> int:
        """Frames that it left out because they could not be had in time."""

    @property
    def outages(self) -> int:
        """How often it was lost, to be reconnected."""

    def is_lost_at(self, time_ns: Nanoseconds) -> bool:
        """Whether its picture of that running time only stands in for one that did not come."""

    def watch(self, on_stream: StreamCallback, on_complete: Callable[[], None]) -> None:
        """Have `on_stream(pad)` called for every stream and `on_complete()` once no more will come.

        Pads that are known are reported within this call, others later from a thread of the source.
        """

    def start(self, base_ns: int, on_failure: Callable[[ForesightError], object]) -> None:
        """Connect, where that is not the pipeline's work. `base_ns`: the system clock at running time 0.

        `on_failure(error)` is called from a thread of the source when there is nothing to connect to.
        """

    def leave(self) -> None:
        """Bring nothing more. Idempotent."""

    def close(self) -> None:
        """`leave`, and wait for what still runs, for a bounded time. Idempotent."""
