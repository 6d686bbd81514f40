"""Pairing: short-lived codes by which a phone gets the token's cookie, each once. Pure but for its random codes."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

LIFE_S = 600.0
"""A code is good for this long."""
MOST_OPEN = 20
"""So many codes can be good at once; a newer one ends the oldest."""
PATH = "/pair"

_CODE_BYTES = 12


class Pairing:
    """The codes that are good now. One lock is not needed: each call is one step of the interpreter on a dict.

    Any thread; never blocks. `clock`: seconds, of any origin.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until_s: dict[str, float] = {}

    def new_code(self) -> str:
        """A fresh code, good for LIFE_S and for one phone."""
        code = secrets.token_urlsafe(_CODE_BYTES)
        self._until_s[code] = self._clock() + LIFE_S
        for old in list(self._until_s)[:-MOST_OPEN]:
            self._until_s.pop(old, None)
        return code

    def redeem(self, code: str) -> bool:
        """Whether a code is good; it is good no more after that."""
        now_s, given = self._clock(), code.encode()
        found = None
        for known in list(self._until_s):  # all of them, so that the time taken tells nothing
            if hmac.compare_digest(known.encode(), given):
                found = known
        until_s = None if found is None else self._until_s.pop(found, None)
        return until_s is not None and now_s < until_s
