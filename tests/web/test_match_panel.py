"""The match panel in a real Chromium with a real run: each touch is tested by what the run then holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipeline.scoring.tags import TagLog
from tests.web.live import Live, until, wait_in

pytestmark = pytest.mark.xdist_group("match panel")

HOME, AWAY = "SV Grün-Weiß", "FC Blau 1912"
PHONE = {"viewport": {"width": 360, "height": 800}, "has_touch": True, "is_mobile": True}
WIDTH = 360
TOUCHABLE = "#match :is(button, input, select, summary, .choice span)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("match")


@pytest.fixture(scope="module")
def live(folder: Path) -> Iterator[Live]:
    live = start(folder, "football")
    yield live
    live.end()


def start(folder: Path, sport: str, **more: Any) -> Live:
    """A run that takes little of the machine, and whose delay leaves time to enter something."""
    teams = {"sport": sport, "home": HOME, "away": AWAY, "home_colour": "#1b7f3b", "away_colour": "#ffd700"}
    groups = {
        "teams": teams,
        "graphics": {"scoreboard": True},
        "export": {"tags_out": str(folder / f"{sport}.jsonl")},
    }
    source = "match?size=640x214&fps=5"
    return Live(source=source, delay_s=6.0, groups=groups, clips=str(folder), size="320x180", **more)


@pytest.fixture
def page(browser: Browser, live: Live) -> Iterator[Page]:
    yield from phone(browser, live)


@pytest.fixture
def other(browser: Browser, live: Live) -> Iterator[Page]:
    yield from phone(browser, live)


def phone(browser: Browser, live: Live) -> Iterator[Page]:
    """The page on a phone, with its panel; fails at the end if the page had an error."""
    faults: list[str] = []
    context = browser.new_context(**PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(live.address)
    page.wait_for_selector("#match:not([hidden])", timeout=60_000)
    wait_in(page, "document.querySelector('.pill.playing')")
    yield page
    context.close()
    assert faults == []


def match(page: Page) -> Any:
    return page.evaluate("async () => (await (await fetch('/api/state')).json()).match")


def press(page: Page, name: str) -> None:
    """Touch the button that a screen reader calls by this name."""
    page.get_by_role("button", name=name, exact=True).tap()


def undo_last(page: Page, words: str) -> None:
    """Touch the button beside the last tag, which a screen reader calls by the tag's words and its time."""
    button = page.locator("#match-tags button").first
    assert (button.get_attribute("aria-label") or "").startswith(f"Undo {words}, at ")
    button.tap()


def hear(page: Page, role: str, text: str) -> None:
    """Wait until the live region of this role says so."""
    wait_in(page, f"document.querySelector('.said [role={role}]').textContent.includes({json.dumps(text)})")


def ago(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).check(force=True)


def test_plus_minus_and_undo_change_the_score_and_the_page_shows_it(page: Page) -> None:
    before = match(page)["newest"]
    press(page, f"+1 point, {HOME}")
    hear(page, "status", f"{HOME} +1.")
    until(page, f"s.match.newest.home === {before['home'] + 1}")
    wait_in(page, f"document.querySelector('#match-home-points').textContent === '{before['home'] + 1}'")
    until(page, f"s.match.shown.home === {before['home'] + 1}")
    press(page, "Undo")
    hear(page, "status", f"Taken back: {HOME} +1")
    until(page, f"s.match.newest.home === {before['home']}")
    press(page, f"+1 point, {AWAY}")
    until(page, f"s.match.newest.away === {before['away'] + 1}")
    press(page, f"−1 point, {AWAY}")
    until(page, f"s.match.newest.away === {before['away']}")


def test_two_phones_that_press_plus_at_once_lose_no_goal(page: Page, other: Page) -> None:
    before = match(page)["newest"]["home"]
    presses = 5
    for _ in range(presses):
        for one in (page, other):  # without waiting for an answer
            one.evaluate("document.querySelector('#match-home .plus').click()")
        for one in (page, other):
            wait_in(one, "!document.querySelector('#match-home .plus.busy')")
    until(page, f"s.match.newest.home === {before + 2 * presses}")
    for one in (page, other):
        wait_in(one, f"document.querySelector('#match-home-points').textContent === '{before + 2 * presses}'")


