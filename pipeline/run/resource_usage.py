"""Measures processor time and memory of this process, and the rate of a counter."""

from __future__ import annotations

import resource
from collections import deque
from pathlib import Path

from pipeline.timebase import NS_PER_S

RATE_SPAN_NS = NS_PER_S
"""A rate is measured over at least this time, once there are enough samples."""


class Rate:
    """How fast a counter grows, over about the last second, or another time.

    One thread calls `sample`; any thread may read `per_second`.
    """

    def __init__(self, span_ns: int = RATE_SPAN_NS) -> None:
        self._span_ns = span_ns
        self.per_second = 0.0
        self._samples: deque[tuple[int, float]] = deque()

    def sample(self, now_ns: int, count: float) -> None:
        """Note the counter's value at monotonic time `now_ns`."""
        self._samples.append((now_ns, count))
        while len(self._samples) > 2 and now_ns - self._samples[1][0] >= self._span_ns:
            self._samples.popleft()
        begin_ns, begin = self._samples[0]
        if now_ns > begin_ns:
            self.per_second = (count - begin) * NS_PER_S / (now_ns - begin_ns)


def processor_seconds() -> float:
    """Processor time of the process since its start, in seconds, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_memory_mb() -> float:
    """Peak resident memory, in MB (10^6 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def memory_mb(statm: Path = Path("/proc/self/statm")) -> float:
    """Resident memory now, in MB (10^6 bytes); the peak if it cannot be read: no /proc, no descriptor left."""
    try:
        pages = int(statm.read_text().split()[1])
    except OSError:
        return peak_memory_mb()
    return pages * resource.getpagesize() / 1e6
