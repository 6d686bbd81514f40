"""ProcessorWait: how long this process's threads were ready to run, but had to wait for a processor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

THREADS = Path("/proc/self/task")
"""Linux: of each thread, `schedstat` holds nanoseconds run, nanoseconds waited, and turns
(https://docs.kernel.org/scheduler/sched-stats.html)."""


def waits_ns(threads: Path = THREADS) -> dict[str, int]:
    """How long each thread has waited so far, by its number; empty where the system does not tell."""
    found = {}
    try:
        numbers = [thread.name for thread in threads.iterdir()]
    except OSError:
        return {}
    for number in numbers:
        try:
            found[number] = int((threads / number / "schedstat").read_bytes().split()[1])
        except (OSError, ValueError, IndexError):
            continue  # it has ended, or no descriptor is free
    return found


class ProcessorWait:
    """Tells a watch how much of the time since its last look the process was kept from running. One thread."""

    def __init__(self, read: Callable[[], Mapping[str, int]] = waits_ns) -> None:
        """`read()` returns how many nanoseconds each thread has waited so far."""
        self._read = read
        self._seen = dict(read())

    def since_last_ns(self) -> int:
        """The longest that one thread has waited since the last call, in nanoseconds; 0 if that is not known.

        A thread that hangs waits for no processor, so this does not excuse it for long: what goes on beside it soon
        waits for it.
        """
        before, self._seen = self._seen, dict(self._read())
        return max((waited - before.get(number, 0) for number, waited in self._seen.items()), default=0)
