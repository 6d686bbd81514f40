"""PageServer: serves an application from a thread, on a socket that somebody else keeps."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from pipeline.errors import OutputError, StateError
from pipeline.web.connection_bounds import BACKLOG, ConnectionBounds, WebLimits

STOP_TIMEOUT_S = 3.0
START_TIMEOUT_S = 5.0
EVERYWHERE = "0.0.0.0"
"""The host of a server that all of this machine's networks reach."""
PORTS_TRIED, LAST_PORT = 10, 65_535


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens at `host` and `port`, 0: a free one. Raises OutputError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise OutputError(
            f"the dashboard cannot listen at {host}:{port} ({error.strerror}); give another address or port"
        ) from error
    return listener


def listening_from(host: str, first_port: int) -> socket.socket:
    """A socket that listens at `host` and the first free one of ten ports, or any. Raises OutputError."""
    for port in range(first_port, min(first_port + PORTS_TRIED, LAST_PORT + 1)):
        with suppress(OutputError):
            return listening(host, port)
    return listening(host, 0)


def page_address(listener: socket.socket) -> str:
    """The address of the page that is served on `listener`."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


class PageServer:
    """One server; `start` and `stop` once each. Any thread.

    The socket stays open when the server stops, so that another server, also of another process, can go on with it:
    who connects meanwhile waits.
    """

    def __init__(self, app: ASGIApp, limits: WebLimits = WebLimits()) -> None:
        config = uvicorn.Config(
            app,
            http=cast(type[asyncio.Protocol], ConnectionBounds(limits).protocol),
            ws="none",
            backlog=BACKLOG,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        # it warns of each request; see ClientFaults
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._own: list[socket.socket] = []

    def start(self, listener: socket.socket) -> None:
        """Serve from a thread of its own."""
        self._own.append(listener.dup())
        self._thread = threading.Thread(
            target=asyncio.run, args=[self._serve(self._own[0])], name="dashboard", daemon=True
        )
        self._thread.start()

    def serve_also(self, listener: socket.socket) -> None:
        """Serve on another socket too, once the server runs; blocks for that. Raises StateError if it does not."""
        loop = self._loop
        if loop is None or not self._server.started or self._server.should_exit:
            raise StateError("the page is not served; wait until it is")
        own = listener.dup()
        self._own.append(own)
        asyncio.run_coroutine_threadsafe(self._listen(own), loop).result(START_TIMEOUT_S)

    async def _serve(self, own: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[own])

    async def _listen(self, own: socket.socket) -> None:
        """As uvicorn's own start does for each of its sockets; it closes them all when it stops."""
        config, server = self._server.config, self._server

        def protocol() -> asyncio.Protocol:
            made = cast(Callable[..., asyncio.Protocol], config.http_protocol_class)
            return made(config=config, server_state=server.server_state, app_state=server.lifespan.state)

        loop = asyncio.get_running_loop()
        server.servers.append(await loop.create_server(protocol, sock=own, backlog=BACKLOG))

    def stop(self) -> None:
        """End every connection and the thread. Idempotent; returns within seconds."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join(STOP_TIMEOUT_S)
        for own in self._own:  # a server that is stopped before it starts leaves it open
            own.close()
