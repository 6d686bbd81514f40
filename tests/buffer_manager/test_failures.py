"""What must not end a run silently: races of the sinks, of clear and of stop, and a buffer thread that fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pipeline.buffering.line import DelayLine
from pipeline.gst.runtime import Gst
from tests.buffering.pipes import WAIT_S, Pipes, playback, video_source


def test_a_buffer_thread_that_fails_says_so_raises_the_alarm_and_can_be_started_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Pipes(video_source(60, live=True), playback(sync=True), delay=0.2) as pipes:
        manager, called = pipes.manager, threading.Event()
        manager.set_emergency_shutdown_callback(called.set)

        def fails(*_given: Any) -> Any:
            raise ZeroDivisionError("made up")

        with monkeypatch.context() as broken:
            broken.setattr(DelayLine, "step", fails)
            manager.start_buffer_thread()
            assert called.wait(WAIT_S)
        assert not manager.is_running
        assert manager.state == "stopped"
        failure = next(record for record in caplog.records if record.exc_info)
        assert failure.levelno == logging.ERROR
        assert failure.getMessage().startswith("[BUFFER] ")
        assert "made up" in caplog.text
        pipes.play()
        pipes.wait_eos()
        assert len(pipes.shown["video"].pts_ns) == 60


def test_the_buffer_thread_outlives_a_clear_at_any_moment() -> None:
    """The windows are emptied just where the thread looks at what it knows of a live source."""
    with Pipes(video_source(60, live=True), playback(sync=True), delay=0.2) as pipes:
        sink, cleared = pipes.analysis.get_by_name("video"), threading.Semaphore(3)

        def cleared_meanwhile(ask: Callable[[], Any]) -> Any:
            found = ask()
            if threading.current_thread().name == "buffer-manager" and cleared.acquire(blocking=False):
                clearing = threading.Thread(target=pipes.manager.clear_buffers)
                clearing.start()
                clearing.join(WAIT_S)
            return found

        sink.get_clock = partial(cleared_meanwhile, sink.get_clock)
        sink.get_base_time = partial(cleared_meanwhile, sink.get_base_time)
        pipes.play()
        pipes.wait_eos()
        assert not cleared.acquire(blocking=False)
        assert pipes.manager.is_running
        assert len(pipes.shown["video"].pts_ns) >= 30
        del sink.get_clock, sink.get_base_time


def test_a_sink_that_is_met_while_the_thread_stops_is_no_error() -> None:
    """The latency query that a new sink is asked with stops the manager."""
    with Pipes(video_source(30, live=True), playback(sync=True), delay=0.1) as pipes:
        manager, sink = pipes.manager, pipes.analysis.get_by_name("video")
        stopped, ended = threading.Event(), threading.Event()
        inside: set[int] = set()
        answers: list[Any] = []

        def stop(_pad: Any, info: Any) -> Any:
            asked_here = info.get_query().type == Gst.QueryType.LATENCY and threading.get_ident() in inside
            if asked_here and manager.is_running:
                manager.stop_buffer_thread()
                stopped.set()
            return Gst.PadProbeReturn.OK

        def answer(sink: Any) -> Any:
            inside.add(threading.get_ident())
            try:
                answers.append(manager.on_new_sample(sink))
            except AttributeError as error:
                answers.append(error)
            inside.discard(threading.get_ident())
            return Gst.FlowReturn.OK

        def ends(_pad: Any, info: Any) -> Any:
            if info.get_event().type == Gst.EventType.EOS:
                ended.set()
            return Gst.PadProbeReturn.OK

        for element, handler in pipes._handlers:
            if element is sink:
                element.handler_block(handler)
        sink.connect("new-sample", answer)
        manager.start_buffer_thread()
        pad = sink.get_static_pad("sink")
        pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, ends)
        pad.get_peer().add_probe(Gst.PadProbeType.QUERY_UPSTREAM, stop)
        pipes.analysis.set_state(Gst.State.PLAYING)
        assert ended.wait(WAIT_S)
        assert stopped.is_set()
        assert answers == [Gst.FlowReturn.OK] * 30


def test_a_source_that_brings_nothing_gets_a_hint_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.gst.delay.progress_log.NO_SAMPLE_AFTER_S", 0.0)
    silent = video_source(20, live=True).replace("emit-signals=true", "emit-signals=false")
    with Pipes(silent, playback(sync=True), delay=0.1) as pipes:
        line, steps = pipes.manager._line, threading.Semaphore(0)
        step = line.step
        monkeypatch.setattr(line, "step", lambda *given: (steps.release(), step(*given))[1])
        pipes.play()
        for _ in range(5):
            assert steps.acquire(timeout=WAIT_S)
    hints = [record for record in caplog.records if "emit-signals=true" in record.getMessage()]
    assert [hint.getMessage().split()[0] for hint in hints] == ["[SOURCE]"]


def test_the_first_frame_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.INFO, logger="buffer-manager"),
        Pipes(video_source(20, live=True), playback(sync=True), delay=0.1) as pipes,
    ):
        pipes.play()
        pipes.wait_eos()
    told = [record.getMessage() for record in caplog.records]
    assert told.count("[SOURCE] first frame received") == told.count("[PLAYBACK] first frame sent") == 1
    assert not any("emit-signals" in line for line in told)
