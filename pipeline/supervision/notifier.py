"""Notifier: tells the service manager, systemd or the supervisor, how this process fares (sd_notify(3))."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress

SOCKET, WATCHDOG, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
"""The environment variables of the protocol."""


class Notifier:
    """Sends datagrams of ``NAME=value`` lines. Any thread; never blocks and never raises: a line may be lost."""

    def __init__(self, address: str, watchdog_s: float | None = None) -> None:
        """`address`: a path, or ``@`` and an abstract name. `watchdog_s`: see the property."""
        self.watchdog_s = watchdog_s
        """The manager ends this process when it has not sent ``WATCHDOG=1`` for so long; None: it does not."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str] | None = None) -> Notifier | None:
        """The notifier for the manager that started this process; None if there is none.

        The variables are removed, so that no process that this one starts speaks for it.
        """
        variables = os.environ if environment is None else environment
        address, usec, pid = (variables.pop(name, "") for name in (SOCKET, WATCHDOG, WATCHDOG_PID))
        if not address.startswith(("/", "@")):
            return None
        is_watched = usec.isdecimal() and int(usec) > 0 and pid in ("", str(os.getpid()))
        return cls(address, int(usec) / 1e6 if is_watched else None)

    def send(self, **values: str | int) -> bool:
        """Send one line for each name; returns whether the manager got them."""
        message = "".join(f"{name}={' '.join(str(value).split())}\n" for name, value in values.items())
        with suppress(OSError):
            return self._socket.sendto(message.encode(errors="replace"), self._address) > 0
        return False

    def close(self) -> None:
        """Close the socket. Idempotent."""
        self._socket.close()
