"""DiskWatch: for how many hours the disks of a run's files have room, at the present bit rates."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.gst.output.output_slot import Written
from pipeline.timebase import NS_PER_S

LOOK_EVERY_NS = 2 * NS_PER_S
MEASURED_NS = 60 * NS_PER_S
"""The bit rate is the mean of so long."""
LEAST_NS = 10 * NS_PER_S
"""Before, it is not known."""


@dataclass(frozen=True, slots=True)
class DiskLeft:
    """One disk that files are written to."""

    files: list[str]
    """Their names, without their folders."""
    free_bytes: int
    kbps: float
    """What they take now, in kbit/s."""
    hours_left: float | None
    """For how long there is room; None while that is not known, and while nothing is written."""


def free_and_disk(folder: Path) -> tuple[int, int]:
    """The free bytes of a folder's disk, and the disk's number. Raises OSError."""
    return shutil.disk_usage(folder).free, folder.stat().st_dev


class DiskWatch:
    """Looks at the disks every two seconds. One thread calls `sample`; any thread may read `disks`."""

    def __init__(self, look: Callable[[Path], tuple[int, int]] = free_and_disk) -> None:
        """`look(folder)` returns the free bytes and the number of its disk, or raises OSError."""
        self.disks: tuple[DiskLeft, ...] = ()
        """The one with the least room first."""
        self._look = look
        self._looked_ns: int | None = None
        self._taken: dict[Path, deque[tuple[int, int]]] = {}

    def sample(self, now_ns: int, written: Sequence[Written]) -> None:
        """Note what the files have taken so far, at a monotonic time; what is not named is not written any more."""
        if self._looked_ns is not None and now_ns - self._looked_ns < LOOK_EVERY_NS:
            return
        self._looked_ns = now_ns
        self._taken = {one.path: self._taken.get(one.path, deque()) for one in written}
        found: dict[int, tuple[int, list[Path]]] = {}
        for one in written:
            samples = self._taken[one.path]
            samples.append((now_ns, one.taken_bytes))
            while now_ns - samples[0][0] > MEASURED_NS:
                samples.popleft()
            try:
                free_bytes, disk = self._look(one.path.parent)
            except OSError:  # it fails for itself
                continue
            found.setdefault(disk, (free_bytes, []))[1].append(one.path)
        disks = [self._left(free_bytes, paths) for free_bytes, paths in found.values()]
        self.disks = tuple(sorted(disks, key=lambda disk: (disk.hours_left is None, disk.hours_left)))

    def _left(self, free_bytes: int, paths: list[Path]) -> DiskLeft:
        rates = [self._bytes_per_s(path) for path in paths]
        known = [rate for rate in rates if rate is not None]
        bytes_per_s = sum(known)
        hours = free_bytes / bytes_per_s / 3600 if bytes_per_s > 0 and len(known) == len(rates) else None
        names = [path.name for path in paths]
        return DiskLeft(
            names, free_bytes, round(bytes_per_s * 8 / 1000, 1), None if hours is None else round(hours, 3)
        )

    def _bytes_per_s(self, path: Path) -> float | None:
        (begin_ns, begin), (now_ns, now) = self._taken[path][0], self._taken[path][-1]
        passed_ns = now_ns - begin_ns
        return None if passed_ns < LEAST_NS else (now - begin) * NS_PER_S / passed_ns
