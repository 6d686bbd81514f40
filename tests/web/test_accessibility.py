"""Accessibility of the pages, judged by axe-core (Deque, MPL-2.0, in tests/vendor) in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.web.live import Live, wait_in

pytestmark = pytest.mark.xdist_group("match panel")

AXE = (Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PHONE, DESKTOP = (360, 800), (1440, 900)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("accessibility")
    live = Live(
        source="match?size=640x214&fps=5", delay_s=3.0, clips=str(folder), outputs=[folder / "film.mkv"]
    )
    yield live
    live.end()


def complaints(page: Page) -> list[str]:
    """What axe finds, of any impact: the rule, and where."""
    page.evaluate(AXE)
    found: list[str] = page.evaluate(
        """async () => (await axe.run()).violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html} ${any[0]?.message}`).join(" | ")}`)"""
    )
    return found


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_dashboard_keeps_nobody_out(browser: Browser, live: Live, size: tuple[int, int]) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(live.address)
    page.wait_for_selector("#match:not([hidden])", timeout=60_000)
    for summary in page.locator("#match summary").all():
        summary.click()
    page.click("#match-kinds button")
    wait_in(page, "document.querySelectorAll('#match-tags button').length > 0")
    assert complaints(page) == []
    page.click("[name=match-ago][value='10']", force=True)
    page.click("#match-home .plus")  # refused, or counted: both are said
    wait_in(page, "document.querySelector('.said:not(.idle)')")
    assert complaints(page) == []
    page.evaluate(
        """async () => (await import("/static/ended.js")).showEnd(document.querySelector("#ended"), {
          error: "camera 0 is offline", duration_s: 60, dropped: 2, failures: ["the detector failed"],
          written: [null, "disk full"].map((trouble) => ({ name: "a.mp4", kind: "file", trouble })),
        })"""
    )
    assert complaints(page) == []
    page.close()


def test_what_keeps_people_out_would_be_found(browser: Browser, live: Live) -> None:
    page = browser.new_page()
    page.goto(f"{live.address}docs")
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<button></button><p style=\"color: #333\">faint')"
    )
    assert sorted(line.split(":")[0] for line in complaints(page)) == [
        "button-name",
        "color-contrast",
        "region",
    ]
    page.close()


@pytest.mark.parametrize("path", ["points", "docs"])
def test_the_other_pages_keep_nobody_out(browser: Browser, live: Live, path: str) -> None:
    page = browser.new_page(viewport={"width": DESKTOP[0], "height": DESKTOP[1]})
    page.goto(f"{live.address}{path}")
    wait_in(page, "document.querySelectorAll(':is(#name option, h2)').length > 5")
    assert complaints(page) == []
    page.close()
