"""Pairing a phone: a link that is good once, for ten minutes, gives it the token's cookie."""

from __future__ import annotations

import asyncio
import json
import logging
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pipeline.errors import StateError
from pipeline.web.guard import Guard
from pipeline.web.links import PairingLink, network_page, page_asked_for, pairing_link
from pipeline.web.pairing import LIFE_S, MOST_OPEN, Pairing
from pipeline.web.qr_code import qr_code, qr_lines
from tests.web.test_security import TOKEN, dashboard


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_code_is_good_once() -> None:
    pairing = Pairing(Clock())
    code, other = pairing.new_code(), pairing.new_code()
    assert code != other
    assert pairing.redeem(code)
    assert not pairing.redeem(code)
    assert pairing.redeem(other)


def test_a_code_is_good_for_ten_minutes() -> None:
    clock = Clock()
    pairing = Pairing(clock)
    late, soon = pairing.new_code(), pairing.new_code()
    clock.now_s = LIFE_S - 1
    assert pairing.redeem(soon)
    clock.now_s = LIFE_S
    assert not pairing.redeem(late)


@pytest.mark.parametrize("wrong", ["", "x", "\N{SNOWMAN}", "a" * 10_000])
def test_no_other_text_is_a_code(wrong: str) -> None:
    pairing = Pairing(Clock())
    pairing.new_code()
    assert not pairing.redeem(wrong)


def test_only_the_newest_codes_are_kept() -> None:
    pairing = Pairing(Clock())
    codes = [pairing.new_code() for _ in range(MOST_OPEN + 1)]
    assert not pairing.redeem(codes[0])
    assert all(pairing.redeem(code) for code in codes[1:])


