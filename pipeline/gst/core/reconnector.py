"""Reconnector: connects again and again, with pauses that grow until a connection holds. No thread, no clock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger("foresight")


@dataclass(frozen=True, slots=True)
class ReconnectPolicy:
    """How long to pause before the next attempt, in seconds."""

    first_pause_s: float
    """After a connection that was up."""
    longest_pause_s: float
    """Each attempt that fails doubles the pause, up to this."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Why a connection is over that should not be, in one line, and whether it had been up."""

    reason: str
    was_up: bool


class Reconnector:
    """Keeps one camera or server connected, and knows whether it is away.

    One thread calls `run`; `mark_back` and the properties are for any. Nothing in it waits but `pause`.
    """

    def __init__(self, policy: ReconnectPolicy, pause: Callable[[float], bool]) -> None:
        """`pause(seconds)` waits for so long, and returns whether to stop instead of connecting again."""
        self.is_away = False
        self.losses = 0
        """How often it went away; further attempts that fail meanwhile do not count."""
        self._policy = policy
        self._pause = pause

    def run(self, connect: Callable[[], Disconnected | None]) -> None:
        """Call `connect`, which blocks as long as a connection lasts, until it returns None or `pause` says stop.

        Only the first failure after a connection that was up is logged.
        """
        pause_s = self._policy.first_pause_s
        while (ended := connect()) is not None:
            if not self.is_away:
                self.is_away = True
                self.losses += 1
                logger.warning("%s; reconnecting", ended.reason)
            if ended.was_up:
                pause_s = self._policy.first_pause_s
            if self._pause(pause_s):
                return
            pause_s = min(2 * pause_s, self._policy.longest_pause_s)

    def mark_back(self) -> bool:
        """The connection is up; returns whether it had been away."""
        was_away, self.is_away = self.is_away, False
        return was_away
