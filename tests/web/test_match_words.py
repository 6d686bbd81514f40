"""What the match panel sends and says, computed by the page's own module in a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from playwright.sync_api import Page

from pipeline.run.match_view import sport_view
from pipeline.scoring import SPORT_NAMES, Clock, load_sport
from pipeline.timebase import NS_PER_S
from tests.chromium import chromium
from tests.web.test_bounds import WebLimits, served

pytestmark = pytest.mark.xdist_group("match panel")

SPORTS = {name: json.loads(json.dumps(asdict(sport_view(load_sport(name))))) for name in SPORT_NAMES}
WORDS = {"done": "Home +1", "what": "Home +1"}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """An empty page of a dashboard: it may load the module, and runs nothing else."""
    with served(WebLimits()) as (address, _port), chromium() as browser:
        page = browser.new_page()
        page.goto(f"{address}docs")
        yield page


def call(page: Page, name: str, *given: Any) -> Any:
    return page.evaluate(
        "async ([name, given]) => (await import('/static/match_words.js'))[name](...given)", [name, given]
    )


@pytest.mark.parametrize(
    ("seen", "sent"),
    [
        ("live", {"seconds_ago": 3, "if_late": "refuse"}),
        ("delayed", {"shown_seconds_ago": 3, "if_late": "soonest"}),
    ],
)
def test_a_moment_counts_from_what_the_person_watches(page: Page, seen: str, sent: dict[str, Any]) -> None:
    assert call(page, "drawnMoment", seen, 3) == sent
    assert call(page, "moment", seen, 3) == {key: value for key, value in sent.items() if key != "if_late"}


def test_what_is_entered_again_keeps_its_moment(page: Page) -> None:
    soonest = {"if_late": "soonest"}
    assert call(page, "again", {"seconds_ago": 10, "if_late": "refuse"}, 4) == {"seconds_ago": 14} | soonest
    assert call(page, "again", {"shown_seconds_ago": 0}, 4) == {"shown_seconds_ago": 4} | soonest
    assert call(page, "again", {"captured_s": 7.5}, 4) == {"captured_s": 7.5} | soonest


@pytest.mark.parametrize("name", SPORT_NAMES)
def test_the_time_that_a_clock_shows_is_read_back_to_what_it_counts(page: Page, name: str) -> None:
    sport = load_sport(name)
    for number in range(1, len(sport.periods) + 1):
        for elapsed_s in (0, 1, 59, 61, 245):
            text = Clock(0, False, number, elapsed_s * NS_PER_S).text_at(0, sport)
            time = call(page, "shownTime", text)
            read = call(page, "elapsedWhere", SPORTS[name], number, time["minutes"], time["seconds"])
            assert read == {"elapsed_s": elapsed_s}, (number, text)


@pytest.mark.parametrize(
    ("name", "number", "minutes", "seconds", "told"),
    [
        ("football", 2, 44, 59, '"Second half" begins at 45:00'),
        ("handball", 1, 30, 1, '"First half" ends at 30:00'),
        ("basketball", 1, 10, 1, '"First quarter" has 10:00'),
        ("football", 1, 3, 60, "Give minutes and seconds"),
        ("football", 1, -1, 0, "Give minutes and seconds"),
        ("football", 1, 1.5, 0, "Give minutes and seconds"),
        ("football", 1, 1000, 0, "Give minutes and seconds"),
        ("football", 1, None, 0, "Give minutes and seconds"),
    ],
)
def test_a_time_that_its_clock_never_shows_is_refused_with_the_reason(
    page: Page, name: str, number: int, minutes: float, seconds: float, told: str
) -> None:
    assert told in call(page, "elapsedWhere", SPORTS[name], number, minutes, seconds)["refusal"]


def test_a_clock_that_runs_on_may_show_added_time(page: Page) -> None:
    assert call(page, "elapsedWhere", SPORTS["football"], 1, 47, 12) == {"elapsed_s": 47 * 60 + 12}


LATE = "viewers have seen that moment."


@pytest.mark.parametrize(
    ("answer", "is_tagged", "said", "may_follow"),
    [
        ({"result": {"late_s": 0}}, False, "Home +1.", False),
        ({"result": {"late_s": 1.26}}, False, "Home +1. Viewers see it from now on; the moment", False),
        ({"result": {"late_s": 1.26}}, False, "was out already, by 1.3 s.", False),
        ({"status": 409, "late_s": 2.31}, False, f"Too late by 2.3 s: {LATE} Not entered: Home +1.", True),
        ({"status": 409, "late_s": 0.0}, True, f"by 0.1 s: {LATE} Tagged, but not counted: Home +1.", True),
        ({"status": 409, "refusal": "no such tag"}, False, "Not entered: Home +1. No such tag.", False),
        ({"status": 0, "refusal": "no answer"}, False, "No answer: Home +1. Look at the score", False),
    ],
)
def test_what_became_of_a_touch_is_said_in_words(
    page: Page, answer: dict[str, Any], is_tagged: bool, said: str, may_follow: bool
) -> None:
    told = call(page, "outcome", WORDS, answer, is_tagged)
    assert said in told["said"]
    assert (told["failed"], told["mayFollow"]) == ("result" not in answer, may_follow)


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ({"kind": "goal", "team": "home", "label": "Meyer"}, "Goal, SV Grün: Meyer"),
        ({"kind": "drop goal", "team": "away", "label": ""}, "Drop goal, FC Blau"),
        ({"kind": "rain", "team": None, "label": ""}, "Rain"),
        ({"kind": "a<b>", "team": None, "label": "&amp;"}, "A<b>: &amp;"),
    ],
)
def test_a_tag_is_named_with_its_team_and_label(page: Page, tag: dict[str, Any], words: str) -> None:
    match = {"home": {"name": "SV Grün"}, "away": {"name": "FC Blau"}}
    assert call(page, "tagWords", tag, match) == words


def test_a_time_is_stamped_as_a_person_reads_it(page: Page) -> None:
    stamps = {0: "0:00", 59.9: "0:59", 754.2: "12:34", 3723: "1:02:03", -0.5: "0:00"}
    for seconds, text in stamps.items():
        assert call(page, "stamp", seconds) == text
