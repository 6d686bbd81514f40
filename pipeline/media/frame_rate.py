"""What a stream's frame rate is: as its header says, unless its timestamps say otherwise. Pure."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median

from pipeline.timebase import NS_PER_S, Nanoseconds

FASTEST_FPS = 300.0
"""A header that says more counts in the ticks of its clock (90000/1, 1000/1), not in frames."""
ENOUGH = 8
"""So many spacings between frames tell a rate."""
FEWEST = 2
"""So many tell that a duration is too long."""
MOST = 256
"""More spacings are not looked at."""
AGREES = 1.25
"""A header is believed if it and the timestamps differ by less than this factor."""

STEADY = 0.8
"""Frames come at one rate if this share of their spacings is the usual one: a film that lacks some still has it."""


def is_rate(numerator: int, denominator: int) -> bool:
    """Whether a header's fraction can be a frame rate; 0/1 means that it varies."""
    return numerator > 0 and denominator > 0 and numerator / denominator <= FASTEST_FPS


def agree(one: float, other: float) -> bool:
    """Whether two rates, or two durations, differ by less than the factor AGREES; False if one is 0."""
    return other > 0 and 1 / AGREES < one / other < AGREES


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
    def is_steady(self) -> bool:
        """Whether most spacings are the usual one; True as long as there are too few frames to tell."""
        in_order_ns = sorted(set(self._times_ns))
        spacings_ns = [after - before for before, after in pairwise(in_order_ns)]
        if len(spacings_ns) < ENOUGH:
            return True
        usual_ns = median(spacings_ns)
        return sum(agree(spacing, usual_ns) for spacing in spacings_ns) >= STEADY * len(spacings_ns)

    @property
    def early_fps(self) -> float:
        """Frames per second by the first frames alone, so that it does not depend on when it is asked."""
        return _usual_fps(self._times_ns[: ENOUGH + 1])

    def agrees(self, header_fps: float) -> bool:
        """Whether the first two frames already agree with a header that says `header_fps`."""
        if len(self._times_ns) < 2 or not header_fps:
            return False
        spacing_ns = abs(self._times_ns[1] - self._times_ns[0])
        return bool(spacing_ns) and agree(NS_PER_S / spacing_ns, header_fps)

    def early_corrected(self, header_fps: float) -> float:
        """As `corrected`, by the first frames alone, so that it does not depend on when it is asked."""
        return _corrected(header_fps, self.early_fps)

    def corrected(self, header_fps: float) -> float:
        """The rate of a stream whose header says `header_fps` (0: nothing); 0 if neither tells."""
        return _corrected(header_fps, _usual_fps(self._times_ns))


class FrameDurations:
    """How long each frame lasts: as its stream says, unless that contradicts the timestamps of the frames before.

    A stream's header may say 1 frame a second of 25; then every duration it leads to is a second. Only where the
    durations that were said were not the times to the next frames, the usual time takes their place; a recording
    that says truly that one frame stands for longer is believed. Used by one thread at a time.
    """

    def __init__(self) -> None:
        self._latest: deque[tuple[Nanoseconds, Nanoseconds]] = deque(maxlen=ENOUGH + 1)

    def checked(self, time_ns: Nanoseconds, said_ns: Nanoseconds) -> Nanoseconds:
        """The duration of the frame at `time_ns` whose stream says `said_ns` (0: nothing); 0 if neither tells.

        Frames may come in decoding order.
        """
        self._latest.append((time_ns, said_ns))
        frames = sorted(self._latest)
        pairs = [(said, after - before) for (before, said), (after, _) in pairwise(frames) if after > before]
        if len(pairs) < FEWEST:
            return said_ns
        usual_ns = Nanoseconds(round(median(spacing for _, spacing in pairs)))
        is_too_long = said_ns > usual_ns * AGREES
        if len(pairs) < ENOUGH and not is_too_long:
            return said_ns  # in decoding order the first frames are far apart
        wrong = sum(not said or not agree(said, spacing) for said, spacing in pairs)
        return said_ns if 2 * wrong <= len(pairs) or (said_ns and agree(said_ns, usual_ns)) else usual_ns


def _corrected(header_fps: float, fps: float) -> float:
    return header_fps if not fps or (header_fps and agree(header_fps, fps)) else fps


def _usual_fps(times_ns: list[Nanoseconds]) -> float:
    """The rate of the usual spacing; 0 if there are too few frames."""
    in_order_ns = sorted(set(times_ns))
    if len(in_order_ns) <= ENOUGH:
        return 0.0
    return NS_PER_S / median(after - before for before, after in pairwise(in_order_ns))
