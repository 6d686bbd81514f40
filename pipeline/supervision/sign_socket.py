"""SignSocket: where the supervisor receives what the process that it started sends with its Notifier."""

from __future__ import annotations

import socket
import struct

LONGEST_BYTES = 65536
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


class SignSocket:
    """A datagram socket with a name of the kernel's choice. One thread; `receive` never blocks."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.setblocking(False)
        self._socket.bind("")

    @property
    def address(self) -> str:
        """The value for ``NOTIFY_SOCKET``."""
        name: bytes = self._socket.getsockname()
        return f"@{name[1:].decode()}"

    def fileno(self) -> int:
        """The descriptor, for select."""
        return self._socket.fileno()

    def receive(self, pid: int) -> dict[str, str]:
        """What has come from process `pid`, the newest value of each name; what others sent is dropped.

        Any process of the machine can send to an abstract name; the kernel says which one did.
        """
        values: dict[str, str] = {}
        while True:
            try:
                message, ancillary, _flags, _from = self._socket.recvmsg(
                    LONGEST_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size)
                )
            except OSError:  # nothing waits
                return values
            if _sender(ancillary) == pid:
                for line in message.decode(errors="replace").split("\n"):
                    name, equals, value = line.partition("=")
                    if equals:
                        values[name] = value

    def close(self) -> None:
        """Close the socket. Idempotent."""
        self._socket.close()


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    """The process id that the kernel vouches for."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            return int(_CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0])
    return None
