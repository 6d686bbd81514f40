"""Gauges: what a server has taken, by the sink's statistics and the kernel's, on real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest

from pipeline.gst.output.uplink_gauge import SrtGauge, TcpGauge
from pipeline.gst.runtime import Gst
from tests.gst.output.peers import wait_until


class Sink:
    """What a gauge asks of a sink."""

    def __init__(self, port: int = 0, **statistics: int) -> None:
        self._port = port
        self.statistics = statistics

    def get_property(self, name: str) -> Any:
        if name == "port":
            return self._port
        structure = Gst.Structure.new_empty("statistics")
        for key, value in self.statistics.items():
            structure.set_value(key.replace("_", "-"), value)
        return structure


def _gauge(sink: Sink) -> TcpGauge:
    return TcpGauge(cast("Gst.Element", sink))


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


def _connected(server: socket.socket, stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    client = stack.enter_context(socket.create_connection(server.getsockname()))
    return client, stack.enter_context(server.accept()[0])


def test_what_the_server_does_not_read_is_told_apart_from_what_it_has(server: socket.socket) -> None:
    port = server.getsockname()[1]
    with ExitStack() as stack:
        client, peer = _connected(server, stack)
        client.setblocking(False)
        sent = 0
        try:
            while True:
                sent += client.send(bytes(65_536))
        except BlockingIOError:
            pass
        gauge = _gauge(Sink(port, out_bytes_total=sent))
        taken = gauge.read()
        assert taken.unacknowledged_bytes > 0
        assert abs(taken.arrived_bytes + taken.unacknowledged_bytes - sent) <= 2  # SYN counts as one
        assert 0 < taken.round_trip_s < 60
        peer.settimeout(60)
        left = sent
        while left:
            left -= len(peer.recv(1_000_000))
        wait_until(lambda: gauge.read().unacknowledged_bytes == 0, "the acknowledgement")
        assert abs(gauge.read().arrived_bytes - sent) <= 2


def test_of_two_connections_to_one_port_it_is_the_one_that_has_taken_as_much(server: socket.socket) -> None:
    port = server.getsockname()[1]
    with ExitStack() as stack:
        few, many = (_connected(server, stack)[0] for _ in range(2))
        few.sendall(bytes(1000))
        many.sendall(bytes(50_000))
        wait_until(
            lambda: (
                abs(_gauge(Sink(port, out_bytes_total=50_100)).read().arrived_bytes - 50_000) <= 2
                and abs(_gauge(Sink(port, out_bytes_total=1100)).read().arrived_bytes - 1000) <= 2
            ),
            "what each of them has taken",
        )


def test_a_socket_that_is_not_found_leaves_what_the_sink_has_sent(server: socket.socket) -> None:
    sink = Sink(server.getsockname()[1], out_bytes_total=1234)
    gauge = _gauge(sink)
    assert gauge.read().arrived_bytes == 1234
    with ExitStack() as stack:
        client, _peer = _connected(server, stack)
        client.sendall(bytes(10))
        wait_until(lambda: gauge.read().arrived_bytes < 1234, "the socket")
    sink.statistics["out_bytes_total"] = 2000
    assert gauge.read().arrived_bytes == 2000  # it is closed; its descriptor may be anything by now


def test_packets_that_were_lost_or_given_up_have_not_arrived() -> None:
    statistics = {
        "packets_sent": 1000,
        "bytes_sent": 1_300_000,
        "packets_sent_lost": 80,
        "packets_sent_dropped": 20,
    }
    taken = SrtGauge(cast("Gst.Element", Sink(**statistics))).read()
    assert (taken.arrived_bytes, taken.packets, taken.lost_packets) == (1_170_000, 1000, 100)
    assert SrtGauge(cast("Gst.Element", Sink())).read().arrived_bytes == 0
