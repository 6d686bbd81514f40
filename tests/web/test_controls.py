"""The page's controls in a real Chromium: keys held down, a phone in landscape, what a screen reader gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.web.live import Live, until, wait_in

pytestmark = pytest.mark.xdist_group("browser-controls")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(size="240x240", clips=str(tmp_path_factory.mktemp("clips")))
    yield live
    live.end()


@pytest.fixture(params=[{"viewport": {"width": 1280, "height": 800}}])
def page(request: pytest.FixtureRequest, browser: Browser, live: Live) -> Iterator[Page]:
    context = browser.new_context(**request.param)
    page = context.new_page()
    page.goto(live.address)
    page.wait_for_selector(".pill.playing")
    # keys steer relative to the view that the page knows
    page.wait_for_selector("#scene .frame[points*=',']", state="attached")
    yield page
    context.close()


def landscape(width: int, height: int) -> dict[str, object]:
    return {"viewport": {"width": width, "height": height}, "has_touch": True, "is_mobile": True}


def test_a_key_held_down_acts_once_but_keeps_steering(page: Page) -> None:
    page.evaluate(
        """() => {
          const fetch = window.fetch;
          window.posted = [];
          window.fetch = (address, options) => {
            if (options?.method === "POST") window.posted.push(address);
            return fetch(address, options);
          };
        }"""
    )
    for _ in range(5):
        page.keyboard.down("c")
    page.keyboard.up("c")
    page.focus("#hold_camera")
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    for _ in range(3):
        page.keyboard.down("ArrowLeft")
        wait_in(page, "window.posted.at(-1) === '/api/take_over'")
        page.evaluate("window.posted.push('')")
    page.keyboard.up("ArrowLeft")
    posted = page.evaluate("window.posted")
    assert [posted.count(f"/api/{name}") for name in ("clips", "hold_camera", "take_over")] == [1, 1, 3]


def test_keys_work_with_caps_lock(page: Page) -> None:
    page.keyboard.press("H")
    until(page, "s.follows === 'operator'")
    expect(page.locator("#follows")).to_have_text("manual control")
    page.keyboard.press("B")
    until(page, "s.follows !== 'operator'")


def test_the_outline_of_the_view_has_the_videos_shape(page: Page) -> None:
    points = page.get_attribute("#scene .frame", "points") or ""
    x, y = zip(*(map(float, point.split(",")) for point in points.split()), strict=True)
    assert (max(x) - min(x)) / (max(y) - min(y)) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("page", [landscape(667, 375), landscape(844, 390)], indirect=True)
def test_a_phone_in_landscape_can_be_scrolled_beside_the_video(page: Page) -> None:
    fingers = page.context.new_cdp_session(page)
    width, height = page.evaluate("[innerWidth, innerHeight]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture = page.locator("#picture").bounding_box()
    assert picture is not None
    assert picture["height"] < 0.66 * height
    assert picture["width"] < 0.7 * width
    page.wait_for_selector("#sound", state="visible")
    sound = page.locator("#sound").bounding_box()
    assert sound is not None
    assert sound["y"] + sound["height"] < picture["y"] + picture["height"]  # no gap below the video

    def touch(kind: str, *places: float) -> None:
        points = [{"x": 0.9 * width, "y": y} for y in places]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.8 * height)
    for step in range(1, 9):
        touch("touchMove", (0.8 - 0.08 * step) * height)
    touch("touchEnd")
    wait_in(page, "scrollY > 40")
    assert page.inner_text("#follows") != "manual control"


def test_groups_and_buttons_have_accessible_names(page: Page) -> None:
    for name in ("Camera", "Time", "Recording and streams", "Clips"):
        expect(page.get_by_role("group", name=name)).to_be_visible()
    sound = page.locator("#sound")
    expect(sound).to_be_visible()
    for word in ("Unmute", "Mute", "Unmute"):
        expect(sound).to_have_text(word)
        assert sound.get_attribute("aria-pressed") is None  # the label says it already
        page.keyboard.press("m")


def test_dropped_frames_are_reported_every_few_seconds(page: Page) -> None:
    dropped = 0

    def drop(route: Route) -> None:
        nonlocal dropped
        dropped += 1
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"dropped": dropped})

    page.route("**/api/state", drop)
    event = page.locator("#events li", has_text="dropped")
    expect(event).to_have_count(1, timeout=20_000)
    assert int(event.inner_text().split()[-3]) > 2
    page.unroute_all(behavior="ignoreErrors")
