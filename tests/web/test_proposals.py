"""Proposals of tags over HTTP and as cards on the page: taken, dismissed, and only then tags."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page

from pipeline.proposals.proposal import Proposal
from pipeline.run.tag_book import read_tags
from pipeline.timebase import NS_PER_S
from tests.gst.output.peers import wait_until
from tests.web.live import Live, until, wait_in
from tests.web.test_accessibility import complaints
from tests.web.test_match_actions import post

pytestmark = [pytest.mark.xdist_group("match panel"), pytest.mark.timeout(600)]

NOBODY = 10_000_000
"""Numbers that the run itself does not come to."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proposals")


@pytest.fixture(scope="module")
def live(folder: Path) -> Iterator[Live]:
    groups = {
        "teams": {"home": "SV Grün", "away": "FC Blau", "home_short": "GRÜ"},
        "export": {"tags_out": str(folder / "tags.jsonl")},
        "proposals": {"kinds": ["kick-off"]},
        "buffer": {"stall_timeout_s": 120},  # a machine with much to do is not what is tested
    }
    live = Live(source="match?size=640x214&fps=5", delay_s=3.0, clips=str(folder), groups=groups)
    yield live
    live.end()


def propose(live: Live, number: int, kind: str = "goal") -> float:
    """Propose something of now; returns its captured time in seconds."""
    manager = live.run.buffer_manager
    wait_until(lambda: manager.newest_ns is not None, "a frame")  # the window of a slow machine may be empty
    newest_ns = manager.newest_ns
    assert newest_ns is not None
    cues = ("ball in the left goal", "crowd 12 dB louder for 7 s", "whistle")
    proposal = Proposal(NOBODY + number, kind, newest_ns, 0.8, cues, newest_ns)  # type: ignore[arg-type]
    live.run.match.proposals.put(proposal)
    return newest_ns / NS_PER_S


def listed(live: Live, number: int) -> dict[str, Any]:
    with urlopen(f"{live.address}api/proposals") as answer:
        found: list[dict[str, Any]] = json.load(answer)
    (one,) = (one for one in found if one["id"] == NOBODY + number)
    return one


def test_a_proposal_becomes_a_tag_of_its_moment_when_it_is_taken(live: Live, folder: Path) -> None:
    at_s = propose(live, 1)
    assert listed(live, 1)["state"] == "open"
    assert [tag for tag in read_tags(folder / "tags.jsonl") if tag.label == "Meyer"] == []
    status, tag = post(live, "take_proposal", id=NOBODY + 1, team="home", label="Meyer", who="phone")
    assert (status, tag["kind"], tag["team"], round(tag["time_s"], 6)) == (
        200,
        "goal",
        "home",
        round(at_s, 6),
    )
    (kept,) = [tag for tag in read_tags(folder / "tags.jsonl") if tag.label == "Meyer"]
    assert kept.captured_ns == round(at_s * NS_PER_S)
    assert (listed(live, 1)["state"], listed(live, 1)["tag"]) == ("taken", tag["id"])
    assert post(live, "take_proposal", id=NOBODY + 1)[0] == 409
    assert post(live, "undo_tag", id=tag["id"])[0] == 200
    assert listed(live, 1)["state"] == "open"
    assert post(live, "dismiss_proposal", id=NOBODY + 1) == (200, None)
    assert listed(live, 1)["state"] == "dismissed"
    assert post(live, "dismiss_proposal", id=NOBODY + 1)[0] == 409
    assert post(live, "dismiss_proposal", id=NOBODY + 77)[0] == 409
    assert post(live, "take_proposal", id=0)[0] == 422


def test_chapters_to_paste_are_answered_as_soon_as_there_are_enough(live: Live) -> None:
    assert chapters(live, "?format=tiktok")[0] == 422
    assert chapters(live, "?format=ffmetadata")[1].startswith(";FFMETADATA1\n")
    status, text = chapters(live)
    assert status == 200 or (status == 409 and "fewer than 3 chapters of 10 s so far" in text)


def chapters(live: Live, query: str = "") -> tuple[int, str]:
    try:
        with urlopen(f"{live.address}api/chapters{query}") as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)["error"]


def opened(browser: Browser, live: Live, size: tuple[int, int]) -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(live.address)
    page.wait_for_selector("#match:not([hidden])", timeout=60_000)
    return page


@pytest.mark.parametrize("size", [(390, 844), (1280, 900)], ids=["phone", "desktop"])
def test_a_touch_on_a_card_tags_and_counts_and_another_puts_one_away(
    browser: Browser, live: Live, size: tuple[int, int]
) -> None:
    page = opened(browser, live, size)
    taken, put_away = 10 + size[0], 11 + size[0]
    propose(live, taken)
    card = f"#match-proposals [data-id='{NOBODY + taken}']"
    page.wait_for_selector(card, timeout=60_000)
    assert "Goal? ball in the left goal, crowd 12 dB louder for 7 s, whistle;" in page.inner_text(card)
    assert complaints(page) == []
    assert min(box["height"] for box in map(bounds, page.locator(f"{card} button").all())) >= 48
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    before = page.evaluate("async () => (await (await fetch('/api/state')).json()).match.newest.home")
    page.get_by_role("button", name="GRÜ: take as goal of SV Grün").click()
    until(page, f"s.match.newest.home === {before + 1}")
    wait_in(page, "document.querySelector('#match-tags').textContent.includes('Goal, SV Grün (+1)')")
    wait_in(page, f'!document.querySelector("{card}")')
    propose(live, put_away, "chance")
    page.wait_for_selector(f"#match-proposals [data-id='{NOBODY + put_away}']", timeout=60_000)
    page.get_by_role("button", name="Dismiss: chance").first.click()
    wait_in(page, "document.querySelector('.said [role=status]').textContent.includes('Dismissed: Chance?')")
    wait_in(page, f"!document.querySelector(\"#match-proposals [data-id='{NOBODY + put_away}']\")")
    page.close()


def bounds(locator: Any) -> Any:
    return locator.bounding_box()


def test_goals_come_first_and_old_cards_go(browser: Browser, live: Live) -> None:
    page = opened(browser, live, (390, 844))
    shown = page.evaluate(
        """async () => {
          const { chosen } = await import("/static/proposals.js");
          const one = (id, kind, time_s) => ({ id, kind, time_s });
          return chosen([one(1, "stop", 99), one(2, "chance", 95), one(3, "goal", 60), one(4, "stop", 70),
            one(5, "chance", 98), one(6, "kick-off", 30)], 100).map(({ id }) => id);
        }"""
    )
    assert shown == [3, 5, 2]
    page.close()
