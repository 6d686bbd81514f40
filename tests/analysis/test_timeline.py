"""Tests of the timeline: against a plain list, and its waiting readers."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analysis.detector import DetectionSet
from pipeline.analysis.timeline import EVERYTHING_KNOWN_NS, NOTHING_KNOWN_NS, Timeline
from pipeline.errors import ConfigError
from pipeline.timebase import NS_PER_S, Nanoseconds
from tests.analysis.fakes import BALL, WAIT_S, ms

SPAN_S = 5.0


def seen(time_ns: int) -> DetectionSet:
    return DetectionSet(Nanoseconds(time_ns), (BALL,))


@settings(max_examples=60)
@given(st.lists(st.integers(-20, 60), max_size=80))
def test_the_timeline_equals_a_sorted_list_cut_at_the_span(times_s: list[int]) -> None:
    came: list[int] = []
    timeline = Timeline(SPAN_S, lambda one: came.append(one.time_ns // NS_PER_S))
    model: list[int] = []
    for time_s in times_s:
        accepted = timeline.add(seen(time_s * NS_PER_S))
        oldest_s = max([*model, time_s]) - SPAN_S
        assert accepted == (time_s >= oldest_s)
        model = sorted(at for at in [*model, time_s] if at >= oldest_s)
        assert [entry.time_ns for entry in timeline.all()] == [at * NS_PER_S for at in model]
    assert came == times_s, "in the order of arrival, and those that are too late too"
    state = timeline.statistics()
    assert state.added == state.held + state.aged
    assert len(times_s) == state.added + state.too_late
    for t0_s, t1_s in [(0, 10), (5, 5), (7, 3)]:
        times = [entry.time_ns // NS_PER_S for entry in timeline.between(t0_s * NS_PER_S, t1_s * NS_PER_S)]
        assert times == [at for at in model if t0_s <= at <= t1_s]


def test_late_and_out_of_order_results_are_sorted_in() -> None:
    timeline = Timeline(SPAN_S)
    for time_ms in (200, 100, 200, 0):
        assert timeline.add(seen(ms(time_ms)))
    assert [entry.time_ns for entry in timeline.all()] == [0, ms(100), ms(200), ms(200)]
    assert timeline.statistics().out_of_order == 2
    assert not timeline.add(seen(-6 * NS_PER_S))
    assert timeline.statistics().too_late == 1


def test_known_until_never_goes_back() -> None:
    timeline = Timeline()
    assert timeline.known_until_ns == NOTHING_KNOWN_NS
    timeline.mark_known(ms(100))
    timeline.mark_known(ms(50))
    assert timeline.known_until_ns == ms(100)
    timeline.open_writer("a second that comes late")
    assert timeline.known_until_ns == ms(100)


def test_known_until_is_that_of_the_slowest_writer() -> None:
    timeline = Timeline()
    timeline.open_writer("fast")
    timeline.open_writer("slow")
    timeline.mark_known(ms(300), "fast")
    assert timeline.known_until_ns == NOTHING_KNOWN_NS
    timeline.mark_known(ms(100), "slow")
    assert timeline.known_until_ns == ms(100)
    timeline.finish("slow")
    assert timeline.known_until_ns == ms(300)
    assert not timeline.finished
    timeline.finish("fast")
    assert timeline.finished
    assert timeline.known_until_ns == EVERYTHING_KNOWN_NS


def test_a_wait_ends_only_when_the_time_is_known() -> None:
    timeline = Timeline()
    assert not timeline.wait_known(ms(100), timeout_s=0)
    came = threading.Event()
    answers: list[bool] = []

    def reader() -> None:
        answers.append(timeline.wait_known(ms(100), WAIT_S))
        came.set()

    thread = threading.Thread(target=reader)
    thread.start()
    timeline.mark_known(ms(99))
    assert not answers
    timeline.mark_known(ms(100))
    assert came.wait(WAIT_S)
    thread.join()
    assert answers == [True]


def test_finish_releases_every_waiter_for_good() -> None:
    timeline = Timeline()
    timeline.open_writer("never heard of again")
    timeline.finish()
    timeline.finish()
    assert timeline.wait_known(1 << 50, timeout_s=0)
    assert timeline.finished


def test_a_wait_can_be_cancelled() -> None:
    timeline = Timeline()
    cancelled = threading.Event()
    answers: list[bool] = []
    thread = threading.Thread(
        target=lambda: answers.append(timeline.wait_known(ms(1), WAIT_S, cancelled.is_set))
    )
    thread.start()
    cancelled.set()
    timeline.wake()
    thread.join(WAIT_S)
    assert answers == [False]


def test_a_span_of_zero_is_refused() -> None:
    with pytest.raises(ConfigError, match="span"):
        Timeline(0.0)


def test_the_repr_shows_the_state() -> None:
    timeline = Timeline()
    timeline.add(seen(0))
    assert repr(timeline) == "<Timeline 1 sets, open>"
    timeline.finish()
    assert "finished" in repr(timeline)
