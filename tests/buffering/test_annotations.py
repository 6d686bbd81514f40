"""Annotations: each frame shows what holds at its time, and what it has shown never changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.buffering import annotations
from pipeline.buffering.annotations import ROUNDING_NS, Annotation, Annotations, checked
from pipeline.errors import ConfigError, LateError, StateError
from tests.buffering.lines import FRAME_NS, MS, S, fill, make_line, run, sent

DELAY_NS = 5 * S


def add(held: Annotations, at_ns: int, data: object = None, kind: str = "score") -> None:
    held.add(Annotation(kind, data, at_ns), DELAY_NS)


@given(st.lists(st.integers(0, 20 * S), max_size=30), st.integers(0, 20 * S))
def test_a_frame_shows_the_newest_of_its_time_or_before(times_ns: list[int], frame_ns: int) -> None:
    held = Annotations()
    for number, time_ns in enumerate(times_ns):
        add(held, time_ns, number)
    past = [(time_ns, n) for n, time_ns in enumerate(times_ns) if time_ns <= frame_ns + ROUNDING_NS]
    shown = held.at("score", frame_ns)
    assert (None if shown is None else (shown.captured_ns, shown.data)) == max(past, default=None)
    assert held.at("clock", frame_ns) is None


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60, 29.97])
def test_a_time_in_milliseconds_means_the_frame_that_it_was_read_from(fps: float) -> None:
    for number in range(1, 200):
        frames_ns = [round(each * S / fps) for each in (number - 1, number)]
        held = Annotations()
        add(held, round(frames_ns[1] / MS) * MS, "goal")
        assert [held.at("score", time_ns) is not None for time_ns in frames_ns] == [False, True]


@given(st.data())
def test_what_a_frame_has_shown_never_changes(data: st.DataObject) -> None:
    held, shown, frame_ns = Annotations(), {}, 0
    for number in range(data.draw(st.integers(1, 30))):
        if data.draw(st.booleans()):
            frame_ns += FRAME_NS
            held.settle(frame_ns, frame_ns - data.draw(st.integers(0, 10)) * FRAME_NS)
            shown[frame_ns] = held.at("score", frame_ns)
        time_ns = data.draw(st.integers(-S, 3 * S))
        is_late = frame_ns > 0 and time_ns <= frame_ns + ROUNDING_NS
        if is_late:
            with pytest.raises(LateError) as caught:
                add(held, time_ns, number)
            assert caught.value.late_s == pytest.approx((frame_ns + ROUNDING_NS - time_ns) / S)
        else:
            add(held, time_ns, number)
        newest = list(shown)[-1:]
        assert [held.at("score", each) for each in newest] == [shown[each] for each in newest]


def test_how_late_it_came_is_said_and_how_long_the_delay_is() -> None:
    held = Annotations()
    held.settle(10 * S, 0)
    with pytest.raises(
        LateError, match=r"score for 8\.500 s comes 1\.501 s too late: .*; the delay is 5\.00 s"
    ):
        add(held, 8 * S + 500 * MS)


def test_the_soonest_time_is_the_first_that_is_not_refused() -> None:
    held = Annotations()
    assert held.soonest_ns is None
    held.settle(10 * S, 0)
    soonest_ns = held.soonest_ns
    assert soonest_ns is not None
    add(held, soonest_ns, "in time")
    with pytest.raises(LateError):
        add(held, soonest_ns - 1)
    assert held.at("score", 11 * S) == Annotation("score", "in time", soonest_ns)


def test_one_of_the_same_time_replaces_the_one_before() -> None:
    held = Annotations()
    for data in ("wrong", "right"):
        add(held, S, data)
    assert [each.data for each in held.between(0, 2 * S)] == ["right"]


def test_what_no_stored_frame_shows_is_forgotten_and_what_holds_still_is_not() -> None:
    held = Annotations()
    for second in range(6):
        add(held, second * S, second)
    held.settle(5 * S, 3 * S + 500 * MS)
    assert [each.data for each in held.between(0, 10 * S)] == [3, 4, 5]
    held.settle(60 * S, 60 * S)
    assert [each.data for each in held.between(0, 60 * S)] == [5]


def test_between_gives_one_kind_or_all_in_the_order_of_time() -> None:
    held = Annotations()
    add(held, 2 * S, "later")
    add(held, S, 7, kind="clock")
    add(held, 3 * S, "beyond")
    assert [each.data for each in held.between(S, 3 * S)] == [7, "later"]
    assert [each.data for each in held.between(S, 3 * S, "clock")] == [7]


def test_one_kind_has_a_bound_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotations, "MOST_OF_A_KIND", 3)
    held = Annotations()
    for second in range(3):
        add(held, second * S)
    with pytest.raises(StateError, match="3 annotations of kind 'score' wait already"):
        add(held, 4 * S)
    add(held, 4 * S, kind="clock")


@pytest.mark.parametrize(
    ("kind", "captured_ns", "said"),
    [
        ("", 0, "a name"),
        (" ", 0, "a name"),
        (7, 0, "a name"),
        ("a", 1.5, "whole"),
        ("a", True, "whole"),
        ("a", None, "whole"),
    ],
)
def test_foreign_values_are_refused(kind: object, captured_ns: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        checked(kind, None, captured_ns)


@pytest.mark.parametrize("clocked", [True, False])
def test_the_line_settles_what_it_hands_to_playback(clocked: bool) -> None:
    line = make_line(clocked=clocked)
    fill(line, 0.8)
    add(line.annotations, 0, "begin")
    last_ns = max(
        time_ns for now_ms in range(0, 500, 10) for time_ns in sent(run(line, now_ms * MS), "video")
    )
    with pytest.raises(LateError):
        add(line.annotations, last_ns)
    add(line.annotations, last_ns + FRAME_NS)
    line.clear()
    add(line.annotations, 0)
    assert line.annotations.between(0, S) == [Annotation("score", None, 0)]
