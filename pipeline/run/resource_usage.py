"""What a run costs: processor time and memory of this process, and rates of what it counts."""

from __future__ import annotations

import resource
import time
from pathlib import Path


class Rate:
    """How fast a counter grows, over about the last second. One thread."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None
        self._rate = 0.0

    def update(self, count: float) -> float:
        """The rate per second, given the counter's value now."""
        now = time.monotonic()
        if self._last is None:
            self._last = (now, count)
        elapsed = now - self._last[0]
        if elapsed >= 1.0:
            self._rate = (count - self._last[1]) / elapsed
            self._last = (now, count)
        return self._rate


def processor_seconds() -> float:
    """User and system time of the whole process since its start, in seconds, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_memory_mb() -> float:
    """The most memory that was resident at once, in MB (10^6 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def memory_mb() -> float:
    """Resident memory now, in MB (10^6 bytes); the peak where the system does not tell."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return peak_memory_mb()
    return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
