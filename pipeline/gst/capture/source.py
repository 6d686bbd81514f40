"""Source: the protocol between the analysis pipeline and each of its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, Protocol

from pipeline.errors import ForesightError
from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds

StreamCallback = Callable[[Gst.Pad], None]
TruthKind = Literal["angles", "tracks"]
"""What a truth tells: ball and players in angles, or everybody in metres with identities."""


class Truth(Protocol):
    """What is known to be true of a source's video, as the rows of a CSV. One thread at a time."""

    @property
    def header(self) -> str:
        """The names of the columns."""

    def until(self, time_ns: int) -> Iterable[str]:
        """The rows of the frames up to running time `time_ns` that have not been returned yet."""


class Source(Protocol):
    """One opened source: put `element` into a pipeline, call `watch`, then `start` once the pipeline is playing.

    Any thread may call; only `close` blocks.
    """

    @property
    def name(self) -> str:
        """The source as the user wrote it, without secrets."""

    @property
    def element(self) -> Gst.Element:
        """The element whose source pads are the streams."""

    @property
    def is_live(self) -> bool:
        """Whether it delivers in real time, by its own clock."""

    @property
    def has_own_pipelines(self) -> bool:
        """Whether its samples come from pipelines of its own, which use the analysis pipeline's running time."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user about it."""

    @property
    def dropped(self) -> int:
        """How many frames it dropped because they were too late."""

    @property
    def refused(self) -> Mapping[str, int]:
        """How many frames it did not take, by reason: "before a keyframe"."""

    @property
    def stated_frames(self) -> int | None:
        """How many frames of its video its index lists, of what has been read; None if it has none."""

    @property
    def outages(self) -> int:
        """How often it lost its connection and reconnected."""

    def truth(self, kind: TruthKind) -> Truth | None:
        """A new reader of the truth of its video; None if nobody knows it, as with any camera."""

    @property
    def clock_drift_ppm(self) -> float:
        """By how many millionths its clock is known to be fast (negative: slow); its times are corrected."""

    def is_lost_at(self, time_ns: Nanoseconds) -> bool:
        """Whether its frame of that running time is an older one, held because none arrived."""

    def survives(self, message: Gst.Message) -> bool:
        """Whether it goes on in spite of `message`, an error of one of its elements; `notes` then tell it."""

    def watch(self, on_stream: StreamCallback, on_complete: Callable[[], None]) -> None:
        """Call `on_stream(pad)` for every stream and `on_complete()` once all are known.

        Known pads are reported within this call, others later from a thread of the source.
        """

    def start(self, base_ns: int, on_failure: Callable[[ForesightError], object]) -> None:
        """Connect, if the pipeline does not. `base_ns`: the system clock at running time 0.

        `on_failure(error)` is called from a thread of the source when it cannot connect.
        """

    def leave(self) -> None:
        """Deliver nothing more. Idempotent."""

    def close(self) -> None:
        """Call `leave`, and wait for the source's threads for a bounded time. Idempotent."""
