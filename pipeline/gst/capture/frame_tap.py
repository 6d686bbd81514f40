"""FrameTap: the decoded, corrected frames of one source, pulled one by one; open_taps opens all cameras'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ForesightError, SourceError
from pipeline.gst.capture.open_source import open_source
from pipeline.gst.core.connections import Connections, take_apart
from pipeline.gst.core.elements import add, chain, drain, make_appsink, media_type, pad_caps, static_pad
from pipeline.gst.core.explain import explain
from pipeline.gst.core.frame_corrector import FrameCorrector
from pipeline.gst.core.stream_colour import trust_streams
from pipeline.gst.runtime import Gst
from pipeline.media.source_spec import SourceSpec
from pipeline.timebase import NS_PER_S, Nanoseconds

POLL_S = 0.25

PATIENCE_S = 1.0
"""A frame of a network camera that is so late is replaced by the last one."""


class FrameTap:
    """Takes the first video stream of a source in a pipeline of the caller's. Used by one thread."""

    def __init__(
        self,
        source: SourceSpec,
        name: str,
        pipeline: Gst.Pipeline,
        connections: Connections,
        *,
        paced: bool = False,
    ) -> None:
        """`paced`: for a watch. A file is read at its own speed, frames that nobody pulls in time are dropped, and
        a network camera that drops out is connected again; until then its last frame is repeated.

        Raises SourceError.
        """
        self.name = name
        self._pipeline = pipeline
        self._failure: ForesightError | None = None
        self._source = open_source(
            source, decode=True, live=paced, duration_s=None, patience_s=PATIENCE_S if paced else None
        )
        self._corrector = FrameCorrector(name, connections)
        self._sink = make_appsink(f"footage of {name}", sync=paced, drop=paced)
        chain(pipeline, self._corrector.element, self._sink)
        add(pipeline, self._source.element)
        self._source.watch(self._on_pad, lambda: None)

    @property
    def has_own_pipelines(self) -> bool:
        """Whether the source needs a base time that is known before its pipeline plays: see Source."""
        return self._source.has_own_pipelines

    def start(self, base_ns: int) -> None:
        """Connect, if the pipeline does not: see Source."""
        self._source.start(base_ns, self._failed)

    def leave(self) -> None:
        """Let go of the source, before its pipeline ends."""
        self._source.leave()

    def close(self) -> None:
        """Free what the source holds, after its pipeline has ended."""
        self._source.close()

    def poll(self, timeout_s: float = POLL_S) -> Gst.Sample | None:
        """The next frame, None without one in time. Raises SourceError when the source fails."""
        sample = self._sink.try_pull_sample(int(timeout_s * NS_PER_S))
        if sample is None:
            if self._failure is not None:
                raise self._failure
            message = self._pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
            if message is not None and not self._source.survives(message):
                raise explain(message, "source", self._source.name)
        return sample

    @property
    def has_ended(self) -> bool:
        """Whether the source has come to its end and every frame was pulled."""
        return self._sink.is_eos()

    def is_lost_at(self, time_ns: Nanoseconds) -> bool:
        """Whether the frame of that running time is an older one, because the camera is offline."""
        return self._source.is_lost_at(time_ns)

    def silence(self, silent_s: float) -> SourceError:
        """The error that nothing came for so long."""
        return SourceError(
            f"{self._source.name}: no video arrived within {silent_s:.0f} s; does it hold video?"
        )

    def _failed(self, error: ForesightError) -> None:
        """The source cannot connect. On a thread of its own."""
        self._failure = error

    def _on_pad(self, pad: Gst.Pad) -> None:
        """Link the first video stream; discard every other one. On a streaming thread."""
        sink = static_pad(self._corrector.element, "sink")
        if media_type(pad_caps(pad)) == "video" and not sink.is_linked():
            pad.link(sink)
            return
        drain(self._pipeline, pad)


@contextmanager
def open_taps(sources: Sequence[SourceSpec], *, paced: bool = False) -> Iterator[list[FrameTap]]:
    """A playing pipeline of its own with a tap for each source; `paced` as in FrameTap. One thread.

    Raises SourceError when a source cannot be opened.
    """
    pipeline, connections = Gst.Pipeline.new("footage"), Connections()
    trust_streams(pipeline)
    taps: list[FrameTap] = []
    try:
        for source, name in zip(sources, _names(sources), strict=True):
            taps.append(FrameTap(source, name, pipeline, connections, paced=paced))
        if any(tap.has_own_pipelines for tap in taps):
            pipeline.use_clock(Gst.SystemClock.obtain())
            pipeline.set_start_time(Gst.CLOCK_TIME_NONE)
            pipeline.set_base_time(Gst.SystemClock.obtain().get_time())
        pipeline.set_state(Gst.State.PLAYING)
        for tap in taps:
            tap.start(pipeline.get_base_time())
        yield taps
    finally:
        for tap in taps:
            tap.leave()
        pipeline.set_state(Gst.State.NULL)
        for tap in taps:
            tap.close()
        connections.release()
        take_apart(pipeline)


def _names(sources: Sequence[SourceSpec]) -> list[str]:
    """A short name for each source: its file's or address's if all differ, else camera 1, 2, ..."""
    stems = [
        "" if source.kind == "fragment" else (source.path or Path(source.name)).stem for source in sources
    ]
    if len(set(stems)) == len(stems) and all(stems):
        return stems
    return [f"camera {i}" for i in range(1, len(sources) + 1)]
