"""A director's wait ends where the memory has no room for the frames that it waits for."""

from __future__ import annotations

import threading

import pytest

from pipeline.analysis.timeline import Timeline
from pipeline.run.bounded_timeline import BoundedTimeline
from pipeline.timebase import NS_PER_S, Nanoseconds


def test_with_room_it_waits_until_the_time_is_known() -> None:
    timeline = Timeline()
    bounded = BoundedTimeline(timeline, lambda: None)
    assert not bounded.wait_known(NS_PER_S, 0.05)
    marking = threading.Timer(0.05, timeline.mark_known, (Nanoseconds(NS_PER_S),))
    marking.start()
    assert bounded.wait_known(NS_PER_S)
    marking.join()
    assert bounded.known_until_ns == NS_PER_S


def test_without_room_it_waits_for_what_is_stored_and_no_longer() -> None:
    timeline = Timeline()
    bounded = BoundedTimeline(timeline, lambda: NS_PER_S)
    timeline.mark_known(Nanoseconds(NS_PER_S - 1))
    marking = threading.Timer(0.05, timeline.mark_known, (Nanoseconds(NS_PER_S),))
    marking.start()
    assert not bounded.wait_known(5 * NS_PER_S)
    assert timeline.known_until_ns == NS_PER_S
    marking.join()


@pytest.mark.parametrize("full_at_ns", [None, 3 * NS_PER_S])
def test_what_is_known_is_never_waited_for(full_at_ns: int | None) -> None:
    timeline = Timeline()
    timeline.finish()
    assert BoundedTimeline(timeline, lambda: full_at_ns).wait_known(9 * NS_PER_S)
