"""CameraClocks: the times of all cameras on the first one's clock; what is learned of them, and who uses it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from pipeline.analysis.clock_line import ClockLine
from pipeline.timebase import NS_PER_S, Nanoseconds

LEAD_NS = NS_PER_S
"""New knowledge counts for frames so much later: until then those on their way to the rig frame have passed.

So a run repeats bit by bit, whatever its threads do.
"""

SHOWN_KEPT = 1000


@dataclass(slots=True)
class _Clock:
    line: ClockLine = field(default_factory=ClockLine)
    shown: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=SHOWN_KEPT))
    """When frames are shown in the rig frame, and their own times."""
    used_ns: int = -1
    is_followed: bool = False


class CameraClocks:
    """What is added to each camera's running times so that its frames show the first camera's moments.

    The stackers ask and the clock watch tells. Any thread; nothing blocks.
    """

    def __init__(self, count: int) -> None:
        """`count`: how many cameras the rig has."""
        self._lock = threading.Lock()
        self._clocks = [_Clock() for _ in range(count)]
        self._shift_ns = 0
        self.is_recalled = False
        """Whether the clocks were learned in another run; then nothing is measured."""
        self.first_ns = 0
        """The running time of the first rig frame."""

    def correction_ns(self, camera: int, time_ns: int) -> float:
        """What is added to a time of that camera; 0 while its clock is not followed."""
        with self._lock:
            clock = self._clocks[camera]
            return clock.line.at(time_ns - self._shift_ns) if clock.is_followed else 0.0

    def is_followed(self, camera: int) -> bool:
        """Whether anything is added to that camera's times."""
        with self._lock:
            return self._clocks[camera].is_followed

    def shown(self, camera: int, shown_ns: int, time_ns: int) -> None:
        """The camera's frame of `time_ns` is in the rig frames from `shown_ns` on; in order of time."""
        with self._lock:
            clock = self._clocks[camera]
            clock.shown.append((shown_ns, time_ns))
            clock.used_ns = time_ns

    def time_of(self, camera: int, shown_ns: int) -> int:
        """The camera's own time of the frame that is in the rig frame of `shown_ns`."""
        with self._lock:
            shown = reversed(self._clocks[camera].shown)
            return next((time_ns for from_ns, time_ns in shown if from_ns <= shown_ns), shown_ns)

    def learned(self, camera: int, time_ns: int, offset_s: float, rate: float, rate_kept: float) -> None:
        """At the first camera's `time_ns` the camera's frames must be shown `offset_s` later than their times say.

        That grows by `rate` a second; by ``rate_kept`` if nothing more is learned.
        """
        with self._lock:
            clock = self._clocks[camera]
            offset_ns = offset_s * NS_PER_S
            own_ns = round(time_ns - offset_ns)
            from_ns = max(own_ns + LEAD_NS, clock.used_ns + 1)
            clock.is_followed = True
            clock.line.aim(from_ns, own_ns, offset_ns, rate, rate_kept)

    def recall(self, camera: int, points: list[tuple[int, float]], rate: float) -> None:
        """What an earlier run of the film learned: offsets in nanoseconds at times since the first frame."""
        with self._lock:
            clock = self._clocks[camera]
            self.is_recalled = clock.is_followed = True
            clock.line.recall(points, rate)

    def begin(self, time_ns: Nanoseconds) -> None:
        """The first rig frame came at this running time; what was recalled counts from there."""
        with self._lock:
            self.first_ns = time_ns
            self._shift_ns = time_ns if self.is_recalled else 0
