"""The notification of a service manager, at real sockets; and the supervisor's own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.supervision.notifier import Notifier
from pipeline.supervision.sign_socket import SignSocket


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """A manager's socket, and its address as in NOTIFY_SOCKET."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@foresight-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0", 1) if request.param == "abstract" else address)
        listener.settimeout(5)
        yield address, listener


def test_the_lines_arrive_as_one_datagram(manager: tuple[str, socket.socket]) -> None:
    address, listener = manager
    environment = {"NOTIFY_SOCKET": address}
    notifier = Notifier.from_environment(environment)
    assert notifier is not None
    assert notifier.watchdog_s is None
    assert notifier.send(READY=1, STATUS="playing:\nat 3 s")
    assert listener.recv(4096) == b"READY=1\nSTATUS=playing: at 3 s\n"
    assert environment == {}
    notifier.close()
    notifier.close()
    assert not notifier.send(READY=1)


@pytest.mark.parametrize(
    ("variables", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": ""}, None),
    ],
)
def test_the_watchdog_is_for_this_process(variables: dict[str, str], watchdog_s: float | None) -> None:
    environment = {"NOTIFY_SOCKET": "/nowhere", **variables}
    notifier = Notifier.from_environment(environment)
    assert notifier is not None
    assert notifier.watchdog_s == watchdog_s
    assert environment == {}
    notifier.close()


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative"])
def test_without_a_manager_there_is_none(address: str) -> None:
    assert Notifier.from_environment({"NOTIFY_SOCKET": address} if address else {}) is None


@pytest.mark.parametrize("address", ["/nowhere/at/all", "/" + "long" * 100, "@nobody-listens-here"])
def test_a_manager_that_is_gone_is_no_failure(address: str) -> None:
    notifier = Notifier(address)
    assert not notifier.send(WATCHDOG=1)
    notifier.close()


def test_a_manager_that_does_not_read_blocks_nobody() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("")
        notifier = Notifier("@" + listener.getsockname()[1:].decode())
        sent = [notifier.send(STATUS="x" * 10_000) for _ in range(2000)]
        assert sent[0]
        assert not sent[-1]
        notifier.close()


def test_only_the_run_itself_is_believed() -> None:
    signs = SignSocket()
    code = (
        "import sys; from pipeline.supervision.notifier import Notifier\n"
        "Notifier(sys.argv[1]).send(READY=1, A='b=c')"
    )
    other = subprocess.Popen([sys.executable, "-c", code, signs.address])
    assert other.wait(30) == 0
    assert signs.receive(os.getpid()) == {}
    again = subprocess.Popen([sys.executable, "-c", code, signs.address])
    assert again.wait(30) == 0
    assert signs.receive(again.pid) == {"READY": "1", "A": "b=c"}
    assert signs.receive(again.pid) == {}
    signs.close()
