"""A listening socket that goes from one server to another: who connects meanwhile is served by the second."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.request import urlopen

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.settings import Settings
from pipeline.web.handed_socket import handed_descriptor, handed_variables, take_handed_socket
from pipeline.web.page_server import PageServer, listening, page_address
from pipeline.web.server import Dashboard


def saying(text: str) -> Starlette:
    async def page(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(text)

    return Starlette(routes=[Route("/", page)])


def read(address: str) -> str:
    with urlopen(address, timeout=60) as answer:
        return str(answer.read().decode())


def test_who_connects_between_two_servers_is_served_by_the_second() -> None:
    listener = listening("127.0.0.1", 0)
    address = page_address(listener)
    first, second = PageServer(saying("first")), PageServer(saying("second"))
    first.start(listener)
    assert read(address) == "first"
    first.stop()
    first.stop()
    with socket.create_connection(listener.getsockname()) as waiting:
        waiting.settimeout(60)
        waiting.sendall(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        second.start(listener)
        assert waiting.makefile("rb").read().endswith(b"second")
    second.stop()
    listener.close()


def test_the_socket_is_taken_once() -> None:
    listener = listening("127.0.0.1", 0)
    variables = dict(handed_variables(listener))
    assert handed_descriptor(variables) == listener.fileno()
    variables = {name: str(os.dup(int(text))) for name, text in variables.items()}
    taken = take_handed_socket(variables)
    assert taken is not None
    assert taken.getsockname() == listener.getsockname()
    assert not taken.get_inheritable()
    assert take_handed_socket(variables) is None
    assert handed_descriptor({}) is None
    taken.close()
    listener.close()


def test_a_dashboard_goes_on_with_the_socket_that_it_is_given(tmp_path: Path) -> None:
    listener = listening("127.0.0.1", 0)
    settings = Settings.parse(
        {
            "sources": ["match"],
            "outputs": [str(tmp_path / "film.mp4")],
            "web": {"address": "127.0.0.1:8080"},
        }
    )
    dashboard = Dashboard(PanoramaWithVirtualCamera(settings), settings.web, "0", listener=listener.dup())
    assert dashboard.start() == page_address(listener)
    assert '"starting"' in read(f"{page_address(listener)}api/state")
    dashboard.stop()
    assert listener.getsockname()[1] > 0
    listener.close()
