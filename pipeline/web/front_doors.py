"""FrontDoors: the guards of a page that is served at several addresses."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class FrontDoors:
    """Hands each request to the guard of the port at which it came. Any thread may open a door."""

    def __init__(self, first: ASGIApp) -> None:
        """`first` guards every port that has no guard of its own."""
        self._first = first
        self._guards: dict[int, ASGIApp] = {}

    def open(self, port: int, guard: ASGIApp) -> None:
        """Let `guard` decide on the requests that come at `port`."""
        self._guards[port] = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        _host, port = scope.get("server") or ("", 0)
        await self._guards.get(int(port or 0), self._first)(scope, receive, send)
