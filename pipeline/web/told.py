"""Told: what the run has told of itself, how old that is, and that it is over."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.web.feed import Feed

SILENT_S = 5.0
"""A run tells its state four times a second; one that has not for this long hangs, or is about to end."""
WATCHED_S = 1.0
"""Who asked within this will ask again."""


class Told:
    """The newest state of one run, for any number of readers. Any thread; never blocks.

    Each state names its run, so that a page finds out when another run answers at the same address.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, of any origin."""
        self.events: Feed[str] = Feed()
        """Each state as JSON."""
        self._clock = clock
        self._state: dict[str, Any] = {"run": secrets.token_hex(8), "state": "starting"}
        self._text = json.dumps(self._state)
        self._told_s: float | None = None
        self._asked_s: float | None = None
        self._is_over = False

    def tell(self, state: Mapping[str, Any]) -> None:
        """The run's newest state."""
        self._told_s = self._clock()
        self._publish(state)

    def end(self) -> bool:
        """The run is over: the last state says so. Idempotent; returns whether somebody waits to hear it."""
        if self._is_over:
            return False
        self._is_over = True
        self._publish({"state": "ended"})
        self.events.close()
        return self._asked_s is not None and self._clock() - self._asked_s < WATCHED_S

    @property
    def is_silent(self) -> bool:
        """Whether the run should have told something by now."""
        return not self._is_over and self._told_s is not None and self._clock() - self._told_s > SILENT_S

    def state(self) -> dict[str, Any]:
        """The newest state; it says "silent" where the run has told nothing for SILENT_S."""
        return self._state | {"state": "silent"} if self.is_silent else self._state

    def text(self) -> str:
        """The newest state as JSON, for one who will ask again."""
        self._asked_s = self._clock()
        return json.dumps(self.state()) if self.is_silent else self._text

    def _publish(self, state: Mapping[str, Any]) -> None:
        self._state = self._state | dict(state)
        self._text = json.dumps(self._state)
        self.events.publish(self._text)
