"""WrongTokens: logs the wrong tokens that clients try, one line a second at most. Pure."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger("foresight")

LINE_EVERY_S = 1.0


class WrongTokens:
    """Counts wrong tokens until the next line is due. One thread; `clock` is in seconds, of any origin."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count = 0
        self._client = ""
        self._told_s: float | None = None

    def note(self, client: str) -> None:
        """Count a wrong token from the address `client`."""
        self._count += 1
        self._client = client
        self.tell()

    def tell(self) -> None:
        """Log what has been counted, if a line is due."""
        now_s = self._clock()
        if not self._count or (self._told_s is not None and now_s - self._told_s < LINE_EVERY_S):
            return
        if self._count == 1:
            logger.warning("dashboard: a wrong token from %s", self._client)
        else:
            logger.warning("dashboard: %d wrong tokens, the last from %s", self._count, self._client)
        self._count, self._told_s = 0, now_s
