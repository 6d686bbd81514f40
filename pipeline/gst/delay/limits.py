"""How long the delay line waits and how often it logs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DelayLimits:
    """Durations in seconds."""

    first_start_wait_s: float = 1.0
    """How long a full window makes a non-live source wait for the buffer thread's first start."""
    log_every_s: float = 5.0
    """How often the figures are logged."""
    no_sample_after_s: float = 5.0
    """A source without a sample for so long is probably not connected correctly: a warning is logged."""


DEFAULT_LIMITS = DelayLimits()
