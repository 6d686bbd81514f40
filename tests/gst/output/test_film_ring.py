"""FilmRing: what it keeps of the encoded film, in time and in bytes, and where a piece of it begins and ends."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.gst.core.elements import static_pad
from pipeline.gst.output.film_ring import FilmKept, FilmRing
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S, Nanoseconds

FPS = 10
FRAME_NS = NS_PER_S // FPS
SOUND_NS = NS_PER_S // 50
FRAME_BYTES, SOUND_BYTES = 1000, 20
KEYFRAME_EVERY = 10


class Film:
    """A ring in a pipeline of its own, fed with made-up samples: a keyframe a second, sound in 20 ms packets."""

    def __init__(self, length_s: float = 60, most_bytes: int = 1_000_000, *, with_sound: bool = True) -> None:
        kept = FilmKept(Nanoseconds(round(length_s * NS_PER_S)), most_bytes)
        self.ring = FilmRing(kept, with_sound=with_sound)
        self._pipeline = Gst.Pipeline.new(None)
        self._pipeline.add(self.ring.element)
        self._pads: dict[str, Gst.Pad] = {}
        self._pipeline.set_state(Gst.State.PLAYING)
        for kind, media in (("video", "video/x-h264"), ("audio", "audio/mpeg,mpegversion=4")):
            if kind == "video" or with_sound:
                pad = static_pad(self.ring.element, kind)
                pad.send_event(Gst.Event.new_stream_start(kind))
                pad.send_event(Gst.Event.new_caps(Gst.Caps.from_string(media)))
                segment = Gst.Segment()
                segment.init(Gst.Format.TIME)
                pad.send_event(Gst.Event.new_segment(segment))
                self._pads[kind] = pad

    def frame(self, number: int, *, key: bool | None = None, decoded: int | None = None) -> None:
        """Frame `number` of the film; `decoded`: the frame whose time is its decode timestamp."""
        is_key = number % KEYFRAME_EVERY == 0 if key is None else key
        self._push("video", number * FRAME_NS, FRAME_NS, FRAME_BYTES, is_key=is_key, decoded=decoded)

    def sound(self, number: int) -> None:
        self._push("audio", number * SOUND_NS, SOUND_NS, SOUND_BYTES)

    def play(self, begin_s: int, end_s: int) -> None:
        """Video and sound of these seconds."""
        for number in range(begin_s * 50, end_s * 50):
            if number % (50 // FPS) == 0:
                self.frame(number * FPS // 50)
            if "audio" in self._pads:
                self.sound(number)

    def end(self) -> None:
        for pad in self._pads.values():
            pad.send_event(Gst.Event.new_eos())

    def _push(
        self,
        kind: str,
        at_ns: int,
        lasts_ns: int,
        size: int,
        *,
        is_key: bool = True,
        decoded: int | None = None,
    ) -> None:
        buffer: Any = Gst.Buffer.new_wrapped(bytes(size))
        buffer.pts, buffer.duration = at_ns, lasts_ns
        buffer.dts = Gst.CLOCK_TIME_NONE if decoded is None else decoded * FRAME_NS
        if not is_key:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        assert self._pads[kind].chain(buffer) == Gst.FlowReturn.OK

    def close(self) -> None:
        self._pipeline.set_state(Gst.State.NULL)


def frames_of(film: Film, begin_s: float, end_s: float) -> tuple[int, int, int]:
    """The first frame, the number of frames and of sound packets that a cut holds."""
    cut = film.ring.cut(round(begin_s * NS_PER_S), round(end_s * NS_PER_S))
    assert cut is not None
    frames = cut.parts["video"]
    assert (cut.begin_ns, cut.end_ns) == (frames[0].time_ns, frames[-1].end_ns)
    return frames[0].time_ns // FRAME_NS, len(frames), len(cut.parts.get("audio", []))


@pytest.fixture
def film() -> Any:
    film = Film()
    yield film
    film.close()


def test_a_piece_begins_at_the_keyframe_before_and_ends_with_the_frame_that_is_shown_then(film: Film) -> None:
    film.play(0, 10)
    assert frames_of(film, 3.0, 5.0) == (30, 20, 100)
    assert frames_of(film, 3.999, 5.0) == (30, 20, 100)
    assert frames_of(film, 4.0, 5.0) == (40, 10, 50)
    assert frames_of(film, 4.5, 5.01) == (40, 11, 55)  # to the end of its last frame
    assert frames_of(film, -3.0, 1.0) == (0, 10, 50)
    assert frames_of(film, 8.5, 99.0) == (80, 20, 100)


def test_the_sound_of_a_piece_is_that_of_its_frames(film: Film) -> None:
    film.play(0, 3)
    cut = film.ring.cut(NS_PER_S, 2 * NS_PER_S)
    assert cut is not None
    heard = cut.parts["audio"]
    assert heard[0].time_ns == cut.begin_ns
    assert heard[-1].end_ns == cut.end_ns


def test_what_the_ring_does_not_hold_is_no_piece(film: Film) -> None:
    assert film.ring.cut(0, NS_PER_S) is None
    assert film.ring.span_ns is None
    film.play(1, 2)
    assert film.ring.cut(0, NS_PER_S) is None
    assert film.ring.cut(NS_PER_S, NS_PER_S) is None
    assert film.ring.cut(2 * NS_PER_S, 3 * NS_PER_S) is None
    assert film.ring.span_ns == (NS_PER_S, 2 * NS_PER_S)


def test_it_begins_with_the_first_keyframe(film: Film) -> None:
    film.frame(7, key=False)
    film.sound(30)
    assert film.ring.span_ns is None
    film.play(1, 2)
    assert frames_of(film, 0.0, 9.0) == (10, 10, 50)


def test_it_keeps_at_least_the_asked_seconds_and_at_most_one_group_more() -> None:
    film = Film(length_s=3.5)
    film.play(0, 20)
    assert film.ring.span_ns == (16 * NS_PER_S, 20 * NS_PER_S)
    assert film.ring.size_bytes == 4 * (FPS * FRAME_BYTES + 50 * SOUND_BYTES)
    film.close()


def test_it_never_takes_more_memory_than_it_may() -> None:
    most_bytes = 3 * (FPS * FRAME_BYTES + 50 * SOUND_BYTES)
    film = Film(most_bytes=most_bytes)
    for second in range(30):
        film.play(second, second + 1)
        assert film.ring.size_bytes <= most_bytes
    begin_ns, end_ns = film.ring.span_ns or (0, 0)
    assert end_ns - begin_ns >= NS_PER_S
    first = film.ring.cut(begin_ns, end_ns)
    assert first is not None
    assert first.parts["video"][0].keyframe
    film.close()


def test_a_group_that_is_larger_than_the_memory_is_dropped_and_the_next_keyframe_begins_anew() -> None:
    film = Film(most_bytes=5 * FRAME_BYTES, with_sound=False)
    for number in range(12):
        film.frame(number)
        assert film.ring.size_bytes <= 5 * FRAME_BYTES
    assert frames_of(film, 0, 99) == (10, 2, 0)
    film.close()


def test_a_piece_that_is_waited_for_is_held_but_takes_no_more_memory() -> None:
    second_bytes = FPS * FRAME_BYTES + 50 * SOUND_BYTES
    film = Film(length_s=2, most_bytes=8 * second_bytes)
    film.play(0, 3)
    with film.ring.holding(NS_PER_S):
        film.play(3, 7)
        assert film.ring.span_ns == (NS_PER_S, 7 * NS_PER_S)
        film.play(7, 20)
        assert film.ring.size_bytes <= 8 * second_bytes
    film.play(20, 21)
    assert film.ring.span_ns == (19 * NS_PER_S, 21 * NS_PER_S)
    film.close()


def test_frames_that_are_decoded_before_those_that_they_follow_stay_together() -> None:
    film = Film(with_sound=False)
    film.frame(2, key=True, decoded=0)
    film.frame(5, key=False, decoded=1)
    film.frame(3, key=False, decoded=2)
    film.frame(4, key=False, decoded=3)
    film.frame(6, key=True, decoded=4)
    film.frame(7, key=False, decoded=5)
    cut = film.ring.cut(3 * FRAME_NS, 5 * FRAME_NS)
    assert cut is not None
    assert [frame.time_ns // FRAME_NS for frame in cut.parts["video"]] == [2, 5, 3, 4]
    at_five = film.ring.cut(5 * FRAME_NS, 8 * FRAME_NS)
    assert at_five is not None
    assert at_five.begin_ns == 2 * FRAME_NS
    film.close()


def test_it_knows_how_far_the_film_has_come_and_that_it_has_ended(film: Film) -> None:
    assert not film.ring.has_reached(0)
    film.play(0, 2)
    assert film.ring.has_reached(2 * NS_PER_S)
    assert not film.ring.has_reached(2 * NS_PER_S + 1)
    for number in range(20, 30):
        film.frame(number)
    assert not film.ring.has_reached(3 * NS_PER_S)  # its sound is not there yet
    assert not film.ring.has_ended
    film.end()
    assert film.ring.has_ended
    assert film.ring.has_reached(99 * NS_PER_S)


def test_it_can_be_closed_and_cleared_at_any_time(film: Film) -> None:
    film.ring.close()
    film.ring.close()
    assert film.ring.has_ended
    film.play(0, 1)
    film.ring.clear()
    assert (film.ring.span_ns, film.ring.size_bytes) == (None, 0)
