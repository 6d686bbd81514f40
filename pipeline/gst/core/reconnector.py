"""Reconnector: reconnects with growing pauses. Has no thread and no clock of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger("foresight")


@dataclass(frozen=True, slots=True)
class ReconnectPolicy:
    """How long to pause before the next attempt, in seconds."""

    first_pause_s: float
    """After a connection that had been up."""
    longest_pause_s: float
    """Each failed attempt doubles the pause, up to this."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Why a connection was lost, in one line, and whether it had been up."""

    reason: str
    was_up: bool


class Reconnector:
    """Keeps one camera or server connected, and knows whether it is disconnected.

    One thread calls `run`; any thread may call `mark_back` and read the attributes. Only `pause` blocks.
    """

    def __init__(self, policy: ReconnectPolicy, pause: Callable[[float], bool]) -> None:
        """`pause(seconds)` blocks for that long, and returns whether to stop instead of reconnecting."""
        self.is_away = False
        self.losses = 0
        """How often the connection was lost; failed attempts to reconnect do not count."""
        self._policy = policy
        self._pause = pause

    def run(self, connect: Callable[[], Disconnected | None]) -> None:
        """Call `connect`, which blocks while a connection lasts, until it returns None or `pause` returns True.

        Of several failures in a row, only the first is logged.
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
        """Note that the connection is up; returns whether it had been lost before."""
        was_away, self.is_away = self.is_away, False
        return was_away