def test_a_goal_tags_and_counts_and_undo_takes_both_back(page: Page, folder: Path) -> None:
    before = match(page)["newest"]["home"]
    page.fill("#match-label", "Meyer")
    press(page, f"Goal +1, {HOME}")
    hear(page, "status", f"Tagged and counted: Goal, {HOME}: Meyer +1.")
    until(page, f"s.match.newest.home === {before + 1}")
    tag = match(page)["tags"][0]
    assert (tag["kind"], tag["team"], tag["label"], tag["points"]) == ("goal", "home", "Meyer", 1)
    assert page.input_value("#match-label") == ""
    page.wait_for_selector(f"#match-tags li:has-text('Goal, {HOME}: Meyer (+1)')")
    undo_last(page, f"Goal, {HOME}: Meyer")
    hear(page, "status", f"Taken back: Goal, {HOME}: Meyer, and 1 from the score.")
    until(page, f"s.match.newest.home === {before}")
    until(page, f"s.match.tags.every(({{ id }}) => id !== {tag['id']})")
    lines = (folder / "football.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert tag["id"] not in [each.number for each in TagLog.read(lines, "football.jsonl").tags()]


def test_a_goal_only_tags_where_goals_do_not_count(page: Page) -> None:
    before = match(page)["newest"]
    page.get_by_text("Settings of this phone").tap()
    page.get_by_role("checkbox").uncheck()
    page.fill("#match-who", "Ana")
    press(page, f"Goal, {AWAY}")
    hear(page, "status", f"Tagged: Goal, {AWAY}.")
    until(page, "s.match.tags[0]?.who === 'Ana'")
    now = match(page)
    assert now["tags"][0]["points"] == 0
    assert now["newest"]["away"] == before["away"]
    page.reload()  # the phone remembers it
    page.wait_for_selector("#match:not([hidden])")
    assert not page.get_by_role("checkbox", include_hidden=True).is_checked()
    page.get_by_role("button", name=f"Goal, {AWAY}", exact=True).wait_for()


def test_what_comes_too_late_is_said_and_can_be_counted_from_now_on(page: Page) -> None:
    until(page, "s.position_s > 1")
    before = match(page)
    ago(page, "10 seconds ago")
    press(page, f"+1 point, {HOME}")
    hear(page, "alert", "viewers have seen that moment. Not entered: SV Grün-Weiß +1.")
    assert page.inner_text(".said [role=alert]").startswith("Too late by ")
    assert match(page)["newest"]["home"] == before["newest"]["home"]
    press(page, "Count it from now on")
    hear(page, "status", f"{HOME} +1. Viewers see it from now on")
    until(page, f"s.match.newest.home === {before['newest']['home'] + 1}")
    ago(page, "10 seconds ago")
    press(page, f"Goal +1, {AWAY}")
    hear(page, "alert", f"Tagged, but not counted: Goal, {AWAY}.")
    newest = max((tag["id"] for tag in before["tags"]), default=0)
    until(page, f"s.match.tags[0]?.id > {newest}")
    tag = match(page)["tags"][0]
    assert (tag["kind"], tag["team"], tag["points"]) == ("goal", "away", 0)
    press(page, "Count it from now on")
    hear(page, "status", f"Tagged and counted: Goal, {AWAY} +1.")
    until(page, f"s.match.tags[0]?.id === {tag['id']} && s.match.tags[0]?.points === 1")
    page.wait_for_selector("#match-tags li:first-child:has-text('(+1)')")
    undo_last(page, f"Goal, {AWAY}")
    until(page, f"s.match.newest.away === {before['newest']['away']}")


def test_what_is_seen_on_the_delayed_picture_is_keyed_to_what_is_shown(page: Page) -> None:
    page.get_by_role("radio", name="Delayed picture").check(force=True)
    press(page, f"Save, {HOME}")
    hear(page, "status", f"Tagged: Save, {HOME}.")
    until(page, "s.match.tags[0]?.kind === 'save'")
    now = match(page)
    assert now["tags"][0]["time_s"] <= now["shown"]["captured_s"] <= now["newest"]["captured_s"]
    press(page, f"+1 point, {AWAY}")  # its frame is out, or about to be
    hear(page, "status", f"{AWAY} +1.")
    until(page, f"s.match.newest.away === {now['newest']['away'] + 1}")
    ago(page, "3 seconds ago")
    press(page, f"Corner, {HOME}")
    hear(page, "status", f"Tagged: Corner, {HOME}.")
    until(page, "s.match.tags[0]?.kind === 'corner'")
    assert page.get_by_role("radio", name="now").is_checked()  # a choice is for one touch


def test_the_clock_starts_stops_goes_to_the_next_period_and_can_be_corrected(page: Page) -> None:
    press(page, "Start the clock")
    hear(page, "status", "Clock started.")
    until(page, "s.match.clock?.running && s.match.clock?.elapsed_s > 1")
    wait_in(page, "/^00:0[1-9]/.test(document.querySelector('#match-time').textContent)")
    press(page, "Stop the clock")
    hear(page, "status", "Clock stopped.")
    until(page, "!s.match.clock?.running")
    page.get_by_text("Correct the clock").tap()
    page.fill("#match-minutes", "46")
    page.fill("#match-seconds", "3")
    page.fill("#match-added", "2")
    press(page, "Set the clock")
    hear(page, "status", "Clock set.")
    until(page, "s.match.newest.clock === '46:03' && s.match.newest.added === '+2'")
    press(page, "Next: 2nd, Second half")
    hear(page, "status", "Second half: press Start when it begins.")
    until(page, "s.match.clock?.period === 2 && s.match.newest.clock === '45:00'")
    assert match(page)["clock"] == {"running": False, "period": 2, "elapsed_s": 0.0, "added_min": 0}
    wait_in(page, "document.querySelector('#match-time').textContent === '45:00'")
    page.get_by_text("Correct the clock").tap()
    page.fill("#match-minutes", "44")
    press(page, "Set the clock")
    hear(page, "alert", 'The clock was not set: "Second half" begins at 45:00.')
    page.select_option("#match-period", label="First half")
    press(page, "Set the clock")
    until(page, "s.match.clock?.period === 1 && s.match.newest.clock === '00:00'")


def test_a_word_of_ones_own_is_a_tag_with_a_team_or_without(page: Page) -> None:
    press(page, "no team")
    hear(page, "alert", "Give a word first.")
    page.fill("#match-own", "Regen <b>")
    press(page, "no team")
    hear(page, "status", "Tagged: Regen <b>.")
    page.fill("#match-own", "penalty")
    press(page, f"FCB: tag the word for {AWAY}")
    hear(page, "status", f"Tagged: Penalty, {AWAY}.")
    until(page, "s.match.tags[0]?.kind === 'penalty' && s.match.tags[0]?.team === 'away'")
    assert (match(page)["tags"][1]["kind"], match(page)["tags"][1]["team"]) == ("Regen <b>", None)


def test_on_a_phone_everything_can_be_touched_and_read(page: Page) -> None:
    press(page, f"+1 point, {HOME}")
    hear(page, "status", "+1.")
    for summary in page.locator("#match summary").all():
        summary.tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    for thing in page.locator(TOUCHABLE).all():
        box = thing.bounding_box()
        if box is None or thing.get_attribute("type") == "checkbox":  # its label is as high
            continue
        assert box["height"] >= 48, thing.evaluate("(e) => e.outerHTML")
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= WIDTH
    box = page.locator("#match-goals-label").bounding_box()
    assert box is not None
    assert box["height"] >= 48
    for name in (f"+1 point, {HOME}", "Start the clock", f"Goal +1, {AWAY}", f"Substitution, {AWAY}"):
        page.get_by_role("button", name=name, exact=True).wait_for()
    assert faint(page) == []


def faint(page: Page) -> list[str]:
    """What has less contrast than 4.5 to 1 (text) or 3 to 1 (the edge of a control), by WCAG 2.2."""
    found: list[str] = page.evaluate(
        """() => {
          const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
          const over = ([r, g, b, a = 1], below) => [r, g, b].map((value, at) => value * a + below[at] * (1 - a));
          const ground = (one) => one === null ? [0, 0, 0]
            : over(parts(getComputedStyle(one).backgroundColor), ground(one.parentElement));
          const light = (colour) => {
            const [r, g, b] = colour.map((value) => value / 255)
              .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const contrast = (one, two) => {
            const [low, high] = [light(one), light(two)].sort((a, b) => a - b);
            return (high + 0.05) / (low + 0.05);
          };
          const faint = [];
          for (const one of document.querySelectorAll("#match *")) {
            const style = getComputedStyle(one), below = ground(one);
            if (!one.offsetHeight || style.opacity === "0") continue;
            const hasText = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
            if (hasText && contrast(over(parts(style.color), below), below) < 4.5) faint.push(one.outerHTML);
            if (!["BUTTON", "INPUT", "SELECT"].includes(one.tagName)) continue;
            const edge = contrast(over(parts(style.borderTopColor), below), ground(one.parentElement));
            if (style.borderTopWidth !== "0px" && edge < 3) faint.push(`edge ${one.outerHTML}`);
          }
          return faint;
        }"""
    )
    return found


def test_a_sport_has_its_own_steps_fouls_and_kinds(browser: Browser, folder: Path) -> None:
    live = start(folder, "basketball")
    try:
        pages = phone(browser, live)
        page = next(pages)
        press(page, f"+3 points, {HOME}")
        until(page, "s.match.newest.home === 3")
        press(page, f"+1 foul, {AWAY}")
        hear(page, "status", f"{AWAY} +1 foul.")
        until(page, "s.match.newest.away_fouls === 1")
        press(page, f"−1 foul, {AWAY}")
        until(page, "s.match.newest.away_fouls === 0")
        press(page, f"Steal, {AWAY}")
        until(page, "s.match.tags[0]?.kind === 'steal'")
        press(page, "Start the clock")
        until(page, "s.match.newest.clock < '10:00'")
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        assert page.locator("#match-added-label").is_hidden()
        assert list(pages) == []
    finally:
        live.end()


def test_the_end_tells_what_was_written(browser: Browser, folder: Path) -> None:
    live = start(folder, "handball", outputs=[folder / "film.mkv"])
    pages = phone(browser, live)
    try:
        page = next(pages)
        press(page, f"Goal +1, {HOME}")
        hear(page, "status", "counted")
        live.play_out()
    finally:
        live.end()
    page.wait_for_selector("#ended:has-text('The run has ended')")
    assert page.locator("#ended li").all_inner_texts() == ["film.mkv\ncomplete", "handball.jsonl\ncomplete"]
    for gone in ("#match", "#record", "#outputs"):
        assert page.locator(gone).is_hidden()
    assert page.inner_text("#state") == "ended"
    assert list(pages) == []
