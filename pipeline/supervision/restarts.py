"""Restarts: whether a run that has ended is started again, and after which pause. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass

DONE, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
"""The exit statuses of a run."""


@dataclass(frozen=True, slots=True)
class RestartLimits:
    """When to start again, in seconds."""

    first_pause_s: float = 1.0
    """The pause before the first restart; it doubles with each failure in a row."""
    longest_pause_s: float = 30.0
    """It grows to this."""
    stable_s: float = 60.0
    """A run that was on air for this long ends the row of failures."""
    attempts: int = 5
    """A run whose sources are not live is given up after so many failures in a row; a live one never."""
    first_attempts: int | None = None
    """A run that was never on air is given up after so many failures, because somebody waits for it to begin; one
    that gave no sign, after `attempts`. None: as any other."""
    silent_s: float = 15.0
    """A run that gives no sign for so long hangs, and is killed."""
    silent_start_s: float = 60.0
    """The same before its first sign: a slow disk may hold up the start."""
    farewell_s: float = 10.0
    """A run that was asked twice to end is killed after this time."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one run ended."""

    code: int
    """Its exit status, or minus the number of the signal that killed it."""
    lived_s: float
    """How long it ran, in seconds."""
    on_air_s: float = 0.0
    """How long it showed video, in seconds."""
    was_silent: bool = False
    """Whether it was killed because it gave no sign."""
    is_complete: bool = False
    """Whether it reached the end of its video: then only an output failed, and starting again mends nothing."""

    @property
    def reason(self) -> str:
        """Why it failed, in words."""
        if self.was_silent:
            return "it gave no sign any more and was killed"
        if self.code >= 0:
            return f"status {self.code}"
        try:
            return f"killed by {signal.Signals(-self.code).name}"
        except ValueError:
            return f"killed by signal {-self.code}"

    @property
    def status(self) -> int:
        """The exit status for whoever waits for the run."""
        return self.code if self.code >= 0 else FAILED


class Restarts:
    """Counts failures. One thread."""

    def __init__(self, limits: RestartLimits = RestartLimits()) -> None:
        self._limits = limits
        self._in_a_row = 0
        self._was_on_air = False
        self.count = 0
        """How many restarts there were."""

    def pause_s(self, ended: Ended, *, is_live: bool) -> float | None:
        """The pause before the next run, in seconds; None: `ended` was the last one. Call it once for each."""
        if ended.code in (DONE, UNUSABLE, INTERRUPTED) or ended.is_complete:
            return None
        if ended.on_air_s >= self._limits.stable_s:
            self._in_a_row = 0
        self._was_on_air = self._was_on_air or ended.on_air_s > 0
        self._in_a_row += 1
        # what gave no sign may have had no processor time: that is no reason that anybody could mend
        first = self._limits.attempts if ended.was_silent else self._limits.first_attempts
        is_waited_for = self._limits.first_attempts is not None and not self._was_on_air
        if is_waited_for and first is not None and self._in_a_row > first:
            return None
        if not is_live and self._in_a_row > self._limits.attempts:
            return None
        self.count += 1
        doublings = min(self._in_a_row - 1, 32)
        return min(self._limits.first_pause_s * float(2**doublings), self._limits.longest_pause_s)
