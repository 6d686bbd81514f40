"""What a stream's frame rate is: as its header says, unless its timestamps say otherwise. Pure."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from pipeline.timebase import NS_PER_S, Nanoseconds

FASTEST_FPS = 300.0
"""A header that says more counts in the ticks of its clock (90000/1, 1000/1), not in frames."""
ENOUGH = 8
"""So many spacings between frames tell a rate."""
MOST = 256
"""More spacings are not looked at."""
AGREES = 1.25
"""A header is believed if it and the timestamps differ by less than this factor."""


def is_rate(numerator: int, denominator: int) -> bool:
    """Whether a header's fraction can be a frame rate; 0/1 means that it varies."""
    return numerator > 0 and denominator > 0 and numerator / denominator <= FASTEST_FPS


class MeasuredRate:
    """The frame rate by the timestamps of a stream's first frames, in any order. Used by one thread at a time."""

    def __init__(self) -> None:
        self._times_ns: list[Nanoseconds] = []

    @property
    def is_known(self) -> bool:
        """Whether there are enough frames to tell."""
        return len(self._times_ns) > ENOUGH

    @property
    def is_full(self) -> bool:
        """Whether more frames change nothing."""
        return len(self._times_ns) > MOST

    def add(self, time_ns: Nanoseconds) -> None:
        """Note a frame's timestamp."""
        if not self.is_full:
            self._times_ns.append(time_ns)

    @property
    def early_fps(self) -> float:
        """Frames per second by the first frames alone, so that it does not depend on when it is asked."""
        return _usual_fps(self._times_ns[: ENOUGH + 1])

    def corrected(self, header_fps: float) -> float:
        """The rate of a stream whose header says `header_fps` (0: nothing); 0 if neither tells."""
        fps = _usual_fps(self._times_ns)
        if not fps or (header_fps and 1 / AGREES < header_fps / fps < AGREES):
            return header_fps
        return fps


def _usual_fps(times_ns: list[Nanoseconds]) -> float:
    """The rate of the usual spacing; 0 if there are too few frames."""
    in_order_ns = sorted(set(times_ns))
    if len(in_order_ns) <= ENOUGH:
        return 0.0
    return NS_PER_S / median(after - before for before, after in pairwise(in_order_ns))
