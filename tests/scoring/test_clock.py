"""The match clock: exact at every captured time, sport by sport."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.scoring import SPORT_NAMES, Clock, load_sport
from pipeline.timebase import NS_PER_MS, NS_PER_S

MIN_NS = 60 * NS_PER_S


@pytest.mark.parametrize(
    ("sport", "period", "elapsed_s", "text"),
    [
        ("football", 1, 0, "00:00"),
        ("football", 1, 47 * 60 + 12.999, "47:12"),
        ("football", 2, 0, "45:00"),
        ("football", 3, 61, "91:01"),
        ("football", 30, 0, "495:00"),
        ("rugby", 2, 41 * 60, "81:00"),
        ("handball", 2, 31 * 60, "60:00"),
        ("basketball", 1, 0, "10:00"),
        ("basketball", 1, 0.001, "10:00"),
        ("basketball", 1, 1.0, "09:59"),
        ("basketball", 4, 540.0, "01:00"),
        ("basketball", 4, 540.001, "59.9"),
        ("basketball", 4, 590.75, "09.2"),
        ("basketball", 4, 700, "00.0"),
        ("basketball", 5, 0, "05:00"),
        ("basketball", 7, 0, "05:00"),
        ("field_hockey", 1, 899.5, "00:01"),
        ("field_hockey", 1, 900, "00:00"),
        ("ice_hockey", 3, 1, "19:59"),
        ("futsal", 2, 0, "20:00"),
    ],
)
def test_what_each_sport_shows(sport: str, period: int, elapsed_s: float, text: str) -> None:
    rules = load_sport(sport)
    clock = Clock(5 * NS_PER_S, True, period)
    assert clock.text_at(5 * NS_PER_S + round(elapsed_s * NS_PER_S), rules) == text
    stopped = Clock(0, False, period, round(elapsed_s * NS_PER_S))
    assert stopped.text_at(99 * MIN_NS, rules) == text


@given(
    sport=st.sampled_from(SPORT_NAMES),
    captured_ns=st.integers(-(10**15), 10**15),
    elapsed_ns=st.integers(0, 90 * MIN_NS),
    passed_ns=st.integers(0, 90 * MIN_NS),
    period=st.integers(1, 8),
)
def test_a_clock_that_is_set_again_as_it_stands_shows_the_same(
    sport: str, captured_ns: int, elapsed_ns: int, passed_ns: int, period: int
) -> None:
    rules = load_sport(sport)
    clock = Clock(captured_ns, True, period, elapsed_ns)
    now_ns = captured_ns + passed_ns
    again = Clock(now_ns, True, period, clock.elapsed_at(now_ns, rules))
    later_ns = now_ns + 7 * NS_PER_S + NS_PER_MS
    assert again.text_at(now_ns, rules) == clock.text_at(now_ns, rules)
    assert again.text_at(later_ns, rules) == clock.text_at(later_ns, rules)
    assert clock.elapsed_at(now_ns, rules) <= clock.elapsed_at(later_ns, rules)


def test_a_frame_just_before_its_time_shows_the_clock_as_it_was_set() -> None:
    assert Clock(NS_PER_S, True, 1, 9 * NS_PER_S).elapsed_at(0, load_sport("football")) == 9 * NS_PER_S


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("captured_ns", 1.0),
        ("captured_ns", True),
        ("captured_ns", 1 << 64),
        ("running", 1),
        ("running", None),
        ("period", 0),
        ("period", 31),
        ("period", True),
        ("elapsed_ns", -1),
        ("elapsed_ns", float("nan")),
        ("elapsed_ns", 10**15),
        ("added_min", -1),
        ("added_min", 100),
        ("added_min", "3"),
    ],
)
def test_a_value_that_no_clock_has_is_refused_in_one_line(name: str, value: object) -> None:
    values: dict[str, object] = {"captured_ns": 0, "running": True, name: value}
    with pytest.raises(ConfigError, match="; allowed: ") as caught:
        Clock(**values)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
