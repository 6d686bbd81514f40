"""Spans against a plain model: what holds at each time, whatever was asked for in whichever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.buffering.spans import Span, Spans

LAST = 30
TIMES = st.integers(0, LAST)
ADDED = st.tuples(TIMES, st.one_of(st.none(), st.integers(1, 12)), st.sampled_from("ab"))


@given(st.lists(st.one_of(ADDED, TIMES), max_size=12))
def test_the_newest_holds_and_nothing_inside_it_ends_it(
    asked: list[tuple[int, int | None, str] | int],
) -> None:
    spans: Spans[str] = Spans()
    model = [""] * (LAST + 20)
    for one in asked:
        if isinstance(one, int):
            spans = spans.until(one)
            model[one:] = [""] * len(model[one:])
            continue
        begin_ns, length, held = one
        end_ns = None if length is None else begin_ns + length
        spans = spans.with_span(Span(begin_ns, end_ns, held))
        model[begin_ns:end_ns] = [held] * len(model[begin_ns:end_ns])
    for time_ns, held in enumerate(model):
        assert [span.held for span in spans.in_range(time_ns, time_ns + 1)] == ([held] if held else [])
    for begin_ns in range(0, LAST, 3):
        for end_ns in range(begin_ns + 1, LAST, 4):
            assert bool(spans.in_range(begin_ns, end_ns)) == any(model[begin_ns:end_ns])
    for one, after in zip(spans.all, spans.all[1:], strict=False):
        assert one.last_ns < after.begin_ns or (one.last_ns == after.begin_ns and one.held != after.held)


def test_what_has_ended_is_forgotten() -> None:
    spans = Spans((Span(0, 5, "a"), Span(7, 9, "a"), Span(10, None, "a")))
    assert spans.forget(5).all == (Span(7, 9, "a"), Span(10, None, "a"))
    assert spans.forget(1000).all == (Span(10, None, "a"),)
