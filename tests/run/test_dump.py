"""The dump button: what is asked for holds from that moment on, and what was passed on before is told."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError, LateError, StateError
from pipeline.graphics.cover import Cover
from pipeline.run.dump import MOST_SPANS, Dump, end_of
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

FRAME_NS = NS_PER_S // 25
BLUR, CARD = Cover("blur"), Cover("card")


def at(frame: float) -> Nanoseconds:
    return Nanoseconds(round(frame * FRAME_NS))


def shown(dump: Dump, frame: int) -> Cover | None:
    """What covers a frame that is passed on now."""
    return dump.cover_at(at(frame), at(frame + 1))


def test_a_frame_that_overlaps_the_span_at_all_is_covered() -> None:
    dump = Dump(int)
    dump.cover(at(3.999), at(6.001), BLUR)
    assert [frame for frame in range(10) if shown(dump, frame)] == [3, 4, 5, 6]
    exact = Dump(int)
    exact.cover(at(4), at(6), BLUR)
    assert [frame for frame in range(10) if shown(exact, frame)] == [4, 5]


def test_a_span_that_has_begun_holds_at_once_and_tells_what_was_shown() -> None:
    dump = Dump(int)
    assert shown(dump, 9) is None
    assert dump.cover(at(4), at(20), BLUR).shown_ns == at(6)
    assert shown(dump, 10) is BLUR
    assert dump.cover(at(15), at(20), BLUR).shown_ns == 0


def test_a_span_all_of_which_was_shown_is_refused_with_how_late_it_is() -> None:
    dump = Dump(int)
    shown(dump, 24)
    dump.muted_at(at(0), at(50))
    with pytest.raises(LateError, match=r"cover until 0\.800 s comes 0\.200 s too late") as caught:
        dump.cover(at(4), at(20), BLUR)
    assert caught.value.late_s == pytest.approx(0.2)
    with pytest.raises(LateError, match=r"mute until 0\.800 s comes 1\.200 s too late"):
        dump.mute(at(4), at(20))
    assert dump.covers() == ((), False)


def test_an_older_end_inside_a_new_span_does_not_uncover_it() -> None:
    dump = Dump(int)
    dump.cover(at(2), at(5), BLUR)
    dump.cover(at(3), at(9), CARD)
    dump.cover(at(8), at(12), BLUR)
    found = [shown(dump, frame) for frame in range(13)]
    assert found == [None] * 2 + [BLUR] + [CARD] * 5 + [BLUR] * 4 + [None]


def test_released_by_hand_it_holds_up_to_that_time() -> None:
    dump = Dump(int)
    dump.cover(at(2), None, BLUR)
    dump.mute(at(2), None)
    assert shown(dump, 4) is BLUR
    dump.release("cover", at(7))
    assert [frame for frame in range(5, 12) if shown(dump, frame)] == [5, 6]
    assert dump.muted_at(at(20), at(21)) == [(at(2), None)]
    dump.release("mute", at(0))
    assert dump.muted_at(at(21), at(22)) == []


def test_a_replay_out_of_the_window_is_covered_too() -> None:
    shift_ns = 0
    dump = Dump(lambda running_ns: running_ns - shift_ns)
    dump.cover(at(4), at(6), BLUR)
    dump.mute(at(4), at(6))
    assert [frame for frame in range(10) if shown(dump, frame)] == [4, 5]
    shift_ns = at(8)  # a jump back: what was captured in frame 2 is shown in frame 10
    assert [frame for frame in range(10, 18) if shown(dump, frame)] == [12, 13]
    assert dump.muted_at(at(12), at(13)) == [(at(12), at(14))]
    shift_ns = at(14)
    shown(dump, 18)
    assert dump.cover(at(5), at(8), BLUR).shown_ns == 0, (
        "what is replayed can be covered, though it was shown before"
    )


def test_a_jump_out_of_muted_sound_takes_none_of_it_along() -> None:
    shift_ns = 0
    dump = Dump(lambda running_ns: running_ns - shift_ns)
    dump.mute(at(10), at(20))
    dump.muted_at(at(14), at(15))
    shift_ns = at(10)  # what was captured in frame 5 is heard next, faded over from frame 15
    ((begin_ns, end_ns),) = dump.muted_at(at(15), at(16))
    assert begin_ns <= at(15) - 5 * NS_PER_MS
    assert end_ns is not None
    assert end_ns >= at(15) + 15 * NS_PER_MS
    assert dump.muted_at(at(16), at(17)) == []


def test_the_state_tells_what_is_on_and_what_comes() -> None:
    dump = Dump(int)
    dump.cover(at(2), at(4), BLUR)
    dump.cover(at(6), None, CARD)
    states = []
    for frame in (0, 3, 4, 7):
        shown(dump, frame)
        spans, is_on = dump.covers()
        states.append(([span.held for span in spans], is_on))
    assert states == [([BLUR, CARD], False), ([BLUR, CARD], True), ([CARD], False), ([CARD], True)]


def test_an_image_that_is_only_looked_at_moves_nothing() -> None:
    dump = Dump(int)
    dump.cover(at(4), at(6), BLUR)
    assert dump.cover_of_image(at(5), at(6)) is BLUR
    assert dump.cover(at(1), at(3), CARD).shown_ns == 0


def test_more_spans_than_can_be_held_are_refused_and_change_nothing() -> None:
    dump = Dump(int)
    for index in range(MOST_SPANS):
        dump.cover(at(2 * index), at(2 * index + 1), BLUR)
    before = dump.covers()
    with pytest.raises(StateError, match="release some first"):
        dump.cover(at(5000), at(5001), BLUR)
    assert dump.covers() == before
    dump.cover(at(0), at(5001), BLUR)  # it takes the place of all


def test_an_end_is_given_in_one_way_and_lies_after_the_begin() -> None:
    assert end_of(at(25), None, None) is None
    assert end_of(at(25), 4.0, None) == 4 * NS_PER_S
    assert end_of(at(25), None, 4.0) == 5 * NS_PER_S
    with pytest.raises(ConfigError, match="one of the two: until_s or seconds"):
        end_of(0, 1.0, 1.0)
    with pytest.raises(ConfigError, match=r"the end, 0\.160 s, is not after the begin, 0\.160 s"):
        Dump(int).cover(at(4), at(4), BLUR)
