"""Moves of the playhead while the delay line runs."""

from __future__ import annotations

import pytest

from pipeline import BufferManager
from pipeline.errors import StateError
from pipeline.gst.delay import playhead
from tests.buffer_manager.ducks import sample


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
