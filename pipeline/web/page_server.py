"""PageServer: serves an application from a thread, on a socket that somebody else keeps."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from pipeline.errors import OutputError
from pipeline.web.connection_bounds import BACKLOG, ConnectionBounds, WebLimits

STOP_TIMEOUT_S = 3.0


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
        self._own: socket.socket | None = None

    def start(self, listener: socket.socket) -> None:
        """Serve from a thread of its own."""
        self._own = listener.dup()
        self._thread = threading.Thread(
            target=self._server.run, args=([self._own],), name="dashboard", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End every connection and the thread. Idempotent; returns within seconds."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join(STOP_TIMEOUT_S)
        if self._own is not None:  # a server that is stopped before it starts leaves it open
            self._own.close()
