"""ClockLine: what is added to a camera's times so that they are another camera's, as a line of straight pieces."""

from __future__ import annotations

from bisect import bisect_right

from pipeline.timebase import NS_PER_S

CATCH_UP = 0.01
"""What the line is off is made up for at this share of the camera's speed at most: a frame in four seconds."""

SHORTEST_NS = NS_PER_S

KNOTS_KEPT = 20_000


class ClockLine:
    """One camera's correction by its own running time. What was asked of the past stays true. Not thread-safe."""

    def __init__(self) -> None:
        self._times_ns: list[int] = [0]
        self._values_ns: list[float] = [0.0]
        self._slope = 0.0

    def at(self, time_ns: int) -> float:
        """What is added to `time_ns`, in nanoseconds."""
        index = bisect_right(self._times_ns, time_ns) - 1
        if index < 0:
            return self._values_ns[0]
        begin_ns, value_ns = self._times_ns[index], self._values_ns[index]
        if index + 1 == len(self._times_ns):
            return value_ns + self._slope * (time_ns - begin_ns)
        share = (time_ns - begin_ns) / (self._times_ns[index + 1] - begin_ns)
        return value_ns + share * (self._values_ns[index + 1] - value_ns)

    def aim(self, from_ns: int, time_ns: int, value_ns: float, rate: float, rate_kept: float) -> None:
        """Lead the line, from `from_ns` on, to the one that has `value_ns` at `time_ns` and grows by `rate`.

        It is reached without a step. When nothing new is learned, it grows by ``rate_kept`` afterwards.
        """
        while len(self._times_ns) > 1 and self._times_ns[-1] >= from_ns:
            before_ns, last_ns = self._times_ns[-2:]
            self._slope = (self._values_ns[-1] - self._values_ns[-2]) / (last_ns - before_ns)
            del self._times_ns[-1], self._values_ns[-1]
        start_ns = self.at(from_ns)
        off_ns = value_ns + rate * (from_ns - time_ns) - start_ns
        takes_ns = max(SHORTEST_NS, round(abs(off_ns) / CATCH_UP))
        self._knot(from_ns, start_ns)
        self._knot(from_ns + takes_ns, value_ns + rate * (from_ns + takes_ns - time_ns))
        self._slope = rate_kept
        if len(self._times_ns) > KNOTS_KEPT:
            del self._times_ns[: KNOTS_KEPT // 2], self._values_ns[: KNOTS_KEPT // 2]

    def recall(self, points: list[tuple[int, float]], rate: float) -> None:
        """Be the line through these points (time, value), in order of time, with `rate` before and after them."""
        first_ns, first_value_ns = points[0]
        self._times_ns, self._values_ns = [0], [first_value_ns - rate * first_ns]
        for time_ns, value_ns in points:
            if time_ns > self._times_ns[-1]:
                self._knot(time_ns, value_ns)
        self._slope = rate

    def _knot(self, time_ns: int, value_ns: float) -> None:
        if time_ns <= self._times_ns[-1]:
            self._values_ns[-1] = value_ns
            return
        self._times_ns.append(time_ns)
        self._values_ns.append(value_ns)
