"""Restarts: what is started again, and after which pause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.supervision.restarts import Ended, RestartLimits, Restarts

LIMITS = RestartLimits(first_pause_s=1, longest_pause_s=30, stable_s=60, attempts=3)


@pytest.mark.parametrize(
    ("ended", "is_restarted"),
    [
        (Ended(0, 5), False),
        (Ended(1, 5), True),
        (Ended(2, 5), False),
        (Ended(3, 5), True),
        (Ended(130, 5), False),
        (Ended(-9, 5), True),
        (Ended(-11, 5), True),
        (Ended(-6, 5, was_silent=True), True),
        (Ended(1, 5, is_complete=True), False),
        (Ended(-11, 5, is_complete=True), False),
    ],
)
def test_what_failed_is_started_again(ended: Ended, is_restarted: bool) -> None:
    assert (Restarts(LIMITS).pause_s(ended, is_live=True) is not None) is is_restarted


def test_the_pause_doubles_up_to_its_limit() -> None:
    restarts = Restarts(LIMITS)
    pauses = [restarts.pause_s(Ended(1, 5), is_live=True) for _ in range(8)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert restarts.count == 8


def test_a_stable_run_ends_the_row() -> None:
    restarts = Restarts(LIMITS)
    for on_air_s, pause_s in ((0, 1), (59, 2), (60, 1), (0, 2), (1000, 1)):
        assert restarts.pause_s(Ended(1, 2000, on_air_s), is_live=False) == pause_s


def test_a_run_that_was_long_but_never_on_air_is_not_stable() -> None:
    restarts = Restarts(LIMITS)
    restarts.pause_s(Ended(1, 5), is_live=True)
    assert restarts.pause_s(Ended(1, 5000, on_air_s=0), is_live=True) == 2


def test_what_is_not_live_is_given_up() -> None:
    restarts = Restarts(LIMITS)
    pauses = [restarts.pause_s(Ended(-11, 5), is_live=False) for _ in range(4)]
    assert pauses == [1, 2, 4, None]


@given(st.lists(st.tuples(st.sampled_from([1, -6, -9, -11]), st.floats(0, 1e6)), max_size=80))
def test_a_live_run_is_never_given_up(ends: list[tuple[int, float]]) -> None:
    restarts = Restarts(LIMITS)
    for code, on_air_s in ends:
        pause_s = restarts.pause_s(Ended(code, on_air_s, on_air_s), is_live=True)
        assert pause_s is not None
        assert 1 <= pause_s <= 30


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Ended(1, 5), "status 1"),
        (Ended(-11, 5), "killed by SIGSEGV"),
        (Ended(-60, 5), "killed by signal 60"),
        (Ended(-9, 5, was_silent=True), "gave no sign"),
    ],
)
def test_the_reason_is_said(ended: Ended, said: str) -> None:
    assert said in ended.reason
    assert ended.status == 1


def test_a_first_run_that_somebody_waits_for_is_given_up_at_once() -> None:
    waited_for = RestartLimits(first_attempts=0)
    assert Restarts(waited_for).pause_s(Ended(1, 5), is_live=True) is None
    slow = Restarts(waited_for)
    assert slow.pause_s(Ended(-6, 60, was_silent=True), is_live=True) is not None
    once_on_air = Restarts(waited_for)
    assert once_on_air.pause_s(Ended(1, 5, on_air_s=2), is_live=True) is not None
    assert once_on_air.pause_s(Ended(1, 5), is_live=True) is not None
