"""Splice: goes on with the video of another encoder of the same frames, at a keyframe, without a frame too many."""

from __future__ import annotations

from typing import Literal

from pipeline.gst.encode.encoded_tap import begin_ns
from pipeline.gst.runtime import Gst

Source = Literal["shared", "own"]

MOST_HELD = 600
"""If the other encoder has no keyframe for so many samples, the video goes on from where it came."""


class Splice:
    """The video of one output, from one of two encoders: the one that all outputs share, or its own.

    Once `go_to` has been called, what the present encoder delivers is held until the other one's first keyframe
    that is later than all that was passed on. The present one's video is passed on up to that frame, from there on
    the other's. Each encoder gets every frame that the playback shows after it was linked. Not thread-safe: the
    caller locks.
    """

    def __init__(self) -> None:
        self._source: Source = "shared"
        self._next: Source | None = None
        self._held: list[Gst.Sample] = []
        """Of the present encoder, while the other's keyframe is awaited."""
        self._coming: list[Gst.Sample] = []
        """Of the other one, from its keyframe on, while the present one is not there yet."""
        self._passed_ns = -1

    @property
    def source(self) -> Source:
        """The encoder whose video is passed on."""
        return self._source

    @property
    def is_switching(self) -> bool:
        """Whether another encoder is awaited."""
        return self._next is not None

    def go_to(self, source: Source) -> None:
        """Go on with `source` from its next keyframe; ask it for one after this."""
        self._next = None if source == self._source else source

    def take(self, source: Source, sample: Gst.Sample) -> list[Gst.Sample]:
        """A sample of one encoder; returns the samples that are to be passed on now, in order."""
        buffer = sample.get_buffer()
        if buffer is None:
            return []
        time_ns = begin_ns(sample, buffer)
        if source == self._source:
            return self._noted(self._present(sample, time_ns))
        if source != self._next:
            return []
        if not self._coming and (buffer.has_flags(Gst.BufferFlags.DELTA_UNIT) or time_ns <= self._passed_ns):
            return []
        self._coming.append(sample)
        before = [held for held in self._held if _time_ns(held) < _time_ns(self._coming[0])]
        is_there = len(before) < len(self._held) or len(self._coming) > MOST_HELD
        self._held = []
        return self._noted([*before, *(self._switch() if is_there else ())])

    def end(self, source: Source) -> tuple[list[Gst.Sample], bool]:
        """The end of an encoder's video: the samples to pass on, and whether nothing follows them."""
        if source == self._source and self._coming:
            return self._noted(self._switch()), False
        return self.release(), source == self._source

    def release(self) -> list[Gst.Sample]:
        """Give up the change, if one is awaited; returns what was held."""
        held, self._held, self._coming, self._next = self._held, [], [], None
        return self._noted(held)

    def _present(self, sample: Gst.Sample, time_ns: int) -> list[Gst.Sample]:
        if self._coming:
            return [sample] if time_ns < _time_ns(self._coming[0]) else self._switch()
        self._held.append(sample)
        return [] if self.is_switching and len(self._held) <= MOST_HELD else self.release()

    def _switch(self) -> list[Gst.Sample]:
        coming = self._coming
        self._source, self._next, self._coming, self._held = self._next or self._source, None, [], []
        return coming

    def _noted(self, samples: list[Gst.Sample]) -> list[Gst.Sample]:
        if samples:
            self._passed_ns = _time_ns(samples[-1])
        return samples


def _time_ns(sample: Gst.Sample) -> int:
    buffer = sample.get_buffer()
    return -1 if buffer is None else begin_ns(sample, buffer)