def guarded(pairing: Pairing | None, token: str | None, waits: list[float]) -> TestClient:
    async def pause(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    app = Starlette(routes=[Route("/", lambda _request: PlainTextResponse("the page"))])
    guard = Guard(app, token, 1.0, Clock(), pause, pairing)
    base = "http://pitch.example:8080" if token else "http://127.0.0.1:8080"
    return TestClient(guard, base_url=base, follow_redirects=False)


def test_the_link_gives_the_cookie_without_the_token_in_an_address() -> None:
    pairing, waits = Pairing(Clock()), list[float]()
    phone = guarded(pairing, TOKEN, waits)
    assert phone.get("/").status_code == 401
    code = pairing.new_code()
    entered = phone.get(
        "/pair", params={"code": code}, headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    )
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert "httponly" in entered.headers["set-cookie"].lower()
    assert phone.get("/").text == "the page"
    assert phone.get("/pair", params={"code": code}).status_code == 303  # this phone is in already
    stranger = guarded(pairing, TOKEN, waits)
    assert stranger.get("/pair", params={"code": code}).status_code == 401
    assert stranger.get("/").status_code == 401
    assert waits == [1.0]


def test_a_wrong_code_is_slow_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    waits: list[float] = []
    phone = guarded(Pairing(Clock()), TOKEN, waits)
    caplog.set_level(logging.WARNING, "foresight")
    for query in ("?code=wrong", "", "?code=", f"?code={TOKEN}", f"?token={TOKEN}"):
        refused = phone.get(f"/pair{query}")
        assert refused.status_code == 401
        assert "ten minutes" in refused.text
    assert waits == [1.0] * 5
    assert any("wrong token" in line for line in caplog.messages)
    assert phone.post("/pair?code=wrong").status_code == 401


def test_without_a_token_the_link_leads_to_the_page() -> None:
    assert guarded(None, None, []).get("/pair?code=any").headers["location"] == "/"


def scanned(picture: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    text, *_ = cv2.QRCodeDetector().detectAndDecode(picture)
    return str(text)


def test_the_qr_code_reads_as_the_link() -> None:
    link = pairing_link(Pairing(Clock()), "http://192.168.178.20:8080/")
    picture = np.full((link.qr.size, link.qr.size), 255, np.uint8)
    for step in link.qr.path.split("z")[:-1]:
        corner, length = step.removeprefix("M").split("h")[:2]
        x, y = map(int, corner.split())
        picture[y, x : x + int(length.split("v")[0])] = 0
    assert scanned(np.kron(picture, np.ones((8, 8), np.uint8))) == link.url
    parts = urlsplit(link.url)
    assert (parts.netloc, parts.path) == ("192.168.178.20:8080", "/pair")


def test_the_qr_code_fits_a_terminal() -> None:
    url = "http://192.168.178.20:8080/pair?code=0123456789abcdef"
    lines = qr_lines(url).splitlines()
    assert len(lines) <= 24
    assert qr_code(url).size > 21


def test_a_loopback_address_has_no_page_for_phones() -> None:
    for host in ("127.0.0.1", "::1", "127.0.0.2"):
        with pytest.raises(StateError, match="only this machine"):
            network_page(host, 8080)
    assert network_page("192.168.1.5", 80) == "http://192.168.1.5:80/"
    assert network_page("fd00::5", 80) == "http://[fd00::5]:80/"


def test_the_link_leads_to_where_the_page_is_open() -> None:
    assert page_asked_for("laptop.local:8080", "0.0.0.0", 8080) == "http://laptop.local:8080/"
    assert page_asked_for("127.0.0.1:8080", "192.168.1.5", 8080) == "http://192.168.1.5:8080/"
    assert page_asked_for("localhost:8080", "192.168.1.5", 8080) == "http://192.168.1.5:8080/"


def test_the_dashboard_gives_links_to_those_who_are_in(tmp_path: Path) -> None:
    there = dashboard(tmp_path, token=TOKEN, address="127.0.0.1:0")
    phone = TestClient(there.app, base_url="http://pitch.example:8080", follow_redirects=False)
    assert phone.post("/api/pair", json={}).status_code == 401
    there.start()
    try:
        headers = {"authorization": f"Bearer {TOKEN}"}
        answer = phone.post("/api/pair", json={}, headers=headers)
        link = TypeAdapter(PairingLink).validate_python(answer.json()["result"])
        assert TOKEN not in answer.text
        assert link.url.startswith("http://pitch.example:8080/pair?code=")
        assert phone.get(link.url).status_code == 303
        assert phone.get("/").status_code == 200
        with pytest.raises(StateError, match="only this machine"):
            there.pairing_link()
    finally:
        there.stop()


def asked(address: str, path: str, **headers: str) -> tuple[int, Any, Any]:
    """Status, headers and text of an answer to a request, which follows no redirection."""
    there = HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        body = None if path == "/" or "?" in path else b"{}"
        there.request(
            "GET" if body is None else "POST", path, body, {"content-type": "application/json", **headers}
        )
        answer = there.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        there.close()


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_page_is_opened_to_the_network_while_it_is_served(tmp_path: Path, token: str | None) -> None:
    there = dashboard(tmp_path, token=token, address="127.0.0.1:0")
    with pytest.raises(StateError, match="not listen yet"):
        there.open_network()
    own = there.start()
    mine = {} if token is None else {"authorization": f"Bearer {token}"}
    try:
        assert asked(own, "/api/pair", **mine)[0] == 409
        for _ in range(2):
            assert asked(own, "/api/open_network", **mine)[0] == 200
        link = json.loads(asked(own, "/api/pair", **mine)[2])["result"]["url"]
        port = urlsplit(link).port
        assert port != urlsplit(own).port
        network = f"http://127.0.0.1:{port}"
        assert asked(network, "/")[0] == 401
        assert asked(network, "/api/open_network")[0] == 401
        status, headers, _text = asked(network, link.partition(str(port))[2])
        assert status == 303
        phone = {"cookie": headers["set-cookie"].partition(";")[0]}
        assert asked(network, "/", **phone)[0] == 200
        assert asked(network, link.partition(str(port))[2])[0] == 401
        assert asked(own, "/", **phone)[0] == (200 if token is None else 401)
        assert asked(own, "/", **mine)[0] == 200
        assert there.pairing_link().url.startswith("http://")
    finally:
        there.stop()
    with pytest.raises(ConnectionRefusedError):
        asked(network, "/")


def test_a_page_of_the_network_is_not_opened_again(tmp_path: Path) -> None:
    there = dashboard(tmp_path, token=TOKEN, address="0.0.0.0:0")
    there.start()
    try:
        with pytest.raises(StateError, match="already"):
            there.open_network()
    finally:
        there.stop()


def test_a_page_that_only_this_machine_reaches_has_no_link(tmp_path: Path) -> None:
    there = dashboard(tmp_path)
    own = TestClient(there.app, base_url="http://127.0.0.1:8080")
    for said in ("does not listen", "only this machine"):
        answer = own.post("/api/pair", json={})
        assert answer.status_code == 409
        assert said in answer.json()["error"]
        if said == "does not listen":
            there.start()
    there.stop()
