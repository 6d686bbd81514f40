"""Score, clock and tags over HTTP in a live run: what is answered, and what is refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from pipeline.timebase import ns_to_seconds
from tests.web.live import Live


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(clips=str(tmp_path_factory.mktemp("clips")), scoreboard=True)
    yield live
    live.end()


def post(live: Live, name: str, /, **body: Any) -> tuple[int, Any]:
    """The status and the result, or the error."""
    try:
        with urlopen(asked(live, name, body)) as answer:
            return answer.status, json.load(answer)["result"]
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)["error"]


def asked(live: Live, name: str, body: dict[str, Any]) -> Request:
    return Request(
        f"{live.address}api/{name}", json.dumps(body).encode(), {"content-type": "application/json"}
    )


def tags(live: Live) -> list[dict[str, Any]]:
    with urlopen(f"{live.address}api/tags") as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def test_score_and_clock_hold_from_their_moment_on(live: Live) -> None:
    newest_ns = live.run.buffer_manager.newest_ns
    assert newest_ns is not None
    at_s = round(ns_to_seconds(newest_ns) + 5, 3)  # not yet captured: never late
    score = {"home": 1, "away": 0, "home_fouls": 0, "away_fouls": 0, "captured_s": at_s, "late_s": 0.0}
    assert post(live, "score", home=1, away=0, captured_s=at_s) == (200, score)
    clock = {
        "captured_s": at_s,
        "running": True,
        "period": 2,
        "elapsed_s": 3.5,
        "added_min": 0,
        "late_s": 0.0,
    }
    assert post(live, "clock", running=True, period=2, elapsed_s=3.5, captured_s=at_s) == (200, clock)
    annotations = live.run.buffer_manager.annotations
    assert annotations.at("score", round(at_s * 1e9)).data.home == 1  # type: ignore[union-attr]


def test_seconds_ago_count_from_the_newest_frame(live: Live) -> None:
    before_ns = live.run.buffer_manager.newest_ns
    status, tag = post(live, "tags", kind="save", seconds_ago=0)  # a tag is never too late
    after_ns = live.run.buffer_manager.newest_ns
    assert status == 200
    assert before_ns is not None
    assert after_ns is not None
    assert before_ns <= round(tag["time_s"] * 1e9) <= after_ns
    post(live, "undo_tag", id=tag["id"])


def test_a_lower_third_holds_for_its_seconds_and_a_replay_sign_until_it_is_off(live: Live) -> None:
    newest_ns = live.run.buffer_manager.newest_ns
    assert newest_ns is not None
    at_s = round(ns_to_seconds(newest_ns)) + 5.0
    third = {"name": "Eva", "role": "Coach", "until_s": at_s + 2}
    assert post(live, "lower_third", name="Eva", role="Coach", seconds=2, captured_s=at_s) == (200, third)
    assert post(live, "lower_third", name="Max", seconds=None, captured_s=at_s + 1)[1]["until_s"] is None
    assert post(live, "lower_third", name="", captured_s=at_s + 6) == (200, None)
    assert post(live, "replay", on=True, word="Noch einmal", captured_s=at_s) == (200, "Noch einmal")
    assert post(live, "replay", on=False, captured_s=at_s + 4) == (200, None)
    graphics = live.run.match.graphics
    assert graphics is not None
    shown = [
        [value for template, values in graphics(round((at_s + after_s) * 1e9)) for value in values.values()]
        for after_s in (-0.5, 0.5, 1.5, 3.5, 6.5)
    ]
    words = [[word for word in ("Eva", "Max", "Noch einmal") if word in values] for values in shown]
    assert words == [[], ["Eva", "Noch einmal"], ["Max", "Noch einmal"], ["Max", "Noch einmal"], []]


BODIES = {
    "score": {"home": 1, "away": 0},
    "clock": {"running": True},
    "lower_third": {"name": "Eva"},
    "replay": {"on": True},
}


@pytest.mark.parametrize("name", list(BODIES))
def test_what_comes_too_late_is_refused_with_how_late_it_is(live: Live, name: str) -> None:
    status, error = post(live, name, **BODIES[name], captured_s=0)
    assert status == 409
    assert f"{name} for 0.000 s comes" in error
    assert "s too late" in error


def test_how_late_it_came_is_a_number_too_and_soonest_shows_it_from_then_on(live: Live) -> None:
    body = {"team": "away", "points": 1, "captured_s": 0.0}
    with pytest.raises(HTTPError) as refused:
        urlopen(asked(live, "add_to_score", body))
    with refused.value:
        assert json.load(refused.value)["late_s"] > 0
    status, entered = post(live, "add_to_score", **body, if_late="soonest")
    assert status == 200
    assert entered["late_s"] == entered["captured_s"] > 0
    held = live.run.buffer_manager.annotations.at("score", round(entered["captured_s"] * 1e9))
    assert held is not None
    assert held.data.away == entered["away"] == 1
    status, clock = post(live, "clock", running=True, captured_s=0.0, if_late="soonest")
    assert (status, clock["captured_s"], clock["late_s"] > 0) == (200, 0.0, True)


def test_the_points_of_a_tag_are_told_and_go_with_it(live: Live) -> None:
    at_s = ns_to_seconds(live.run.buffer_manager.newest_ns or 0) + 60
    _, tag = post(live, "tags", kind="goal", team="home", captured_s=at_s)
    _, before = post(live, "add_to_score", team="home", points=1, tag=tag["id"], captured_s=at_s)
    assert [each["points"] for each in tags(live) if each["id"] == tag["id"]] == [1]
    assert post(live, "undo_tag", id=tag["id"]) == (200, tag | {"points": 1})
    held = live.run.buffer_manager.annotations.at("score", round(at_s * 1e9))
    assert held is not None
    assert held.data.home == before["home"] - 1


def test_shown_seconds_ago_count_from_the_frame_that_is_shown(live: Live) -> None:
    _, tag = post(live, "tags", kind="chance", shown_seconds_ago=0)
    _, before = post(live, "tags", kind="chance", shown_seconds_ago=0.4)
    newest_s = ns_to_seconds(live.run.buffer_manager.newest_ns or 0)
    assert 0 < tag["time_s"] <= newest_s
    post(live, "undo_tag", id=tag["id"])
    post(live, "undo_tag", id=before["id"])


def test_tags_are_listed_in_order_of_the_match_until_they_are_taken_back(live: Live) -> None:
    _, later = post(live, "tags", kind="goal", team="home", label="Müller", who="phone", seconds_ago=0)
    status, first = post(live, "tags", kind="Ecke", captured_s=0.04)
    said = {"kind": "Ecke", "team": None, "label": "", "who": "", "points": 0}
    assert (status, first) == (200, {"id": first["id"], "time_s": 0.04, "clock": first["clock"]} | said)
    assert tags(live) == [first, later]
    assert post(live, "undo_tag", id=later["id"]) == (200, later)
    assert tags(live) == [first]
    status, error = post(live, "undo_tag", id=later["id"])
    assert (status, error) == (409, f"there is no tag {later['id']}; look at the list of tags")


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("score", {"home": -1, "away": 0, "seconds_ago": 0}, 422),
        ("score", {"home": True, "away": 0, "seconds_ago": 0}, 422),
        ("score", {"home": 1.5, "away": 0, "seconds_ago": 0}, 422),
        ("score", {"home": 1, "away": 0}, 409),
        ("score", {"home": 1, "away": 0, "seconds_ago": 0, "captured_s": 0}, 409),
        ("score", {"home": 1, "away": 0, "home_fouls": 1, "seconds_ago": 0}, 409),
        ("score", {"home": 1, "away": 0, "seconds_ago": -1}, 422),
        ("score", {"home": 1, "away": 0, "seconds_ago": "1"}, 422),
        ("score", {"home": 1, "away": 0, "seconds_ago": 0, "shown_seconds_ago": 0}, 409),
        ("score", {"home": 1, "away": 0, "seconds_ago": 0, "if_late": "never"}, 422),
        ("add_to_score", {"team": "home", "seconds_ago": 0}, 409),
        ("add_to_score", {"team": "home", "points": -90, "seconds_ago": 0}, 409),
        ("add_to_score", {"team": "home", "points": 1, "tag": 999, "seconds_ago": 0}, 409),
        ("add_to_score", {"team": "third", "points": 1, "seconds_ago": 0}, 422),
        ("add_to_score", {"points": 1, "seconds_ago": 0}, 422),
        ("add_to_score", {"team": "home", "points": 0.5, "seconds_ago": 0}, 422),
        ("clock", {"running": 1, "seconds_ago": 0}, 422),
        ("clock", {"running": True, "period": 0, "seconds_ago": 0}, 422),
        ("clock", {"running": True, "elapsed_s": float("nan"), "seconds_ago": 0}, 422),
        ("tags", {"kind": "", "seconds_ago": 0}, 422),
        ("tags", {"kind": "goal", "team": "third", "seconds_ago": 0}, 422),
        ("tags", {"kind": "a\nb", "seconds_ago": 0}, 409),
        ("tags", {"kind": "goal", "label": "x" * 121, "seconds_ago": 0}, 422),
        ("undo_tag", {"id": 0}, 422),
        ("lower_third", {"name": "x" * 61, "seconds_ago": 0}, 422),
        ("lower_third", {"name": "a\nb", "seconds_ago": 0}, 409),
        ("lower_third", {"name": "a", "seconds": 0, "seconds_ago": 0}, 422),
        ("lower_third", {"name": "a"}, 409),
        ("replay", {"on": 1, "seconds_ago": 0}, 422),
        ("replay", {"on": True, "word": "x" * 21, "seconds_ago": 0}, 422),
        ("replay", {"on": True, "word": " ", "seconds_ago": 0}, 409),
    ],
)
def test_a_bad_value_is_refused_and_changes_nothing(
    live: Live, name: str, body: dict[str, Any], status: int
) -> None:
    before = tags(live)
    answered, error = post(live, name, **body)
    assert (answered, "\n" in error) == (status, False)
    assert tags(live) == before
