"""Time in nanoseconds: integers everywhere; seconds only in settings, statistics and files."""

from __future__ import annotations

import math
from typing import NewType

Nanoseconds = NewType("Nanoseconds", int)
"""A running time or a duration in nanoseconds."""

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
LARGEST_TIME_S = 4e9
"""The largest time in a file, in seconds: clock time since 1970 fits, and 64 bits hold its nanoseconds."""


def seconds_to_ns(seconds: float) -> Nanoseconds:
    """Seconds to nanoseconds, rounded to the nearest. Raises ValueError for nan and infinity."""
    if not math.isfinite(seconds):
        raise ValueError(f"not a finite time in seconds: {seconds}")
    return Nanoseconds(round(seconds * NS_PER_S))


def ns_to_seconds(ns: int) -> float:
    """Nanoseconds to seconds, exact to the nanosecond for times under 100 days."""
    return ns / NS_PER_S
