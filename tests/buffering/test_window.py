"""The window compared with a plain list: same entries and bounds after any operations."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.buffering import window as window_module
from pipeline.buffering.window import Entry, Window


def entry(order_ns: int, duration_ns: int, size_bytes: int, keyframe: bool, number: int) -> Entry:
    return Entry(order_ns, order_ns, order_ns + duration_ns, size_bytes, keyframe, number)


class WindowMachine(RuleBasedStateMachine):
    """`model` holds (sequence number, entry) of what the window should hold."""

    inter_coded = False

    def __init__(self) -> None:
        super().__init__()
        self.window = Window()
        self.model: list[tuple[int, Entry]] = []
        self.number = 0
        self.now_ns = 0

    @rule(
        step_ns=st.integers(0, 50), duration_ns=st.integers(0, 50), size=st.integers(0, 9), key=st.booleans()
    )
    def append(self, step_ns: int, duration_ns: int, size: int, key: bool) -> None:
        self.now_ns += step_ns
        made = entry(self.now_ns, duration_ns, size, key or not self.inter_coded, self.number)
        self.window.append(made)
        self.model.append((self.number, made))
        self.number += 1

    @rule(time_ns=st.integers(-10, 4000))
    def evict_before(self, time_ns: int) -> None:
        evicted = self.window.evict_before(time_ns)
        self._forget(evicted)
        if self.window.inter_coded:
            assert not self.model or not evicted or self.model[0][1].keyframe
        else:
            assert all(gone.end_ns <= time_ns for gone in evicted)
            assert not self.model or self.model[0][1].end_ns > time_ns

    @rule()
    def evict_oldest(self) -> None:
        evicted = self.window.evict_oldest()
        self._forget(evicted)
        assert evicted or not self.model
        if not self.window.inter_coded:
            assert len(evicted) <= 1

    @precondition(lambda self: self.model)
    @rule()
    def clear(self) -> None:
        self._forget(self.window.clear())
        assert not self.model

    @rule(order_ns=st.integers(-10, 4000))
    def look_up(self, order_ns: int) -> None:
        first = next((number for number, made in self.model if made.order_ns >= order_ns), self.number)
        assert self.window.index_at(order_ns) == first
        after = next((number for number, made in self.model if made.order_ns > order_ns), self.number)
        assert self.window.index_after(order_ns) == after
        assert self.window.index_from(0, order_ns) == after

    @rule(begin=st.integers(0, 100), count=st.integers(0, 20))
    def between(self, begin: int, count: int) -> None:
        expected = [made for number, made in self.model if begin <= number < begin + count]
        assert list(self.window.between(begin, begin + count)) == expected

    @rule(sequence=st.integers(0, 100))
    def keyframes(self, sequence: int) -> None:
        if self.model and self.model[0][0] <= sequence < self.number:
            place = self.window.keyframe_at_or_before(sequence)
            earlier = [n for n, made in self.model if n <= sequence and made.keyframe]
            assert place == (earlier[-1] if earlier else self.model[0][0])

    def _forget(self, evicted: list[Entry]) -> None:
        gone, self.model = self.model[: len(evicted)], self.model[len(evicted) :]
        assert [made for _, made in gone] == evicted, "the oldest are evicted, in order"

    @invariant()
    def check(self) -> None:
        window = self.window
        assert len(window) == len(self.model)
        assert window.end == self.number
        assert window.start == self.number - len(self.model)
        assert window.size_bytes == sum(made.size_bytes for _, made in self.model)
        assert [window[number] for number, _ in self.model] == [made for _, made in self.model]
        assert window.get(window.start - 1) is None
        assert window.get(window.end) is None


class InterCodedMachine(WindowMachine):
    """The same with frames that need the ones before them."""

    inter_coded = True


TestWindow = WindowMachine.TestCase
TestWindow.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestInterCodedWindow = InterCodedMachine.TestCase
TestInterCodedWindow.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_memory_of_evicted_entries_is_freed() -> None:
    window = Window()
    for number in range(10 * window_module.COMPACT_AFTER):
        window.append(entry(number, 1, 1, True, number))
        window.evict_before(number - 10)
    assert len(window) == 11
    assert len(window._entries) <= 2 * window_module.COMPACT_AFTER


def inter_coded(keyframes: set[int], count: int) -> Window:
    window = Window()
    for number in range(count):
        window.append(Entry(number, number, number + 1, 1, number in keyframes, None))
    return window


@pytest.mark.parametrize(
    ("sequence", "before", "after"), [(0, 0, 3), (2, 0, 3), (3, 3, 7), (6, 3, 7), (7, 7, 9), (8, 7, 9)]
)
def test_an_inter_coded_stream_is_entered_at_a_keyframe(sequence: int, before: int, after: int) -> None:
    window = inter_coded({0, 3, 7}, 9)
    assert window.keyframe_at_or_before(sequence) == before
    assert window.keyframe_after(sequence) == after
    assert [entry.time_ns for entry in window.evict_oldest()] == [0, 1, 2]
    assert window.keyframe_at_or_before(1) == window.start == 3


def test_only_what_is_in_the_window_is_found_there() -> None:
    window = inter_coded({0, 2}, 4)
    window.evict_oldest()
    assert [window[number].time_ns for number in (2, 3)] == [2, 3]
    for number in (1, 4):
        assert window.get(number) is None
        with pytest.raises(IndexError, match=rf"^entry {number} is not in the window \(2 to 4\)$"):
            window[number]
