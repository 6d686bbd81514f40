"""What a person looks at first, in a real Chromium: the line of health, sound meter, disk and dump button."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.live import Live, until, wait_in

pytestmark = pytest.mark.xdist_group("browser-health")

PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("health")
    live = Live(
        source="match?size=640x214&fps=5", delay_s=4.0, clips=str(folder), outputs=[folder / "film.mkv"]
    )
    yield live
    live.end()


@pytest.fixture(params=[(1280, 900), (360, 800)], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, live: Live) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": request.param[0], "height": request.param[1]})
    page.goto(live.address)
    page.wait_for_selector("#dump:not([hidden])", timeout=PATIENCE_MS)
    yield page
    page.close()


def test_the_line_is_that_of_the_state_and_a_screen_reader_reads_it(page: Page) -> None:
    wait_in(page, "document.querySelector('#line span').textContent !== 'Connecting'")
    spoken = page.locator("#line [role=status]")
    expect(spoken).not_to_be_empty(timeout=PATIENCE_MS)
    shown = page.locator("#line span").first
    page.evaluate(
        """async () => {
          const { HealthLine } = await import("/static/health.js");
          window.line = new HealthLine(document.querySelector("#line").cloneNode(true));
          window.say = (text, level = "bad") => window.line.show({ level, text, advice: "look", more: 2 });
          window.said = () => [...window.line.place.querySelectorAll("span")].map((one) => one.textContent);
        }"""
    )
    page.evaluate("say('No sound for 10 s')")
    assert page.evaluate("said()") == ["No sound for 10 s: look (and 2 other matters)"] * 2
    page.evaluate("say('No sound for 11 s')")
    assert [one[:17] for one in page.evaluate("said()")] == ["No sound for 11 s", "No sound for 10 s"]
    assert page.evaluate("line.place.className") == "bad"
    page.evaluate("say('All well', 'good')")
    assert page.evaluate("line.place.className") == "well"
    assert shown.get_attribute("aria-hidden") == "true"


def test_the_sound_and_the_disk_are_shown_and_told(page: Page) -> None:
    page.wait_for_selector("#meter:not([hidden])", timeout=PATIENCE_MS)
    assert page.locator("#meter div").count() == 2
    label = page.locator("#meter").get_attribute("aria-label") or ""
    assert label.startswith("Sound: ")
    until(page, "s.disks.length === 1 && s.disks[0].files[0] === 'film.mkv'")
    expect(page.locator("#room")).to_contain_text("Disk of film.mkv", timeout=PATIENCE_MS)
    word = page.evaluate(
        """async () => (await import("/static/health.js")).roomWord(
          [{ files: ["a.mkv"], free_bytes: 2e9, kbps: 8000, hours_left: 0.555 }])"""
    )
    assert word == "Disk of a.mkv: 33 min left at 8.0 Mbit/s, 2 GB free"


def test_the_picture_is_covered_and_released_by_touch(page: Page) -> None:
    page.select_option("#dump_ago", "2")
    page.click("#cover_card")
    until(page, "s.cover.spans.length > 0 && s.cover.spans.at(-1).how === 'card'")
    expect(page.locator("#cover_card")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)
    expect(page.locator("#dump_state")).to_contain_text("Picture covered", timeout=PATIENCE_MS)
    expect(page.locator("#dumped")).to_contain_text("Picture covered by a card from 2 s ago on")
    page.click("#cover_blur")
    until(page, "s.cover.spans.at(-1).how === 'blur'")
    page.click("#release_cover")
    until(page, "s.cover.spans.every((span) => span.until_s !== null)")
    expect(page.locator("#release_cover")).to_be_disabled(timeout=PATIENCE_MS)
    page.evaluate("document.activeElement.blur()")


def test_the_sound_is_muted_and_released_by_keys(page: Page) -> None:
    page.keyboard.press("s")
    until(page, "s.mute.spans.length > 0")
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)
    expect(page.locator("#release_mute")).to_be_enabled(timeout=PATIENCE_MS)
    page.keyboard.press("g")
    until(page, "s.mute.spans.every((span) => span.until_s !== null)")


def test_what_can_be_touched_is_large_enough_and_fits_the_screen(page: Page) -> None:
    for thing in page.locator("#dump :is(button, select)").all():
        box = thing.bounding_box()
        assert box is not None
        assert box["height"] >= 48
        assert box["width"] >= 48
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.evaluate("innerWidth")


def test_as_far_back_as_the_delay_allows_can_be_chosen(page: Page) -> None:
    words = page.locator("#dump_ago option").all_text_contents()
    assert words == ["now", "1 s ago", "2 s ago", "3 s ago"]


def test_a_cover_that_comes_too_late_is_said(page: Page) -> None:
    refused = page.evaluate(
        """async () => {
          const { Dump } = await import("/static/dump.js");
          const told = [];
          const dump = new Dump(document.querySelector("#dump"), { add: (text) => told.push(text) });
          window.fetch = async () => new Response('{"error": "it comes 2 s too late"}', { status: 409 });
          await dump.do("cover_blur");
          return told;
        }"""
    )
    assert refused == ["Refused: it comes 2 s too late"]


def test_an_output_tells_how_its_server_takes_the_stream(page: Page) -> None:
    text = page.evaluate(
        """async () => {
          const { Outputs } = await import("/static/outputs.js");
          const list = document.createElement("ul");
          new Outputs(list, () => {}).show([{
            number: 0, kind: "stream", name: "rtmp://a/b/***", state: "on", elapsed_s: 5, trouble: null,
            can_start: false, can_download: false, graphics: true, gaps: 2, lost_s: 1,
            bitrate_kbps: 1500, most_kbps: 8000, arrives_kbps: 980.4, backlog_s: 1.26,
          }]);
          return list.querySelector("small").textContent;
        }"""
    )
    assert text == "0.98 Mbit/s arrive · up to 1.5 Mbit/s sent · 1.3 s behind · lost 2 times"
