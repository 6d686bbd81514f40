"""A stream's frame rate: by its header where that can be true and agrees with the timestamps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.media.frame_rate import ENOUGH, MOST, FrameDurations, MeasuredRate, is_rate
from pipeline.timebase import NS_PER_S, Nanoseconds


def measured(fps: float, frames: int, missing: frozenset[int] = frozenset()) -> MeasuredRate:
    rate = MeasuredRate()
    for index in range(frames):
        if index not in missing:
            rate.add(Nanoseconds(round(index * NS_PER_S / fps)))
    return rate


@pytest.mark.parametrize(
    ("numerator", "denominator", "can_be"),
    [(25, 1, True), (30000, 1001, True), (240, 1, True), (90000, 1, False), (1000, 1, False), (0, 1, False),
     (25, 0, False), (2147483647, 1, False), (-25, 1, False)],
)  # fmt: skip
def test_only_a_sane_fraction_is_a_rate(numerator: int, denominator: int, can_be: bool) -> None:
    assert is_rate(numerator, denominator) == can_be


@given(fps=st.floats(1, 240), header=st.floats(1, 300), frames=st.integers(0, MOST + 40))
def test_a_header_that_contradicts_the_timestamps_is_corrected(
    fps: float, header: float, frames: int
) -> None:
    rate = measured(fps, frames)
    corrected = rate.corrected(header)
    assert rate.is_known == (frames > ENOUGH)
    if not rate.is_known or 0.85 < header / fps < 1.2:
        assert corrected == header
    elif not 0.75 < header / fps < 1.3:
        assert corrected == pytest.approx(fps, rel=1e-3)


def test_missing_frames_do_not_change_the_rate() -> None:
    assert measured(25, 100, frozenset(range(40, 60))).corrected(0) == pytest.approx(25)


def test_frames_that_come_in_decoding_order_tell_the_rate() -> None:
    rate = MeasuredRate()
    for index in (0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11):
        rate.add(Nanoseconds(index * NS_PER_S // 50))
    assert rate.corrected(0) == pytest.approx(50)


def test_the_early_rate_does_not_depend_on_when_it_is_asked() -> None:
    rate = measured(25, ENOUGH + 1)
    early = rate.early_fps
    for index in range(20):
        rate.add(Nanoseconds(NS_PER_S + index * NS_PER_S // 100))
    assert rate.early_fps == early == pytest.approx(25)


def lasting(fps: float, said: float, frames: int) -> list[float]:
    """How long the frames of a stream last, in frames of `fps`, whose header says `said` frames a second."""
    durations, frame_ns = FrameDurations(), NS_PER_S / fps
    said_ns = Nanoseconds(round(NS_PER_S / said) if said else 0)
    return [
        durations.checked(Nanoseconds(round(index * frame_ns)), said_ns) / frame_ns for index in range(frames)
    ]


@given(fps=st.floats(5, 120), factor=st.floats(0.02, 50), frames=st.integers(ENOUGH + 1, 60))
def test_a_header_does_not_say_how_long_a_frame_lasts_if_the_timestamps_deny_it(
    fps: float, factor: float, frames: int
) -> None:
    lasts = lasting(fps, fps * factor, frames)
    assert 1 / 1.26 < lasts[-1] < 1.26
    if factor < 0.75:  # a duration that is too long would make a film too long
        assert max(lasts[2:]) < 1.26


def test_frames_without_a_duration_last_as_long_as_usual() -> None:
    assert lasting(25, 0, ENOUGH + 1)[-1] == pytest.approx(1)


@given(st.lists(st.integers(10, 3000), min_size=ENOUGH + 1, max_size=40))
def test_a_recording_that_says_truly_how_long_each_frame_lasts_is_believed(lasts_ms: list[int]) -> None:
    durations, time_ns = FrameDurations(), 0
    for lasts in lasts_ms:
        said_ns = Nanoseconds(lasts * 1_000_000)
        assert durations.checked(Nanoseconds(time_ns), said_ns) == said_ns
        time_ns += said_ns


@given(st.permutations(range(3)), st.integers(3, 12))
def test_frames_in_decoding_order_keep_their_duration(order: list[int], groups: int) -> None:
    durations, frame_ns = FrameDurations(), Nanoseconds(NS_PER_S // 25)
    for group in range(groups):
        for index in order:
            time_ns = Nanoseconds((3 * group + index) * frame_ns)
            assert durations.checked(time_ns, frame_ns) == frame_ns


def test_the_first_two_frames_may_agree_with_a_header() -> None:
    assert measured(25, 2).agrees(25)
    assert not measured(25, 2).agrees(1)
    assert not measured(25, 1).agrees(25)
    assert measured(25, 12).early_corrected(1) == pytest.approx(25)


@pytest.mark.parametrize(
    ("missing", "is_steady"),
    [
        (lambda number: False, True),
        (lambda number: number in (20, 40, 41, 42, 60), True),
        (lambda number: 20 <= number < 60, True),
        (lambda number: number % 3 == 0, False),
        (lambda number: number % 4 == 0, False),
        (lambda number: number % 2 == 0, True),
    ],
)
def test_frames_come_at_one_rate_unless_many_spacings_differ(
    missing: Callable[[int], bool], is_steady: bool
) -> None:
    rate = MeasuredRate()
    for number in range(100):
        assert number > 8 or rate.is_steady, "too few to tell"
        if not missing(number):
            rate.add(Nanoseconds(number * 40_000_000))
    assert rate.is_steady is is_steady
