"""Two encoders' video of the same frames, joined at a keyframe: no frame is lost, none comes twice."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.gst.output.splice import MOST_HELD, Source, Splice
from pipeline.gst.runtime import Gst

FRAME_NS = 40_000_000


def _sample(number: int, *, is_key: bool, size: int) -> Gst.Sample:
    buffer = Gst.Buffer.new_allocate(None, size, None)
    buffer.pts = number * FRAME_NS
    if not is_key:
        buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    return Gst.Sample.new(buffer, None, segment, None)


def _shared(number: int, *, is_key: bool = False) -> Gst.Sample:
    return _sample(number, is_key=is_key, size=1)


def _own(number: int, *, is_key: bool = False) -> Gst.Sample:
    return _sample(number, is_key=is_key, size=2)


def _seen(samples: list[Gst.Sample]) -> list[tuple[int, int]]:
    """The number of each frame, and 1 for the shared encoder's or 2 for the own one's."""
    found = []
    for sample in samples:
        buffer = sample.get_buffer()
        assert buffer is not None
        found.append((buffer.pts // FRAME_NS, buffer.get_size()))
    return found


@given(st.integers(0, 5), st.integers(0, 12), st.randoms(use_true_random=False), st.integers(1, 8))
def test_whichever_encoder_is_ahead_each_frame_comes_once_and_in_order(
    begin: int, ahead: int, random: Random, interval: int
) -> None:
    """The own encoder gets its first frame, a keyframe, after the change was asked for; then it goes back."""
    splice, passed, changes = Splice(), [], 0
    for number in range(begin):
        passed += splice.take("shared", _shared(number, is_key=number % 4 == 0))
    splice.go_to("own")
    frames: dict[Source, list[int]] = {
        "shared": list(range(begin, 60)),
        "own": list(range(begin + ahead, 60)),
    }
    is_over = False
    while any(frames.values()):
        source = random.choice([name for name in frames if frames[name]])
        number = frames[source].pop(0)
        is_key = number % interval == 0 if source == "shared" else number == begin + ahead
        passed += splice.take(source, (_shared if source == "shared" else _own)(number, is_key=is_key))
        if splice.source == "own" and number > 40 and changes == 0:
            changes = 1
            splice.go_to("shared")
        if not frames[source]:
            rest, was_last = splice.end(source)
            passed, is_over = passed + rest, is_over or was_last
    assert is_over
    assert [number for number, _ in _seen(passed)] == list(range(60))
    for (_, before), (number, after) in pairwise(_seen(passed)):
        if after != before:  # a receiver needs a keyframe there
            assert number % interval == 0 if after == 1 else number == begin + ahead


def test_what_the_encoder_delivers_that_is_not_wanted_is_left_out() -> None:
    splice = Splice()
    assert splice.take("own", _own(0, is_key=True)) == []
    assert _seen(splice.take("shared", _shared(0, is_key=True))) == [(0, 1)]
    assert splice.source == "shared"


def test_a_change_that_is_given_up_passes_on_what_was_held() -> None:
    splice = Splice()
    splice.go_to("own")
    assert splice.take("shared", _shared(0, is_key=True)) == []
    assert splice.is_switching
    assert _seen(splice.release()) == [(0, 1)]
    assert not splice.is_switching
    assert _seen(splice.take("shared", _shared(1))) == [(1, 1)]


def test_an_encoder_that_never_delivers_is_not_waited_for_without_end() -> None:
    splice = Splice()
    splice.go_to("own")
    passed = [each for number in range(MOST_HELD + 10) for each in splice.take("shared", _shared(number))]
    assert [number for number, _ in _seen(passed)] == list(range(MOST_HELD + 10))
    assert not splice.is_switching


def test_a_keyframe_that_is_not_later_than_what_was_passed_on_is_not_used() -> None:
    splice = Splice()
    splice.take("shared", _shared(5, is_key=True))
    splice.go_to("own")
    assert splice.take("own", _own(5, is_key=True)) == []
    assert splice.take("own", _own(6, is_key=True)) == []  # the frames before it may yet come
    assert _seen(splice.take("shared", _shared(6))) == [(6, 2)]
