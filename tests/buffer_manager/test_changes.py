"""Changes during a run: elements set late or replaced, a source that is paused or ahead."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest

from pipeline import BufferManager
from pipeline.gst.runtime import Gst
from tests.buffering.pipes import WAIT_S, Pipes, audio_source, playback, video_source

MS = 1_000_000
FRAME_NS = 33_333_333
OUT = "appsrc name=src ! fakesink name=out sync=true signal-handoffs=true"


class Player:
    """A second playback pipeline, and when it showed what."""

    def __init__(self, manager: BufferManager, *, needs_data: bool = False) -> None:
        self.pipeline = Gst.parse_launch(OUT)
        self.appsrc = self.pipeline.get_by_name("src")
        self.pts_ns: list[int] = []
        self._shown = threading.Condition()
        self._handlers = [(self.pipeline.get_by_name("out"), "handoff", self._note)]
        if needs_data:
            self._handlers.append((self.appsrc, "need-data", manager.on_need_data))
        self._ids = [element.connect(signal, callback) for element, signal, callback in self._handlers]

    def _note(self, _out: Any, buffer: Any, _pad: Any) -> None:
        with self._shown:
            self.pts_ns.append(buffer.pts)
            self._shown.notify_all()

    def wait_shown(self, count: int) -> None:
        with self._shown:
            assert self._shown.wait_for(lambda: len(self.pts_ns) >= count, WAIT_S)

    def wait_eos(self) -> None:
        kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = self.pipeline.get_bus().timed_pop_filtered(int(WAIT_S * Gst.SECOND), kinds)
        assert message is not None
        assert message.type == Gst.MessageType.EOS

    def close(self) -> None:
        self.pipeline.set_state(Gst.State.NULL)
        for (element, _, _), handler in zip(self._handlers, self._ids, strict=True):
            element.disconnect(handler)


def is_whole(pts_ns: list[int]) -> bool:
    steps = [later - earlier for earlier, later in itertools.pairwise(pts_ns)]
    return all(abs(step - FRAME_NS) <= 1 for step in steps)


@pytest.mark.parametrize("by_need_data", [False, True])
def test_elements_set_during_playback_start_in_sync(by_need_data: bool) -> None:
    with Pipes(video_source(45, live=True), "fakesink fakesink", delay=0.3, buffer_duration=2.0) as pipes:
        manager = pipes.manager
        player = Player(manager, needs_data=by_need_data)
        if by_need_data:
            manager.set_elements(playback_pipeline=player.pipeline)
        pipes.play()
        line, engine = manager._line, manager._engine
        with engine.change:
            assert engine.change.wait_for(
                lambda: line.playhead_ns(engine.clock.get_time()) is not None, WAIT_S
            )
        assert manager.get_stats()["frames_sent"] == 0 or by_need_data
        if not by_need_data:
            manager.set_elements(appsrc=player.appsrc, playback_pipeline=player.pipeline)
        player.wait_eos()
        assert manager.appsrc is player.appsrc
        assert player.pipeline.get_base_time() == pipes.analysis.get_base_time() + 300 * MS
        assert len(player.pts_ns) >= 25
        assert manager._line.schedule.cushion_ns == 150 * MS, "its sink waits for the clock"
        assert is_whole(player.pts_ns)
        manager.stop_buffer_thread()
        player.close()


def test_a_new_playback_pipeline_takes_over_at_the_playhead() -> None:
    with Pipes(video_source(45, live=True), playback(sync=True), delay=0.5, buffer_duration=2.0) as pipes:
        manager = pipes.manager
        player = Player(manager)
        pipes.play()
        pipes.wait_shown("video", 10)
        manager.set_elements(appsrc=player.appsrc, playback_pipeline=player.pipeline)
        player.wait_eos()
        assert player.pipeline.get_base_time() == pipes.analysis.get_base_time() + 500 * MS
        assert is_whole(player.pts_ns)
        assert player.pts_ns[0] <= pipes.shown["video"].pts_ns[-1], "no frame is missing between the two"
        assert player.pts_ns[-1] == manager.samples_between(0, 10**12)[-1].time_ns
        assert manager.playback_pipeline is player.pipeline
        manager.stop_buffer_thread()
        player.close()


def test_a_live_source_continues_with_the_same_delay_after_a_pause() -> None:
    source = video_source(40, live=True) + audio_source(133, live=True)
    with Pipes(source, playback(sync=True), delay=0.5, buffer_duration=2.0) as pipes:
        manager, video, audio = pipes.manager, pipes.shown["video"], pipes.shown["audio"]
        pipes.play()
        pipes.wait_shown("video", 10)
        before_ns = pipes.analysis.get_base_time()
        pipes.analysis.set_state(Gst.State.PAUSED)
        engine, stream = manager._engine, manager._video.stream
        with engine.change:  # the playhead passes the newest sample
            assert engine.change.wait_for(
                lambda: (engine.line.playhead_ns(engine.clock.get_time()) or 0) > (stream.newest_ns or 0),
                WAIT_S,
            )
        pipes.analysis.set_state(Gst.State.PLAYING)
        pipes.wait_eos()
        moved_ns = pipes.analysis.get_base_time() - before_ns
        assert moved_ns > 400 * MS
        for shown in (video, audio):
            later_ns = [running - pts for running, pts in zip(shown.running_ns, shown.pts_ns, strict=True)]
            assert set(later_ns) == {0, moved_ns}, "due later by the length of the pause"
            assert later_ns == sorted(later_ns)
        assert len(video.pts_ns) >= 35
        assert manager.dropped == 0
        assert manager.delay_s == pytest.approx(0.5)


def test_a_live_source_ahead_of_its_clock_is_paced_by_arrival() -> None:
    with Pipes(video_source(25, live=True), playback(sync=True), delay=0.3, buffer_duration=1.0) as pipes:
        pad = pipes.analysis.get_by_name("video").get_static_pad("sink")
        pad.get_peer().set_offset(100 * Gst.SECOND)
        pipes.play()
        pipes.wait_eos()
        assert pipes.shown["video"].running_ns[0] >= 100 * Gst.SECOND
        assert len(pipes.shown["video"].pts_ns) == 25
        assert pipes.manager.dropped == 0
