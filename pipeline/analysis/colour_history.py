"""ColourHistory: by how much each camera's colours are changed so that neighbours agree, by running time.

The analysis writes it, the delayed side reads it: what comes later counts as well, so a step in one camera's
exposure is taken out in the frame in which it happens.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.optics.angles import Array
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, seconds_to_ns

AROUND_NS = 900 * NS_PER_MS
"""A gain is the median of what is measured in this time before and after it: a wrong measurement does not show."""

DEAD_ZONE = 0.004
"""A smaller difference, as a share, is left: half a level. So cameras that agree are left as they are."""

LARGEST_GAIN = 1.6

LEAST_TOLD = 0.05
"""A smaller difference, as a share, is not told."""

Gains = tuple[tuple[float, float, float] | None, ...]
"""What blue, green and red of each camera are multiplied by besides the rig's gains; None for a camera that is left
as it is."""


@dataclass(frozen=True, slots=True)
class ColourHealth:
    """What is known of one camera's colours."""

    gain_bgr: tuple[float, float, float]
    """What blue, green and red are multiplied by now, besides the rig's gains."""
    is_kept: bool
    """Whether nothing could be measured of late, and the last gains are kept."""


class ColourHistory:
    """The gains of a rig's cameras over the known window. One thread calls `add`; any thread the others.

    Only `wait_known` blocks.
    """

    def __init__(
        self, names: Sequence[str], pairs: Sequence[tuple[int, int]], span_s: float, delay_s: float = 7.0
    ) -> None:
        """`names` of the cameras; `pairs`: the neighbours that are measured. ``span_s``: how long measurements are
        kept, from the newest. ``delay_s``: how much later they are needed."""
        self._span_ns = seconds_to_ns(span_s)
        self._around_ns = min(AROUND_NS, seconds_to_ns(delay_s / 4))
        self._names, self._pairs = list(names), list(pairs)
        self._worst = [0.0] * len(self._pairs)
        rows = np.zeros((len(self._pairs), len(self._names)))
        for row, (first, second) in zip(rows, self._pairs, strict=True):
            row[first], row[second] = 1.0, -1.0
        # Of all gains that make neighbours agree, those nearest to 1: their logarithms add up to 0.
        self._shared_out: Array = np.asarray(np.linalg.pinv(rows) if self._pairs else rows.T, np.float64)
        self._changed = threading.Condition(threading.Lock())  # guards everything below
        self._times: list[list[int]] = [[] for _ in self._pairs]
        self._ratios: list[list[Array]] = [[] for _ in self._pairs]
        self._looked_ns: float = -math.inf
        self._shift_ns = 0
        self.is_recalled = False
        """Whether the gains were learned in another run; then nothing is measured."""

    def add(self, time_ns: Nanoseconds, ratios: Sequence[Array | None]) -> None:
        """Store each pair's measurement: log(second / first) of blue, green and red; None where there is none."""
        with self._changed:
            if time_ns <= self._looked_ns:
                for times, values in zip(self._times, self._ratios, strict=True):
                    times.clear()
                    values.clear()
            for k, ratio in enumerate(ratios):
                if ratio is None:
                    continue
                times, values = self._times[k], self._ratios[k]
                times.append(time_ns)
                values.append(ratio)
                self._worst[k] = max(self._worst[k], float(np.abs(self._median(k, len(times) - 1)).max()))
                while len(times) > 1 and time_ns - times[1] > self._span_ns:
                    del times[0], values[0]
            self._looked_ns = time_ns
            self._changed.notify_all()

    def recall(self, rows: Sequence[tuple[int, Sequence[Array | None]]]) -> None:
        """Know, before the run, what another run of the film learned: times since the first frame, and ratios."""
        for time_ns, ratios in rows:
            self.add(Nanoseconds(time_ns), ratios)
        with self._changed:
            self.is_recalled = True

    def begin(self, time_ns: Nanoseconds) -> None:
        """The first frame came at this running time; what was recalled counts from there."""
        with self._changed:
            self._shift_ns, self._looked_ns = time_ns, math.inf
            self._changed.notify_all()

    def finish(self) -> None:
        """Nothing more is measured; wakes every waiter. Idempotent."""
        with self._changed:
            self._looked_ns = math.inf
            self._changed.notify_all()

    def wait_known(self, time_ns: int, timeout_s: float | None = None) -> bool:
        """Block until all that `gains_at(time_ns)` needs is measured, or `finish`; False after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._looked_ns >= time_ns + 1.5 * self._around_ns, timeout_s
            )

    def gains_at(self, time_ns: int) -> Gains | None:
        """The gains in the frame of `time_ns`; None if all cameras are left as they are."""
        with self._changed:
            logs = self._logs_at(time_ns - self._shift_ns)
        gains = tuple(_gain(log) for log in logs)
        return None if all(gain is None for gain in gains) else gains

    def state(self) -> list[ColourHealth]:
        """What is known of each camera."""
        with self._changed:
            newest_ns = max((times[-1] for times in self._times if times), default=0)
            logs = self._logs_at(newest_ns)
            is_measuring = self._looked_ns < math.inf
            kept = [
                is_measuring and (not times or self._looked_ns - times[-1] > 5 * NS_PER_S)
                for times in self._times
            ]
        own = [
            [kept[k] for k, pair in enumerate(self._pairs) if camera in pair]
            for camera in range(len(self._names))
        ]
        return [
            ColourHealth(_gain(log) or (1.0, 1.0, 1.0), bool(each) and all(each))
            for log, each in zip(logs, own, strict=True)
        ]

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: how far the cameras' colours parted."""
        with self._changed:
            worst = list(self._worst)
        return tuple(
            f"the colours of {self._names[first]} and {self._names[second]} differed by up to "
            f"{100 * (math.exp(log) - 1):.0f} % where they meet; each is corrected by half of it"
            for (first, second), log in zip(self._pairs, worst, strict=True)
            if log >= LEAST_TOLD
        )

    # The caller holds the lock.

    def _logs_at(self, time_ns: int) -> Array:
        """The logarithms of the gains, (cameras, 3)."""
        ratios = np.array([self._ratio_at(k, time_ns) for k in range(len(self._pairs))]).reshape(-1, 3)
        logs: Array = self._shared_out @ ratios
        return logs

    def _ratio_at(self, k: int, time_ns: int) -> Array:
        """The ratio of a pair: between two measurements, from one's median to the other's."""
        times = self._times[k]
        if not times:
            return np.zeros(3)
        after = bisect_left(times, time_ns)
        if after == 0 or after == len(times):
            return _without_dead_zone(self._median(k, min(after, len(times) - 1)))
        share = (time_ns - times[after - 1]) / (times[after] - times[after - 1])
        before, later = self._median(k, after - 1), self._median(k, after)
        return _without_dead_zone(before + share * (later - before))

    def _median(self, k: int, index: int) -> Array:
        times = self._times[k]
        begin = bisect_left(times, times[index] - self._around_ns)
        end = bisect_right(times, times[index] + self._around_ns)
        median: Array = np.median(self._ratios[k][begin:end], axis=0)
        return median


def _without_dead_zone(ratio: Array) -> Array:
    """The ratio drawn towards 0 by the dead zone, so that gains grow from 1 without a step."""
    drawn: Array = np.sign(ratio) * np.maximum(np.abs(ratio) - DEAD_ZONE, 0.0)
    return drawn


def _gain(log: Array) -> tuple[float, float, float] | None:
    if not log.any():
        return None
    limit = math.log(LARGEST_GAIN)
    blue, green, red = np.exp(np.clip(log, -limit, limit)).tolist()
    return blue, green, red
