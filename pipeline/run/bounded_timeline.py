"""BoundedTimeline: a timeline whose readers do not wait for frames that the memory has no room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.analysis.detector import DetectionSet
from pipeline.analysis.timeline import Timeline
from pipeline.timebase import Nanoseconds

POLL_S = 0.02


class BoundedTimeline:
    """What a director needs of `timeline`, for a window whose bound in bytes may be below its look-ahead.

    Offline the source waits for room, room comes when a frame is shown, and the frame waits for detections of later
    ones: without this they would wait for each other for ever. Any thread; see `Timeline`.
    """

    def __init__(self, timeline: Timeline, full_at_ns: Callable[[], int | None]) -> None:
        """`full_at_ns`: the running time of the newest frame while there is no room for another, otherwise None."""
        self._timeline = timeline
        self._full_at_ns = full_at_ns

    @property
    def known_until_ns(self) -> Nanoseconds:
        """As the timeline's."""
        return self._timeline.known_until_ns

    def between(self, t0_ns: int, t1_ns: int) -> Sequence[DetectionSet]:
        """As the timeline's."""
        return self._timeline.between(t0_ns, t1_ns)

    def wait_known(self, time_ns: int, timeout_s: float | None = None) -> bool:
        """Block until the timeline is known up to `time_ns`, or as far as it can be; False for the latter.

        False after `timeout_s`, too, which is not exact.
        """
        left_s = timeout_s
        while not self._is_full():
            pause_s = POLL_S if left_s is None else min(POLL_S, left_s)
            if self._timeline.wait_known(time_ns, pause_s):
                return True
            if left_s is not None:
                left_s -= pause_s
                if left_s <= 0:
                    return False
        return self._timeline.known_until_ns >= time_ns

    def _is_full(self) -> bool:
        full_at_ns = self._full_at_ns()
        return full_at_ns is not None and self._timeline.known_until_ns >= full_at_ns
