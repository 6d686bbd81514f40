"""A match day in a real Chromium, from `foresight start` to the files of the match; and nobody is kept out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import chromium
from tests.setup_page.started import SOURCE, Started, got, started, until
from tests.web.test_accessibility import DESKTOP, PHONE, complaints

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("start"), pytest.mark.timeout(3600)]

LONG_MS = 600_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


class Visit:
    """A page of a browser at the set-up; what goes wrong in its scripts is kept."""

    def __init__(self, browser: Browser, page: Started, size: tuple[int, int]) -> None:
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(LONG_MS)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: dialog.accept())
        for heavy in (
            "preview.mp4",
            "preview.jpg",
            "panorama.jpg",
        ):  # a loaded machine has no time to show them
            self.page.route(f"**/{heavy}*", lambda route: route.abort())
        self.page.goto(page.address)
        self.page.wait_for_selector("#found input")


def shows(page: Page, condition: str) -> None:
    """Wait until a condition holds in the page, whose content security policy forbids Playwright's own waiting."""
    until(lambda: page.evaluate(condition), bool)


def name_the_teams(page: Page) -> None:
    page.fill("#teams [name=home]", "Rovers")
    page.fill("#teams [name=away]", "United")
    page.check("#teams [name=scoreboard]")
    page.click("#teams button")
    page.wait_for_selector("#teams [role=status]:text-is('saved')")


def play(page: Page, started_page: Started) -> None:
    """Start the match; tag a goal three seconds after it happened, count a point, and wait for the goal's clip."""
    page.click("#start")
    page.wait_for_selector("#match:not([hidden])")  # the dashboard came by itself
    until(started_page.state, lambda state: state.get("position_s", 0) > 3)
    page.click("[name=match-ago][value='3']", force=True)
    page.click("#match-kinds button")  # a goal of the home team, three seconds ago
    page.wait_for_selector("#match-tags button")
    assert page.inner_text("#match-home-name") == "Rovers"
    page.click("[name=match-ago][value='0']", force=True)
    page.click("#match-away .plus")
    shows(page, "document.querySelector('#match-away-points').textContent !== '0'")
    until(
        lambda: got(f"{started_page.address}api/clips"),
        lambda clips: any(clip["state"] == "saved" for clip in clips or ()),
    )


def look_at_the_match(page: Page) -> None:
    """The match before, in the set-up that came by itself: its film plays, its reel is downloaded."""
    page.wait_for_selector("#matches h3")
    assert page.inner_text("#matches h3") == "Rovers - United"
    shown = page.inner_text("#matches li")
    assert "1 goal" in shown
    for kind in ("Film · film.mp4", "Reel · reel.mp4", "Clip · goal-home"):
        assert kind in shown
    page.click("[aria-label='Play film.mp4']")
    page.wait_for_selector("#matches video")
    shows(page, "document.querySelector('#matches video').readyState >= 2")
    with page.expect_download() as download:
        page.click("[aria-label='Download reel.mp4']")
    assert download.value.suggested_filename == "reel.mp4"
    assert complaints(page) == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_match_day_needs_no_terminal(browser: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    with started(tmp_path) as started_page:
        visit = Visit(browser, started_page, size)
        page = visit.page
        page.fill("#address", f"{SOURCE}&seed=3")
        page.click("#add button")
        page.wait_for_selector("#chosen li:nth-child(2) img")  # beside the one of the settings
        page.uncheck(f"label:text-is('{SOURCE}') input")
        page.wait_for_selector("#chosen li:nth-child(2)", state="detached")
        name_the_teams(page)
        play(page, started_page)
        page.click("#end_run")
        page.click("#end_sure")
        look_at_the_match(page)
        page.click("[aria-label='Delete Rovers - United']")
        page.click("text=for ever")
        page.wait_for_selector("#matches h3", state="detached")
        assert [path.name for path in tmp_path.iterdir() if path.is_dir() and path.name[0] != "."] == []
        assert visit.faults == []
        visit.context.close()
        assert started_page.close() == 0


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_two_cameras_are_calibrated_and_play_their_match(
    browser: Browser, tmp_path: Path, shared_data: Path, size: tuple[int, int]
) -> None:
    for camera in ("left.mp4", "right.mp4"):
        (tmp_path / camera).symlink_to(shared_data / camera)
    with started(tmp_path) as started_page:
        visit = Visit(browser, started_page, size)
        page = visit.page
        page.check("label:text-is('left.mp4') input")
        page.check("label:text-is('right.mp4') input")
        page.wait_for_selector("#chosen li:nth-child(3)")
        page.uncheck(f"label:text-is('{SOURCE}') input")
        page.wait_for_selector("#chosen li:nth-child(3)", state="detached")  # perhaps without stills
        assert page.is_disabled("#start")
        page.click("#calibrate")
        page.wait_for_selector("#preview:not([hidden])")
        assert "calibrated" in page.inner_text("#rig-said")
        shows(page, "document.querySelector('#preview').naturalWidth > 900")
        name_the_teams(page)
        play(page, started_page)  # ten seconds of film: the match ends by itself
        look_at_the_match(page)
        assert visit.faults == []
        visit.context.close()
        assert started_page.close() == 0


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_page_keeps_nobody_out(browser: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "left.mp4").write_bytes(b"no film")
    with started(tmp_path) as started_page:
        visit = Visit(browser, started_page, size)
        page = visit.page
        page.wait_for_selector("#chosen img")
        page.check("label:text-is('left.mp4') input")
        page.wait_for_selector("#chosen .trouble")
        page.fill("#address", "gst:videotestsrc")
        page.click("#add button")
        page.wait_for_selector("#told p")
        assert complaints(page) == []
        page.click("#phone")  # opens the page to the network, and comes back with a link
        page.wait_for_selector("#pairing .qr")
        assert complaints(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        heights = page.evaluate(
            "[...document.querySelectorAll('.start :is(button, select, input:not([type=checkbox]))')]"
            ".filter((one) => one.offsetParent).map((one) => one.offsetHeight)"
        )
        assert min(heights) >= 48
        phone = browser.new_context()
        link = page.get_attribute("#pairing a", "href")
        port = started_page.address.rpartition(":")[2]
        assert link is not None
        entered = phone.new_page()
        entered.goto(f"http://127.0.0.1:{port}pair?{link.partition('?')[2]}")
        entered.wait_for_selector("#found input")
        assert "code" not in entered.url
        assert visit.faults == []
        phone.close()
        visit.context.close()
        assert started_page.close() == 0


def test_two_cameras_are_put_in_order_by_keys(browser: Browser, tmp_path: Path) -> None:
    with started(tmp_path) as started_page:
        visit = Visit(browser, started_page, DESKTOP)
        page = visit.page
        page.check("label:text-is('the built-in match, to try things') input")
        page.wait_for_selector("#chosen li:nth-child(2) img")
        assert page.is_disabled("#start")
        assert "Calibrate the cameras first" in page.inner_text("#start-said")
        first = page.inner_text("#chosen li:first-child b")
        page.focus("#chosen li:nth-child(2) button:has-text('left')")
        page.keyboard.press("Enter")
        until(lambda: page.inner_text("#chosen li:first-child b"), lambda shown: shown != first)
        assert visit.faults == []
        visit.context.close()
        assert started_page.close() == 0
