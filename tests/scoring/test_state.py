"""Teams, scores, sports and what a scoreboard shows; what is refused, and how."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.scoring import SPORT_NAMES, Clock, MatchScore, Team, load_sport, scoreboard_text
from pipeline.scoring.colour import contrast, readable_on
from pipeline.scoring.values import checked_side, checked_text
from pipeline.timebase import NS_PER_S

HOME, AWAY = Team("SV Grün-Weiß"), Team("東京ユナイテッド", colour="#FFD700")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("SV Grün-Weiß", "SVG"),
        ("FC", "FC"),
        ("1. FC Köln", "1FC"),
        ("東京ユナイテッド", "東京ユ"),
        ("الأهلي", "الأ"),
        ("e\u0301toile", "ÉTO"),
        (
            "\u0915\u093f\u0924\u093e\u092c",
            "\u0915\u093f\u0924\u093e\u092c",
        ),  # vowel signs stay with their letters
        ("!!!", "!!!"),
        ("ßßß", "SSSSSS"),
    ],
)
def test_a_team_without_a_short_name_gets_its_first_letters(name: str, short: str) -> None:
    assert Team(name).short == short


@given(st.text(max_size=80))
def test_any_name_is_refused_in_one_line_or_can_be_shown(name: str) -> None:
    team = None
    with suppress(ConfigError):
        team = Team(name)
    if team is None:
        with pytest.raises(
            ConfigError, match=r"^the team's name [^\n]*; allowed: 1 to 60 characters of one line$"
        ):
            Team(name)
    else:
        assert team.short
        assert 1 <= len(team.name) <= 60
        assert Team(team.name, team.short, team.colour, team.ink) == team


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "a" * 61,
        "a\nb",
        "a\x00b",
        "a\u202eb",
        "a\u2028b",
        "\ud800",
        "\ufffe",
        "\u200d",
        None,
        3,
        True,
        float("nan"),
    ],
)
def test_a_name_that_cannot_be_shown_is_refused(name: object) -> None:
    with pytest.raises(ConfigError, match="allowed: 1 to 60 characters of one line"):
        Team(name)  # type: ignore[arg-type]


def test_text_keeps_the_joiners_that_scripts_need() -> None:
    assert checked_text(" می\u200cخواهم ", "label", 60) == "می\u200cخواهم"


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "#1234567", 3, None, "url(http://x)"])
def test_what_is_no_colour_is_refused(colour: object) -> None:
    with pytest.raises(ConfigError, match="allowed: a colour as"):
        Team("FC", colour=colour)  # type: ignore[arg-type]


@given(st.integers(0, 0xFFFFFF))
def test_text_can_be_read_on_any_colour(number: int) -> None:
    colour = f"#{number:06x}"
    assert contrast(readable_on(colour), colour) >= 4.5


def test_a_team_is_home_or_away() -> None:
    assert [checked_side(side, "team") for side in ("home", "away", None)] == ["home", "away", None]
    for side in ("Home", "", 0, True, "third", ["home"]):
        with pytest.raises(ConfigError, match="allowed: home, away"):
            checked_side(side, "team")


@pytest.mark.parametrize("value", [-1, 1.0, True, "1", None, float("nan"), float("inf"), 10_000])
@pytest.mark.parametrize("name", ["home", "away", "home_fouls", "away_fouls"])
def test_a_number_that_no_score_has_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"{name} is .*; allowed: a whole number, 0 to"):
        MatchScore(**{name: value})  # type: ignore[arg-type]


def test_a_sport_refuses_what_it_does_not_count() -> None:
    MatchScore(120, 99, 4, 7).check(load_sport("basketball"))
    for score in (MatchScore(100), MatchScore(0, 100), MatchScore(0, 0, 1), MatchScore(0, 0, 0, 1)):
        with pytest.raises(ConfigError, match="allowed"):
            score.check(load_sport("football"))


def test_the_package_has_the_sports_that_it_names() -> None:
    assert SPORT_NAMES == (
        "basketball",
        "field_hockey",
        "football",
        "futsal",
        "handball",
        "ice_hockey",
        "rugby",
    )
    assert [load_sport(name).name for name in SPORT_NAMES] == list(SPORT_NAMES)


def test_before_anything_is_set_it_is_nil_to_nil_without_a_clock() -> None:
    text = scoreboard_text(load_sport("football"), HOME, AWAY, None, None, 0)
    assert (text.home_score, text.away_score, text.clock, text.period, text.added) == ("0", "0", "", "", "")
    assert (text.home_fouls, text.home_in_bonus) == ("", False)


def test_the_scoreboard_shows_score_clock_added_time_and_fouls() -> None:
    clock = Clock(0, True, 1, 2700 * NS_PER_S, added_min=3)
    text = scoreboard_text(load_sport("football"), HOME, AWAY, MatchScore(2, 1), clock, 61 * NS_PER_S)
    assert (text.home_score, text.away_score, text.clock, text.period, text.added) == (
        "2", "1", "46:01", "1st", "+3",
    )  # fmt: skip
    text = scoreboard_text(load_sport("basketball"), HOME, AWAY, MatchScore(0, 0, 5, 4), None, 0)
    assert (text.home_fouls, text.away_fouls, text.home_in_bonus, text.away_in_bonus) == (
        "5",
        "4",
        False,
        True,
    )


GOOD = """
version = 1
title = "Futnet"
source = "our club"
clock = { counts_down = false }
period = [{ name = "Set", short = "S", minutes = 15.0 }]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("15.0", "nan", "period.1.minutes"),
        ("15.0", "-1.0", "period.1.minutes"),
        ("15.0", "true", "period.1.minutes"),
        ("false", "1", "clock.counts_down"),
        ("counts_down = false", "counts_down = true, runs_on = true", "clock.runs_on"),
        ('"Set"', '"a\\nb"', "period.1.name"),
        ("Futnet", "x" * 41, "title"),
        ("version = 1", "version = 2", "version"),
        ("version = 1", "version = 1\nhalves = 2", "halves"),
        ("version = 1", "version = 1\ntags = ['']", "tags"),
        ("clock", "tags = ['try']\nscore.points = { goal = 1 }\nclock", "score.points: 'goal' .*: try"),
        ("clock", "score.points = { goal = 1 }\nclock", "score.points: 'goal' is none of its tags; .*: none"),
        ("clock", "score.steps = [0]\nclock", "score.steps.1"),
        ("clock", "score.steps = []\nclock", "score.steps"),
        ("version", "version = version", "not TOML"),
    ],
)
def test_a_bad_file_is_refused_with_its_name_the_key_and_what_is_wrong(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = tmp_path / "futnet.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_sport(str(path)).period(9).name == "Set"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=told) as caught:
        load_sport(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_sport_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no sport 'soccer'; give basketball, .*rugby, or a file"):
        load_sport("soccer")
    with pytest.raises(ConfigError, match="cannot read the sport"):
        load_sport("missing.toml")
