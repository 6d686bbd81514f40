"""ConnectionBounds: how many connections the dashboard holds, and how long one may take to send and to read."""

from __future__ import annotations

import asyncio
import resource
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.web.client_faults import LINE_EVERY_S, ClientFaults

BACKLOG = 16
"""Connections that are accepted together; beyond that the network keeps them waiting."""
DESCRIPTOR_SHARE = 4
"""The dashboard may use one in so many of the process's descriptors."""
SEND_BYTES = 1 << 18
"""What the system keeps for a client that does not read, beside one piece of the response; Linux doubles it."""

_DISCARD = struct.pack("ii", 1, 0)
"""The value of SO_LINGER with which a closed socket forgets what was not sent."""


@dataclass(frozen=True, slots=True)
class WebLimits:
    """The bounds of the dashboard on what its clients may take."""

    connections: int = 64
    """At most this many are open, fewer if the process may open few descriptors."""
    request_s: float = 10.0
    """A connection closes when it has not sent a complete request, headers and body, for this long."""
    response_s: float = 15.0
    """A connection closes when its client has not taken the next piece of a response, some 64 kB, for this long."""
    wrong_token_s: float = 1.0
    """The answer to a wrong token takes this long."""

    @property
    def open_connections(self) -> int:
        """How many connections may be open in this process."""
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if allowed == resource.RLIM_INFINITY:
            return self.connections
        return max(1, min(self.connections, allowed // DESCRIPTOR_SHARE))


class ConnectionBounds:
    """Bounds the connections of one server. Its event loop's thread only.

    When one too many is opened, the oldest that waits for no response closes; if all wait, the new one does.
    """

    def __init__(self, limits: WebLimits) -> None:
        self._most = limits.open_connections
        self._limits = limits
        self._invalid = ClientFaults("an invalid request", "invalid requests", time.monotonic)
        self._unread = ClientFaults(
            "an unread connection, closed,", "unread connections, closed", time.monotonic
        )
        self._open: dict[BoundedProtocol, None] = {}

    @property
    def protocol(self) -> Callable[..., asyncio.Protocol]:
        """What makes uvicorn's protocol of a connection."""
        return partial(BoundedProtocol, self, self._limits)

    def admit(self, connection: BoundedProtocol) -> None:
        """Note a new connection, and close one if there are too many."""
        self._open[connection] = None
        if len(self._open) > self._most:
            surplus = next((one for one in self._open if one.is_idle and one is not connection), connection)
            self.leave(surplus)
            surplus.transport.abort()

    def leave(self, connection: BoundedProtocol) -> None:
        """Note that a connection is closed. Idempotent."""
        self._open.pop(connection, None)

    def note_invalid(self, connection: BoundedProtocol) -> None:
        """Log what is no HTTP request, one line a second at most."""
        self._note(self._invalid, connection)

    def note_unread(self, connection: BoundedProtocol) -> None:
        """Log that a connection was closed because its client stopped reading, one line a second at most."""
        self._note(self._unread, connection)

    def _note(self, faults: ClientFaults, connection: BoundedProtocol) -> None:
        host, _port = connection.client or ("an unknown address", 0)
        faults.note(host)
        connection.loop.call_later(LINE_EVERY_S, faults.tell)


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP connection with time limits for each request and response, in a bounded number."""

    def __init__(self, bounds: ConnectionBounds, limits: WebLimits, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._bounds = bounds
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a request or for the rest of one."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection; its first request must come in time."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # paused while anything waits for the client
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        self._bounds.admit(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._bounds.leave(self)
        self._unwatch()
        self._is_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take data; a request that has begun must be complete in time."""
        super().data_received(data)
        if not self.is_idle:
            self._unwatch()
        elif self._deadline is None:
            self._watch()

    def pause_writing(self) -> None:
        """The client takes no more for now; it may not stay so."""
        super().pause_writing()
        self._unread = self.loop.call_later(self._limits.response_s, self._drop)

    def resume_writing(self) -> None:
        """The client has taken all that was written."""
        super().resume_writing()
        self._is_read()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP request."""
        self._bounds.note_invalid(self)
        super().send_400_response(msg)

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _drop(self) -> None:
        self._bounds.note_unread(self)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)
        self.transport.abort()

    def _watch(self) -> None:
        self._deadline = self.loop.call_later(self._limits.request_s, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.is_idle:
            self.transport.abort()
