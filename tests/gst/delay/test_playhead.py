"""Moves of the playhead while the delay line runs."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from pipeline import BufferManager
from pipeline.buffering.step import State
from pipeline.errors import StateError
from pipeline.gst.delay import playhead
from pipeline.gst.runtime import Gst
from tests.buffer_manager.ducks import sample
from tests.buffering.lines import S, fill, make_line, run


def test_captured_samples_are_stored_before_the_playhead_moves() -> None:
    """Otherwise a shorter delay jumps beyond the end of the window and shows the rest late."""
    manager = BufferManager()
    engine, video = manager._engine, manager._engine.endpoints["video"]
    for move in (lambda: playhead.seek(engine, 0), lambda: playhead.set_delay(engine, 1.0)):
        video.inbox.append((sample(video.stream.counters.received * 40_000_000), 0))
        with pytest.raises(StateError):
            move()
        assert not video.inbox
    assert manager.get_stats()["frames_received"] == 2


def test_a_pause_in_which_the_last_frame_was_sent_can_be_ended() -> None:
    """The pipeline stands still, with what it has not shown; only `resume` lets it go on to its end."""
    line = make_line()
    fill(line, 0.8)
    run(line, 0)
    engine: Any = SimpleNamespace(
        live=True,
        line=line,
        lock=threading.RLock(),
        clock=SimpleNamespace(get_time=lambda: 2 * S),
        playback=SimpleNamespace(pipeline=Mock(), appsrcs=()),
        store_inboxes=lambda: None,
    )
    playhead.pause(engine)
    line.state = State.DRAINED
    playhead.resume(engine)
    engine.playback.pipeline.set_state.assert_called_with(Gst.State.PLAYING)
    assert line.schedule.paused_ns is None
    with pytest.raises(StateError, match="playback has ended"):
        playhead.resume(engine)
