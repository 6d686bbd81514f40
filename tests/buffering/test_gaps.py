"""When playback is told of a gap in a stream, and when a stream is given up."""

from __future__ import annotations

from pipeline.buffering.line import DelayLine
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, S, fill, make_line, run, store

HELD_UP = {"video": 0, "audio": S}


def frames_without_sound(
    line: DelayLine, first: int, last: int, room: dict[str, int] | None = None
) -> list[tuple[int, int]]:
    """Frames arrive and time passes, without sound; returns the announced gaps."""
    gaps = []
    for number in range(first, last):
        store(line, "video", number * FRAME_NS, number * FRAME_NS)
        step = run(line, number * FRAME_NS, room, origin_ns=0)
        assert all(stream.name == "audio" for stream, _, _ in step.gaps)
        gaps += [(begin_ns, end_ns) for _, begin_ns, end_ns in step.gaps]
    return gaps


def test_a_gap_is_announced_after_half_a_second_and_then_in_adjoining_steps() -> None:
    line = make_line()
    fill(line, 0.4)
    gaps = frames_without_sound(line, 10, 45)
    begin_ns, end_ns = gaps[0]
    assert begin_ns == 400 * MS, "where the sound ended"
    assert 500 * MS <= end_ns - begin_ns < 500 * MS + FRAME_NS
    assert [begin for begin, _ in gaps[1:]] == [end for _, end in gaps[:-1]]
    assert all(100 * MS <= end - begin < 100 * MS + FRAME_NS for begin, end in gaps[1:])
    assert len(gaps) > 3
    assert line.streams["audio"].counters.gaps == 1


def test_a_gap_ends_at_the_first_chunk_of_the_sound_that_continues() -> None:
    line = make_line()
    fill(line, 0.4)
    announced_until_ns = frames_without_sound(line, 10, 45)[-1][1]
    begin_ns = announced_until_ns + 3 * CHUNK_NS
    store(line, "audio", begin_ns, 45 * FRAME_NS)
    step = run(line, 46 * FRAME_NS + 100 * MS, origin_ns=0)
    assert [(begin, end) for _, begin, end in step.gaps] == [(announced_until_ns, begin_ns)]


def test_a_started_stream_is_not_given_up_when_playback_waits_for_it() -> None:
    line = make_line()
    fill(line, 0.4)
    frames_without_sound(line, 10, 45, HELD_UP)
    assert not line.streams["audio"].ended


def test_a_stream_that_never_started_is_given_up_only_when_playback_waits_for_it() -> None:
    line = make_line()
    fill(line, 0.4, audio=False)
    frames_without_sound(line, 10, 30)
    assert not line.streams["audio"].ended
    frames_without_sound(line, 30, 32, HELD_UP)
    assert line.streams["audio"].ended
