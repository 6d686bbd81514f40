"""Gauges: what a push's server has taken so far, from the sink's statistics and the kernel's."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.gst.runtime import Gst

TCP_INFO_BYTES = 256
BYTES_ACKED_AT, MIN_RTT_AT = 120, 148
"""Where Linux has ``tcpi_bytes_acked`` and ``tcpi_min_rtt`` in its struct tcp_info."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a server has taken since the connection was made."""

    arrived_bytes: int
    unacknowledged_bytes: int = 0
    round_trip_s: float = 0.0
    packets: int = 0
    lost_packets: int = 0


class Gauge(Protocol):
    """Reads one connection. One thread; never blocks."""

    def read(self) -> Taken:
        """What the server has taken so far."""


class TcpGauge:
    """The gauge of an RTMP sink: its statistics, and those of its socket in this process, if that is found.

    A socket takes megabytes before a sink notices that its server takes nothing. The sink does not give its socket
    away; it is the one of this process that leads to the server's port and has taken as many bytes.
    """

    def __init__(self, sink: Gst.Element) -> None:
        self._sink = sink
        self._port = int(sink.get_property("port"))
        self._socket: tuple[int, int] | None = None
        """Its descriptor and inode."""

    def read(self) -> Taken:
        """What the server has acknowledged; what the system has accepted, if the socket is not found."""
        sent_bytes = int(_statistics(self._sink).get("out-bytes-total", 0))
        found = None if self._socket is None else _tcp_socket(self._socket[0], self._port)
        if found is None or found.inode != (self._socket or (0, 0))[1]:
            candidates = list(_tcp_sockets(self._port))
            found = min(candidates, key=lambda one: abs(one.taken_bytes - sent_bytes), default=None)
            self._socket = None
            if found is not None and len(candidates) == 1:
                self._socket = found.descriptor, found.inode
        if found is None:
            return Taken(sent_bytes)
        return Taken(found.acknowledged_bytes, found.queued_bytes, found.round_trip_s)


class SrtGauge:
    """The gauge of an SRT sink: packets that were lost on the way, or given up because they were late.

    With several callers (mode=listener), those of all of them.
    """

    def __init__(self, sink: Gst.Element) -> None:
        self._sink = sink

    def read(self) -> Taken:
        """What was sent and not reported as lost."""
        taken = [_srt_taken(one) for one in _callers(_statistics(self._sink))]
        return Taken(
            sum(one.arrived_bytes for one in taken),
            packets=sum(one.packets for one in taken),
            lost_packets=sum(one.lost_packets for one in taken),
        )


def _srt_taken(fields: dict[str, Any]) -> Taken:
    packets, sent_bytes = int(fields.get("packets-sent", 0)), int(fields.get("bytes-sent", 0))
    lost = int(fields.get("packets-sent-lost", 0)) + int(fields.get("packets-sent-dropped", 0))
    share = 1.0 if not packets else max(packets - lost, 0) / packets
    return Taken(round(sent_bytes * share), packets=packets, lost_packets=lost)


def _callers(fields: dict[str, Any]) -> list[dict[str, Any]]:
    callers = fields.get("callers")
    if callers is None:
        return [fields]
    return [_fields(callers.get_nth(index)) for index in range(callers.n_values)]


def _statistics(sink: Gst.Element) -> dict[str, Any]:
    return _fields(sink.get_property("stats"))


def _fields(structure: Gst.Structure | None) -> dict[str, Any]:
    if structure is None:
        return {}
    names = [structure.nth_field_name(index) for index in range(structure.n_fields())]
    return {name: structure.get_value(name) for name in names}


@dataclass(frozen=True, slots=True)
class _TcpSocket:
    descriptor: int
    inode: int
    acknowledged_bytes: int
    queued_bytes: int
    round_trip_s: float

    @property
    def taken_bytes(self) -> int:
        return self.acknowledged_bytes + self.queued_bytes


def _tcp_sockets(port: int) -> Iterator[_TcpSocket]:
    """The TCP connections of this process to that port."""
    descriptors: list[int] = []
    with suppress(OSError):
        descriptors = [int(one.name) for one in Path("/proc/self/fd").iterdir()]
    for descriptor in descriptors:
        found = _tcp_socket(descriptor, port)
        if found is not None:
            yield found


def _tcp_socket(descriptor: int, port: int) -> _TcpSocket | None:
    """The TCP connection to that port behind a descriptor, which may be closed by now; None if it is none."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISSOCK(status.st_mode):
            return None
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            if connection.type != socket.SOCK_STREAM or connection.family not in (
                socket.AF_INET,
                socket.AF_INET6,
            ):
                return None
            if connection.getpeername()[1] != port:
                return None
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
            queued = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]
    except OSError:
        return None
    if len(info) < MIN_RTT_AT + 4:
        return None
    (acknowledged,) = struct.unpack_from("=Q", info, BYTES_ACKED_AT)
    (min_rtt_us,) = struct.unpack_from("=I", info, MIN_RTT_AT)
    round_trip_s = 0.0 if min_rtt_us == 0xFFFFFFFF else min_rtt_us / 1e6
    return _TcpSocket(descriptor, status.st_ino, acknowledged, queued, round_trip_s)
