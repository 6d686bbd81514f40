"""Moves of the playhead while an engine runs."""

from __future__ import annotations

import pytest

from pipeline import BufferManager
from pipeline.errors import StateError
from pipeline.gst.delay import playhead
from tests.buffer_manager.ducks import sample


def test_what_has_come_is_in_the_window_before_the_playhead_moves() -> None:
    """Else a shorter delay jumps beyond what the window knows, and shows the rest late."""
    manager = BufferManager()
    engine, video = manager._engine, manager._engine.endpoints["video"]
    for move in (lambda: playhead.seek(engine, 0), lambda: playhead.set_delay(engine, 1.0)):
        video.inbox.append((sample(video.stream.counters.received * 40_000_000), 0))
        with pytest.raises(StateError):
            move()
        assert not video.inbox
    assert manager.get_stats()["frames_received"] == 2
