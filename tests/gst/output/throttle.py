"""Throttles in front of a real server: a TCP proxy that takes so many bytes a second, and one for SRT's packets."""

from __future__ import annotations

import select
import socket
import threading
import time
from types import TracebackType
from typing import Self

SLICE_S = 0.02
BUFFER_BYTES = 65_536
"""Small, so that what is not taken waits at the sender."""
SEGMENT_BYTES = 1400
"""As on the Internet; loopback's segments are as large as the buffer, and would wait for all of it to be free."""
BITE_BYTES = 4096
MOST_QUEUED_S = 0.3
"""A router's queue for packets; what comes when it is full is lost."""


class Throttle:
    """Forwards what comes to a port of its own to the server's port, at most `kbps` of it; None: as fast as it can.

    `forwarded_bytes`: so far. Any thread may set `kbps`.
    """

    def __init__(self, server_port: int) -> None:
        self.kbps: float | None = None
        self.forwarded_bytes = 0
        self._server_port = server_port
        self._closing = threading.Event()
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen()
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._thread.join(10)
        self._listening.close()

    def _run(self) -> None:
        self._listening.settimeout(0.2)
        while not self._closing.is_set():
            try:
                client = self._listening.accept()[0]
            except OSError:
                continue
            with client, socket.create_connection(("127.0.0.1", self._server_port)) as server:
                self._forward(client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        """Until one of the two closes."""
        budget, at_s = 0.0, time.monotonic()
        while not self._closing.is_set():
            kbps, now_s = self.kbps, time.monotonic()
            budget = 0.0 if kbps is None else min(budget + (now_s - at_s) * kbps * 125, 2 * BITE_BYTES)
            at_s = now_s
            may_take = kbps is None or budget >= BITE_BYTES
            wanted = [client, server] if may_take else [server]
            ready = select.select(wanted, [], [], SLICE_S)[0]
            try:
                if server in ready:
                    answer = server.recv(BUFFER_BYTES)
                    client.sendall(answer)
                    if not answer:
                        return
                if client in ready:
                    data = client.recv(BUFFER_BYTES if kbps is None else BITE_BYTES)
                    if not data:
                        return
                    server.sendall(data)
                    budget -= len(data)
                    self.forwarded_bytes += len(data)
            except OSError:
                return


class PacketThrottle(Throttle):
    """The same for datagrams: they wait in a queue as a router has one, and are lost if it is full."""

    def __init__(self, server_port: int) -> None:
        super().__init__(server_port)
        self._listening.close()
        self._listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._listening.bind(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])

    def _run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.connect(("127.0.0.1", self._server_port))
            client: tuple[str, int] | None = None
            free_s = time.monotonic()
            """When all that is queued has been sent."""
            queue: list[tuple[float, bytes]] = []
            while not self._closing.is_set():
                pause_s = SLICE_S if not queue else max(min(queue[0][0] - time.monotonic(), SLICE_S), 0)
                ready = select.select([self._listening, server], [], [], pause_s)[0]
                now_s = time.monotonic()
                try:
                    if server in ready and client is not None:
                        self._listening.sendto(server.recv(65536), client)
                    if self._listening in ready:
                        packet, client = self._listening.recvfrom(65536)
                        kbps = self.kbps
                        free_s = max(free_s, now_s)
                        if kbps is None:
                            queue.append((free_s, packet))
                        elif free_s - now_s < MOST_QUEUED_S:
                            free_s += len(packet) * 8 / 1000 / kbps
                            queue.append((free_s, packet))
                    while queue and queue[0][0] <= now_s:
                        packet = queue.pop(0)[1]
                        server.send(packet)
                        self.forwarded_bytes += len(packet)
                except OSError:
                    continue
