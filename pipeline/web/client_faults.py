"""ClientFaults: logs what clients do wrong, one line a second at most for each kind. Pure."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger("foresight")

LINE_EVERY_S = 1.0


class ClientFaults:
    """Counts faults of one kind until the next line is due. One thread; `clock` is in seconds, of any origin."""

    def __init__(self, one: str, many: str, clock: Callable[[], float]) -> None:
        """`one`: the kind with its article ("a wrong token"); `many`: its plural ("wrong tokens")."""
        self._one = one
        self._many = many
        self._clock = clock
        self._count = 0
        self._client = ""
        self._told_s: float | None = None

    def note(self, client: str) -> None:
        """Count a fault of the address `client`."""
        self._count += 1
        self._client = client
        self.tell()

    def tell(self) -> None:
        """Log what has been counted, if a line is due."""
        now_s = self._clock()
        if not self._count or (self._told_s is not None and now_s - self._told_s < LINE_EVERY_S):
            return
        if self._count == 1:
            logger.warning("dashboard: %s from %s", self._one, self._client)
        else:
            logger.warning("dashboard: %d %s, the last from %s", self._count, self._many, self._client)
        self._count, self._told_s = 0, now_s
