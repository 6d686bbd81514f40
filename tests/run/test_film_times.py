"""FilmTimes: a captured moment is found where it was first shown, through freezes, replays and jumps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.run.film_times import FilmTimes

FRAME = 40


def shown_with(times: FilmTimes, jumps: list[int]) -> list[tuple[int, int]]:
    """Note ten frames, and ten more after each jump of so many frames; each one's shown and captured time."""
    shown, captured, frames = 0, 1000, []
    for jump in [0, *jumps]:
        captured += jump * FRAME
        for _ in range(10):
            times.note(shown, captured)
            frames.append((shown, captured))
            shown, captured = shown + FRAME, captured + FRAME
    return frames


@given(st.lists(st.integers(-30, 30), max_size=12), st.integers(0, 60), st.integers(1, 200))
def test_it_finds_the_first_frame_that_shows_the_moment(jumps: list[int], begin: int, length: int) -> None:
    times = FilmTimes()
    frames = shown_with(times, jumps)
    end = frames[-1][0] + FRAME
    begin_ns, end_ns = begin * FRAME, (begin + length) * FRAME
    inside = [frame for frame in frames if begin_ns <= frame[0] < end_ns]
    for moment in {frame[1] for frame in frames}:
        first = next((shown for shown, captured in inside if captured == moment), None)
        found = times.first_shown_ns(moment, begin_ns, min(end_ns, end))
        assert found == first
        between = times.first_shown_ns(moment + FRAME // 2, begin_ns, min(end_ns, end))
        assert first is None or between is not None


@given(st.lists(st.integers(-30, 30), max_size=12))
def test_it_tells_what_was_shown_when_and_where_playback_goes_from_here(jumps: list[int]) -> None:
    times = FilmTimes()
    assert not times.has_begun
    assert times.captured_ns(123) == times.shown_from_now_ns(123) == 123
    frames = shown_with(times, jumps)
    assert times.has_begun
    assert [times.captured_ns(at) for at, _captured in frames] == [captured for _at, captured in frames]
    assert times.captured_ns(-FRAME) == frames[0][1] - FRAME
    shown, captured = frames[-1]
    assert times.shown_from_now_ns(captured + FRAME) == shown + FRAME
