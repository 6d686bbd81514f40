"""The dashboard in a real Chromium over a real run: each control by its effect on the run, not on the button."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.settings import Settings
from pipeline.web.server import Dashboard
from tests import films

DELAY_S = 2.0


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where the dashboard of a small live match is served, which runs until the test is over."""
    settings = Settings.parse(
        {
            "sources": ["match?size=720x240&fps=25"],
            "outputs": [str(tmp_path / "film.mp4")],
            "size": "320x180",
            "delay_s": DELAY_S,
            "web": {"address": "127.0.0.1:0", "clips": str(tmp_path / "clips")},
        }
    )
    run = PanoramaWithVirtualCamera(settings)
    dashboard = Dashboard(run, settings.web, "0")
    address = dashboard.start()
    thread = threading.Thread(target=run.run, args=[dashboard.tell])
    thread.start()
    yield address
    run.abort()
    thread.join(20)
    dashboard.stop()
    assert not thread.is_alive()


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """The page, playing; fails afterwards if the browser complained."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(address)
        page.wait_for_selector(".pill.playing", timeout=60_000)
        yield page
        browser.close()
    assert complaints == []


def until(page: Page, condition: str) -> None:
    """Wait until `condition` holds of the run's state `s`, as the API tells it."""
    page.wait_for_function(
        f"async () => {{ const s = await (await fetch('/api/state')).json(); return {condition}; }}",
        polling=200,
        timeout=30_000,
    )


def test_every_control_does_what_it_says(page: Page, tmp_path: Path) -> None:
    for picture, width in (("#picture", 320), (".panorama img", 960)):
        page.wait_for_function(f"document.querySelector('{picture}').naturalWidth === {width}")
    page.wait_for_selector("#scene .frame[points*=',']", state="attached")

    page.click("[data-turn='-1 0']")
    until(page, "s.follows === 'operator'")
    page.keyboard.press("b")
    until(page, "s.follows !== 'operator'")
    page.mouse.click(*middle_left(page))
    until(page, "s.follows === 'operator' && s.view.yaw_deg < -5")
    page.click("#hold_camera")
    until(page, "s.follows === 'operator'")
    page.click("#hand_back")
    until(page, "s.follows !== 'operator'")

    page.click("#pause")
    until(page, "s.transport === 'paused'")
    page.wait_for_selector(".pill.paused")
    page.click("#pause")
    until(page, "s.transport === 'playing'")
    page.click("#return_to_delay")
    until(page, f"Math.abs(s.delay_s - {DELAY_S}) < 0.1")
    page.click("#jump_back")
    until(page, f"s.delay_s > {DELAY_S} + 1.5")
    page.keyboard.press("n")
    until(page, f"Math.abs(s.delay_s - {DELAY_S}) < 0.1")
    page.fill("#delay", "1")
    page.click("#set_delay")
    until(page, "Math.abs(s.delay_s - 1) < 0.1")

    page.fill("#before", "2")
    page.click("#save_clip")
    with page.expect_download() as download:
        page.click("#clips a")
    clip = tmp_path / "downloaded.mp4"
    download.value.save_as(clip)
    assert set(films.streams(clip)) == {"video", "audio"}
    assert 40 <= len(films.frame_times(clip)) <= 60


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for id_ in ("picture", "pause", "save_clip", "hand_back"):
        box = page.locator(f"#{id_}").bounding_box()
        assert box is not None
        assert box["height"] >= 40


def middle_left(page: Page) -> tuple[float, float]:
    """A place on the left half of the panorama, on the page."""
    box = page.locator("#scene").bounding_box()
    assert box is not None
    return box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"]
