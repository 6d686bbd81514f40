"""Failures that must not be silent: races of the sinks, of clear and of stop, and a failing buffer thread."""

from __future__ import annotations

import itertools
import logging
import re
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pipeline import BufferManager
from pipeline.gst.delay.limits import DelayLimits
from pipeline.gst.runtime import Gst
from tests.buffer_manager.ducks import FRAME_NS, Emits, Takes, sample
from tests.buffering.pipes import WAIT_S, Pipes, playback, video_source


class Refuses:
    """An appsrc that fails in the buffer thread."""

    def push_sample(self, _sample: Any) -> Any:
        raise ZeroDivisionError("made up")


def test_a_failing_buffer_thread_logs_calls_back_and_can_be_restarted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    good, called = Takes(30), threading.Event()
    manager = BufferManager(2.0, 25, appsrc=Refuses(), delay=0.2)
    manager.set_emergency_shutdown_callback(called.set)
    for number in range(50):
        manager.on_new_sample(Emits(sample(number * FRAME_NS)))
    manager.start_buffer_thread()
    assert called.wait(WAIT_S)
    assert not manager.is_running
    assert manager.state == "stopped"
    failure = next(record for record in caplog.records if record.exc_info)
    assert failure.levelno == logging.ERROR
    assert failure.getMessage().startswith("[BUFFER] ")
    assert "made up" in caplog.text
    manager.set_elements(appsrc=good)
    manager.start_buffer_thread()
    assert good.enough.wait(WAIT_S)
    manager.stop_buffer_thread()
    assert [b - a for a, b in itertools.pairwise(good.pts_ns)] == [FRAME_NS] * (len(good.pts_ns) - 1)


def test_the_buffer_thread_survives_a_clear_at_any_moment() -> None:
    """The windows are emptied at the moment when the thread reads the state of a live source."""
    with Pipes(video_source(60, live=True), playback(sync=True), delay=0.2) as pipes:
        sink, cleared = pipes.analysis.get_by_name("video"), threading.Semaphore(3)

        def clear_and_ask(ask: Callable[[], Any]) -> Any:
            found = ask()
            if threading.current_thread().name == "buffer-manager" and cleared.acquire(blocking=False):
                clearing = threading.Thread(target=pipes.manager.clear_buffers)
                clearing.start()
                clearing.join(WAIT_S)
            return found

        sink.get_clock = partial(clear_and_ask, sink.get_clock)
        sink.get_base_time = partial(clear_and_ask, sink.get_base_time)
        pipes.play()
        pipes.wait_eos()
        assert not cleared.acquire(blocking=False)
        assert pipes.manager.is_running
        assert len(pipes.shown["video"].pts_ns) >= 30
        del sink.get_clock, sink.get_base_time


def test_a_new_sink_while_the_thread_stops_is_no_error() -> None:
    """The latency query to a new sink stops the manager."""
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


def test_a_run_logs_its_first_frames_and_its_statistics(caplog: pytest.LogCaptureFixture) -> None:
    limits = DelayLimits(log_every_s=0.1)
    with (
        caplog.at_level(logging.INFO, logger="buffer-manager"),
        Pipes(video_source(20, live=True), playback(sync=True), delay=0.1, limits=limits) as pipes,
    ):
        pipes.play()
        pipes.wait_eos()
    messages = [record.getMessage() for record in caplog.records]
    assert (
        messages.count("[SOURCE] first frame received") == messages.count("[PLAYBACK] first frame sent") == 1
    )
    assert {message.split()[0] for message in messages} == {"[SOURCE]", "[PLAYBACK]", "[BUFFER]"}
    assert any(re.fullmatch(r"\[SOURCE\] \d+ frames received", message) for message in messages)
    assert not any("emit-signals" in message for message in messages)
