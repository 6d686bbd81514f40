"""Films on the dashboard: the list, which of them the previews show, and their outputs' switches."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gst.output.peers import wait_until
from tests.web.live import Live, until, wait_in

pytestmark = pytest.mark.xdist_group("browser-films")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("films")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"rtsp://127.0.0.1:{free.getsockname()[1]}/phone"
    phone = {"name": "phone", "size": "90x160", "streams": [address]}
    files = {
        "name": "goal",
        "follow": "fixed",
        "view": {"hfov_deg": 40},
        "outputs": [str(folder / "goal.mkv")],
    }
    live = Live(
        size="160x90",
        source="match?size=320x108&fps=8",
        outputs=[folder / "main.mkv"],
        groups={"films": [phone, files]},
        clips=str(folder / "clips"),
    )
    yield live
    live.end()


@pytest.fixture
def page(browser: Browser, live: Live) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(live.address)
    page.wait_for_selector(".pill.playing")
    yield page
    page.close()


def act(live: Live, action: str, **body: Any) -> Any:
    request = Request(f"{live.address}api/{action}", json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    with urlopen(request) as answer:
        return json.load(answer)["result"]


def state(live: Live) -> dict[str, Any]:
    with urlopen(f"{live.address}api/state") as answer:
        return dict(json.load(answer))


def shape(live: Live) -> tuple[int, ...]:
    """Height and width of the still image of the preview."""
    with urlopen(f"{live.address}preview.jpg") as answer:
        image = cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.shape[:2]


def test_the_state_lists_the_films_with_their_outputs(live: Live) -> None:
    wait_until(lambda: bool(state(live).get("outputs")), "the outputs")
    found = state(live)
    assert [(one["name"], one["size"], one["follow"], one["shown"]) for one in found["films"]] == [
        ("main", "160x90", "play", True),
        ("phone", "90x160", "play", False),
        ("goal", "160x90", "fixed", False),
    ]
    by_number = {output["number"]: output for output in found["outputs"]}
    films = {one["name"]: [by_number[number]["film"] for number in one["outputs"]] for one in found["films"]}
    assert films == {"main": ["main"], "phone": ["phone"], "goal": ["goal"]}


def test_the_previews_show_the_film_that_is_asked_for(live: Live) -> None:
    wait_until(lambda: state(live).get("view") is not None, "the first view")
    act(live, "show_film", name="phone")
    wait_until(lambda: shape(live) == (160, 90), "the upright still image")
    with urlopen(f"{live.address}preview.mp4") as video:
        assert video.read(1000)
        act(live, "show_film", name="main")
        while video.read(1 << 16):  # it ends, and a page asks anew
            pass
    wait_until(lambda: shape(live) == (90, 160), "the first film's still image")
    with pytest.raises(HTTPError) as refused:
        act(live, "show_film", name="no such film")
    assert refused.value.code == 409
    assert "there is no film" in json.load(refused.value)["error"]


def test_a_film_is_recorded_beside_its_own_file(live: Live) -> None:
    recording = act(live, "record", film="goal")
    assert (recording["film"], recording["name"].startswith("goal-")) == ("goal", True)
    number = recording["number"]
    wait_until(
        lambda: any(one["number"] == number and one["elapsed_s"] > 1 for one in state(live)["outputs"]),
        "some of the recording",
    )
    assert act(live, "stop_output", number=number)["state"] == "off"
    assert Path(recording["name"]).suffix == ".mkv"


def test_the_page_lists_the_films_and_shows_another_one(page: Page) -> None:
    rows = page.locator("#films li")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("90x160 · follows the play · rtsp://")
    page.get_by_role("button", name="show phone").click()
    until(page, "s.films.find((film) => film.shown).name === 'phone'")
    expect(page.get_by_role("button", name="show phone")).to_have_attribute("aria-pressed", "true")
    wait_in(
        page, "((video) => video.videoHeight > video.videoWidth)(document.querySelector('#picture video'))"
    )
    page.get_by_role("button", name="show main").click()
    until(page, "s.films[0].shown")


def test_each_film_goes_on_and_off_air_by_itself(page: Page) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    row = page.locator("#outputs li", has_text="rtsp://")
    expect(row).to_contain_text("phone")
    row.get_by_role("button").click()
    until(page, "s.outputs.find((one) => one.film === 'phone').state === 'off'")
    until(page, "s.outputs.filter((one) => one.film !== 'phone').some((one) => one.state === 'on')")
    expect(page.locator("#films li").nth(1)).not_to_have_class("on")
    row.get_by_role("button").click()
    until(page, "s.outputs.find((one) => one.film === 'phone').state === 'on'")
    expect(page.locator("#films li").nth(1)).to_have_class("on")
