"""The newest state that a run has reported: its age, whether the run went silent, and that it has ended."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from pipeline.operator.health import health
from pipeline.web.latest_value import LatestValue

SILENT_AFTER_S = 5.0
"""A run reports its state four times a second; one that has not for this long hangs, or is about to end."""
WATCHED_S = 1.0
"""A client that asked within this will ask again."""


class RunStateFeed:
    """The newest state of one run, for any number of readers. Any thread; never blocks.

    Each state names its run, so that a page finds out when another run answers at the same address.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, of any origin."""
        self.events: LatestValue[str] = LatestValue()
        """Each state as JSON."""
        self._clock = clock
        self._state: dict[str, Any] = {"run": secrets.token_hex(8), "state": "starting"}
        self._text = json.dumps(self._state)
        self._published_s: float | None = None
        self._asked_s: float | None = None
        self._is_over = False

    def publish(self, state: Mapping[str, Any]) -> None:
        """Take the run's newest state."""
        self._published_s = self._clock()
        self._replace(state)

    def end(self, last: Mapping[str, Any] = MappingProxyType({})) -> bool:
        """End the feed, with what is in its `last` state. Idempotent; returns whether a client is about to ask."""
        if self._is_over:
            return False
        self._is_over = True
        self._replace({**last, "state": "ended"})
        self.events.close()
        return self._asked_s is not None and self._clock() - self._asked_s < WATCHED_S

    @property
    def is_silent(self) -> bool:
        """Whether the run should have reported by now."""
        if self._is_over or self._published_s is None:
            return False
        return self._clock() - self._published_s > SILENT_AFTER_S

    def state(self) -> dict[str, Any]:
        """The newest state; it says "silent" if the run has reported nothing for SILENT_AFTER_S."""
        return _with_health(self._state | {"state": "silent"}) if self.is_silent else self._state

    def json_text(self) -> str:
        """The newest state as JSON, for a client that polls."""
        self._asked_s = self._clock()
        return json.dumps(self.state()) if self.is_silent else self._text

    def _replace(self, state: Mapping[str, Any]) -> None:
        self._state = _with_health(self._state | dict(state))
        self._text = json.dumps(self._state)
        self.events.publish(self._text)


def _with_health(state: dict[str, Any]) -> dict[str, Any]:
    return state | {"health": asdict(health(state))}
