"""The page's link to the run in a real Chromium: several windows, and a server that fails and returns."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gst.output.peers import free_port, wait_until
from tests.web.live import Live, until, wait_in

pytestmark = pytest.mark.xdist_group("browser-link")

CURRENT_TIME = "document.querySelector('#picture video').currentTime"
PANORAMA = "document.querySelector('.panorama img')"
_HIDE = """
  let isHidden = false;
  Object.defineProperty(document, "hidden", { get: () => isHidden });
  window.hide = (hidden) => { isHidden = hidden; document.dispatchEvent(new Event("visibilitychange")); };
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.add_init_script(_HIDE)
    yield page
    context.close()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    live = Live(clips=str(tmp_path))
    yield live
    live.end()


def open_page(page: Page, live: Live) -> None:
    page.goto(live.address)
    page.wait_for_selector(".pill.playing")
    wait_in(page, f"{CURRENT_TIME} > 0.2")


def test_four_windows_of_one_browser_all_play_and_control(live: Live, page: Page) -> None:
    windows = [page, *(page.context.new_page() for _ in range(3))]
    for window in windows:
        open_page(window, live)
        wait_in(window, f"{PANORAMA}.naturalWidth === 960")
    for window in windows:
        window.click("#hold_camera")
        expect(window.locator("#events")).to_contain_text("camera held")
        before_s = window.evaluate(CURRENT_TIME)
        wait_in(window, f"{CURRENT_TIME} > {before_s} + 0.5")


def test_a_hidden_page_requests_only_the_state(live: Live, page: Page) -> None:
    open_page(page, live)
    assert live.encoders() == 1
    page.evaluate("hide(true)")
    wait_until(lambda: live.encoders() == 0, "the encoder's end")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    while len([url for url in asked if url.endswith("/api/state")]) < 6:
        page.wait_for_event("request")
    assert {url for url in asked if not url.endswith("/api/state")} == set()
    page.evaluate("hide(false)")
    before_s = page.evaluate(CURRENT_TIME)
    wait_in(page, f"{CURRENT_TIME} > {before_s} + 0.2")


def test_an_old_phone_that_cannot_play_the_video_shows_stills_and_controls(live: Live, page: Page) -> None:
    page.add_init_script(
        "delete window.MediaSource; delete window.ManagedMediaSource; delete AbortSignal.timeout;"
    )
    page.goto(live.address)
    page.wait_for_selector(".pill.playing")
    shown = page.wait_for_selector("#picture img[src]")
    assert shown is not None
    before = shown.get_attribute("src")
    wait_in(page, f"document.querySelector('#picture img').src !== '{before}'")
    wait_in(page, "document.querySelector('#picture img').naturalWidth === 320")
    page.click("#hold_camera")
    expect(page.locator("#events")).to_contain_text("camera held")
    assert live.encoders() == 0


@pytest.mark.parametrize("way", ["nobody", "proxy"])
def test_a_failed_request_is_reported_and_the_page_recovers_with_the_run(
    live: Live, page: Page, way: str
) -> None:
    open_page(page, live)
    page.click("#record")
    page.wait_for_selector("#output-0.on")
    here = re.compile(r"/(api/|panorama|preview)")
    if way == "nobody":
        page.route(here, lambda route: route.abort())
    else:
        page.route(here, lambda route: route.fulfill(status=502, body="<html>Bad Gateway</html>"))
    page.wait_for_selector(".pill.lost")
    page.click("#output-0 button")
    expect(page.locator("#notice")).to_contain_text("the run does not answer")
    expect(page.locator("#output-0 button")).to_be_enabled()
    page.click("#save_clip")

    page.unroute(here)
    page.wait_for_selector(".pill.playing")
    shown = page.evaluate(f"{PANORAMA}.src")
    wait_in(page, f"{PANORAMA}.src !== '{shown}'")
    wait_in(page, "document.querySelector('#picture img').hidden")
    page.click("#output-0 button")
    page.wait_for_selector("#output-0.done")
    page.click("#save_clip")
    page.wait_for_selector("#clips a")


def test_a_page_reports_the_end_of_the_run_and_starts_over_with_the_next(page: Page, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    live = Live(address=address, clips=str(tmp_path))
    try:
        open_page(page, live)
        page.click("#record")
        page.wait_for_selector("#output-0.on")
        page.click("#save_clip")
        page.wait_for_selector("#clips a")
    finally:
        live.end()
    expect(page.locator("#state")).to_have_text("ended")
    expect(page.locator("#ended")).to_contain_text("The run has ended")
    expect(page.locator("#ended li")).to_have_count(1)
    page.keyboard.press("c")
    expect(page.locator("#notice")).to_have_text("the run has ended")
    live = Live(address=address, clips=str(tmp_path))
    try:
        page.wait_for_selector(".pill.playing")
        until(page, "s.frames_out > 5")
        expect(page.locator("#outputs li")).to_have_count(0)
        expect(page.locator("#clips a")).to_have_count(0)
        wait_in(page, f"{PANORAMA}.naturalWidth === 960")
        wait_in(page, f"{CURRENT_TIME} > 0.2")
    finally:
        live.end()


@contextmanager
def another_site(link: str) -> Iterator[str]:
    """A page on another site with a link, like a mail in a browser; its address."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(f'<a href="{link}">the match</a>'.encode())

        def log_message(self, *_said: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def test_a_link_with_the_token_works_from_another_site(page: Page) -> None:
    live = Live(token="a-long-secret")
    try:
        with another_site(f"{live.address}?token=a-long-secret") as elsewhere:
            page.goto(elsewhere)
            page.click("a")
            page.wait_for_selector(".pill.playing")
            assert page.url == live.address
    finally:
        live.end()
