"""Asked: how often a process has been asked to end, by signals. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass

HANGUP_S = 1.0
"""A second SIGHUP within this time is the same hang-up."""


@dataclass(slots=True)
class Asked:
    """How often a signal has asked the run to end."""

    times: int = 0
    _hung_up_s: float | None = None

    def note(self, number: int, now_s: float) -> bool:
        """Count signal `number` at monotonic time `now_s`; returns whether it counts.

        The shell and the kernel each send SIGHUP when a terminal closes: the pair counts once.
        """
        is_echo = (
            number == signal.SIGHUP and self._hung_up_s is not None and now_s - self._hung_up_s < HANGUP_S
        )
        if number == signal.SIGHUP and not is_echo:
            self._hung_up_s = now_s
        self.times += not is_echo
        return not is_echo


def ending_signals() -> list[int]:
    """The signals that ask a run to end; not SIGHUP where it is ignored, as under nohup."""
    numbers: list[int] = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return numbers
