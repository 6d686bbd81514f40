"""Tests of a line whose sound ends before its video begins."""

from __future__ import annotations

import pytest

from pipeline.buffering.step import State
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, S, make_line, run, sent, store


@pytest.mark.parametrize("clocked", [True, False])
def test_video_that_begins_long_after_the_sound_has_ended_is_shown(clocked: bool) -> None:
    """A busy machine decodes the first frame for seconds, while the sound of a short video is read at once."""
    line = make_line(clocked=clocked)
    line.streams["video"].awaited = True
    for number in range(10):
        store(line, "audio", number * CHUNK_NS, 0)
    line.streams["audio"].ended = True
    for now_ns in range(0, 5 * S, 100 * MS):
        step = run(line, now_ns, origin_ns=0 if clocked else None)
        assert not [stream for stream in step.closes if stream.leads]
        assert line.state is not State.DRAINED
    begin_ns = 5 * S if clocked else 0
    shown = []
    for number in range(30):
        store(line, "video", begin_ns + number * FRAME_NS, 5 * S + number * FRAME_NS)
        shown += sent(run(line, 5 * S + number * FRAME_NS, origin_ns=0 if clocked else None), "video")
    line.streams["video"].ended = True
    for now_ns in range(6 * S, 8 * S, 20 * MS):
        shown += sent(run(line, now_ns, origin_ns=0 if clocked else None), "video")
    assert shown == [begin_ns + number * FRAME_NS for number in range(30)]
    assert line.state is State.DRAINED


def test_video_that_nobody_awaits_does_not_keep_sound_from_ending() -> None:
    line = make_line(clocked=False)
    store(line, "audio", 0, 0)
    line.streams["audio"].ended = True
    for now_ns in (0, 100 * MS, S, 2 * S):
        run(line, now_ns)
    assert line.state is State.DRAINED
