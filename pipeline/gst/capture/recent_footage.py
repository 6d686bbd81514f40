"""RecentFootage: the last seconds of a camera that is still being watched, as calibration needs them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pipeline.gst.capture.footage import footage_from, motion_of, still_of
from pipeline.optics.calibration.footage import Footage, Picture
from pipeline.optics.frame import Frame
from pipeline.timebase import NS_PER_S, Nanoseconds

KEPT_S = 10.0
STILL_EVERY_S = 0.7
MOST_STILLS = 14


class RecentFootage:
    """Keeps full stills and small frames of the last `KEPT_S`; up to 14 frames of memory. One thread at a time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.frame_rate = 0.0
        self._stills: deque[Frame] = deque(maxlen=MOST_STILLS)
        self._next_still_ns = Nanoseconds(0)
        self._motion: deque[tuple[Nanoseconds, Picture]] = deque()

    def add(self, frame: Frame, time_ns: Nanoseconds, frame_rate: float) -> None:
        """Take a frame at its running time; its pixels are copied. `frame_rate`: 0 if it is not known."""
        if self._motion and time_ns <= self._motion[-1][0]:
            return
        self.frame_rate = frame_rate
        if not self._stills or time_ns >= self._next_still_ns:
            self._stills.append(still_of(frame))
            self._next_still_ns = Nanoseconds(time_ns + round(STILL_EVERY_S * NS_PER_S))
        self._motion.append((time_ns, motion_of(frame)))
        while time_ns - self._motion[0][0] > KEPT_S * NS_PER_S:
            self._motion.popleft()

    def clear(self) -> None:
        """Forget everything: the camera was moved."""
        self._stills.clear()
        self._motion.clear()

    @property
    def seconds(self) -> float:
        """How much is kept."""
        return (self._motion[-1][0] - self._motion[0][0]) / NS_PER_S if self._motion else 0.0

    def copy(self) -> RecentFootage:
        """The same footage, which later frames leave as it is; the frames themselves are shared."""
        other = RecentFootage(self.name)
        other.frame_rate = self.frame_rate
        other._stills, other._motion = self._stills.copy(), self._motion.copy()
        return other

    def footage(self, start_ns: Nanoseconds) -> Footage:
        """As Footage, whose motion starts at running time `start_ns`. There must be a frame; takes some tenths of a
        second. Raises CalibrationError never: one frame is a background, too."""
        frames = [picture for time_ns, picture in self._motion if time_ns >= start_ns]
        rate = self.frame_rate or (len(self._motion) - 1) / max(self.seconds, 1e-3) or 25.0
        return footage_from(self.name, self._stills, frames or [self._motion[-1][1]], rate)

    @property
    def first_ns(self) -> Nanoseconds:
        """The running time of the oldest frame that is kept."""
        return self._motion[0][0]


def footage_of(cameras: Sequence[RecentFootage]) -> list[Footage]:
    """The footage of all cameras, from the same moment on. Each must have a frame."""
    start_ns = max(camera.first_ns for camera in cameras)
    return [camera.footage(start_ns) for camera in cameras]
