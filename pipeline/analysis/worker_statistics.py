"""WorkerStatistics: what a detector's worker has done so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Condition = Literal["working", "resting", "disabled", "hanging", "finished"]


@dataclass(frozen=True, slots=True)
class WorkerStatistics:
    """A snapshot of a worker."""

    detector: str
    """The detector's name."""
    condition: Condition
    """The worker's condition; it passes frames to the detector only while ``working``."""
    seen: int
    """Frames offered."""
    detected: int
    """Frames for which the detector returned a result."""
    skipped: int
    """Frames skipped by the detector's rate, or while it rested or was disabled."""
    dropped: int
    """Frames that were due but not analysed: the detector was behind, or the worker was stopped."""
    waiting: int
    """Frames in the queue now."""
    errors: int
    """Frames on which the detector raised."""
    last_error: str
    """The class and message of the last error, or an empty string."""
    lag_s: float
    """Wall-clock seconds from the offer of the last analysed frame to its result."""
    busy_s: float
    """Wall-clock seconds spent inside the detector."""
