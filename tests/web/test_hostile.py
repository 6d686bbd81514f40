"""Requests that no browser sends: each is refused or closed, without a traceback, and nothing private is served."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from pipeline.web.connection_bounds import WebLimits
from tests.web.test_bounds import connect, served

HOST = b"host: localhost\r\n"
CLOSE = b"connection: close\r\n"
LAST = HOST + CLOSE + b"\r\n"
PAUSE = b"POST /api/pause HTTP/1.1\r\n" + HOST + CLOSE + b"content-type: application/json\r\n"
UPGRADE = (
    b"connection: upgrade, close\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: eA==\r\n"
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(WebLimits(request_s=0.3)) as (_address, port):
        yield port


def ask(port: int, sent: bytes) -> tuple[int | None, bytes]:
    """Send raw bytes; returns the status of the first answer, None for none, and all that came until the close."""
    answer = b""
    with connect(port) as connection:
        try:
            connection.sendall(sent)
            while received := connection.recv(65536):
                answer += received
        except ConnectionError:
            pass
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return (None if found is None else int(found[1])), answer


REQUESTS: dict[str, tuple[bytes, set[int | None]]] = {
    "no host": (b"GET /api/state HTTP/1.1\r\n\r\n", {400, 403}),
    "two hosts": (b"GET /api/state HTTP/1.1\r\n" + HOST + b"host: evil.example\r\n" + CLOSE + b"\r\n", {400, 403}),
    "another host": (b"GET /api/state HTTP/1.1\r\nhost: evil.example\r\n" + CLOSE + b"\r\n", {403}),
    "a host with a user": (b"GET /api/state HTTP/1.1\r\nhost: localhost@evil.example\r\n" + CLOSE + b"\r\n", {403}),
    "a host of odd bytes": (b"GET /api/state HTTP/1.1\r\nhost: \xff[::1\r\n" + CLOSE + b"\r\n", {400, 403}),
    "a port too high": (b"GET /api/state HTTP/1.1\r\nhost: localhost:99999999\r\n" + CLOSE + b"\r\n", {200, 403}),
    "headers without end": (b"GET / HTTP/1.1\r\n" + HOST + b"x: " + b"y" * 200_000, {400, 431, None}),
    "10,000 headers": (b"GET / HTTP/1.1\r\n" + HOST + b"x: y\r\n" * 10_000 + CLOSE + b"\r\n", {200, 400, 431}),
    "a header name with a blank": (b"GET / HTTP/1.1\r\n" + HOST + b"x y: z\r\n\r\n", {400}),
    "a line break in a header": (b"GET / HTTP/1.1\r\n" + HOST + b"x: a\rb\r\n\r\n", {400}),
    "no method": (b"/ HTTP/1.1\r\n" + LAST, {400}),
    "an unknown method": (b"BREW / HTTP/1.1\r\n" + LAST, {405}),
    "connect": (b"CONNECT evil.example:443 HTTP/1.1\r\n" + LAST, {400, 404, 405}),
    "another version": (b"GET / HTTP/9.9\r\n" + LAST, {200, 400, 505}),
    "bytes that are no request": (bytes(range(256)) * 8, {400, None}),
    "a TLS greeting": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), {400, None}),
    "bad chunks": (
        PAUSE + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}",
        {400, 413, None},
    ),
    "an endless chunk": (
        PAUSE + b"transfer-encoding: chunked\r\n\r\nffffffffffff\r\n"
        + b"x" * 100_000,
        {400, 413, None},
    ),
    "two lengths": (
        PAUSE + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        {400},
    ),
    "a negative length": (
        PAUSE + b"content-length: -1\r\n\r\n{}", {400, 413},
    ),
    "a length of other digits": (
        PAUSE + "content-length: ٣\r\n\r\n{}".encode(), {400, 413},
    ),
    "a websocket nowhere": (b"GET /ws HTTP/1.1\r\n" + HOST + UPGRADE + b"\r\n", {404}),
    "a websocket at the events": (b"GET /api/clips HTTP/1.1\r\n" + HOST + UPGRADE + b"\r\n", {200, 400, 426}),
    "deep JSON": (
        PAUSE + b"content-length: 60000\r\n\r\n" + b"[" * 60_000,
        {422},
    ),
    "JSON of odd bytes": (
        PAUSE + b"content-length: 4\r\n\r\n\xff\xfe{}", {422},
    ),
    "a number of a clip with many digits": (
        b"GET /api/clips/" + b"9" * 5000 + b" HTTP/1.1\r\n" + LAST, {404, 414},
    ),
    "a number of another script": (b"GET /api/clips/%D9%A3 HTTP/1.1\r\n" + LAST, {404}),
    "a path of odd bytes": (b"GET /%ff%00%0d%0aset-cookie:x HTTP/1.1\r\n" + LAST, {404}),
    "a body with a get": (b"GET /api/state HTTP/1.1\r\n" + HOST + CLOSE + b"content-length: 5\r\n\r\nhello", {200}),
    "an expectation": (
        PAUSE + b"expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}",
        {100, 409},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_an_odd_request_is_answered_or_closed(port: int, name: str, caplog: pytest.LogCaptureFixture) -> None:
    sent, allowed = REQUESTS[name]
    status, answer = ask(port, sent)
    assert status in allowed, answer[:300]
    assert b"Traceback" not in answer
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert ask(port, b"GET /api/state HTTP/1.1\r\n" + LAST)[0] == 200, "the next one is served"


@pytest.mark.parametrize("base", ["/static/", "/", "/api/clips/", "/static/vendor/", "//", "/static//"])
@pytest.mark.parametrize("up", ["../", "%2e%2e/", "..%2f", "%2e%2e%2f", "..\\", "....//", "%252e%252e%252f"])
def test_no_path_leads_out_of_the_pages(port: int, base: str, up: str) -> None:
    for target in ("etc/passwd", "server.py", "pipeline/web/server.py"):
        for depth in (1, 12):
            status, answer = ask(port, f"GET {base}{up * depth}{target} HTTP/1.1\r\n".encode() + LAST)
            assert status in (307, 400, 404), answer[:300]
            assert b"root:" not in answer
            assert b"import" not in answer


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-0", "bytes=-1", "bytes=5-2", "bytes=99999999999999999999-", "bytes=a-b", "bytes=", "lines=1-2",
        "bytes=0-1,2-3", "bytes=" + ",".join(f"{n}-{n}" for n in range(2000)), "bytes=-99999999", "bytes=0-", "=",
    ],
)  # fmt: skip
def test_an_odd_range_is_answered(port: int, asked: str, caplog: pytest.LogCaptureFixture) -> None:
    head = f"GET /static/style.css HTTP/1.1\r\nrange: {asked}\r\n".encode() + LAST
    status, answer = ask(port, head)
    assert status in (200, 206, 400, 416), answer[:300]
    assert len(answer) < 2_000_000
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
