"""Threads, stalls, memory: what waits, what wakes it, and that nothing is left behind."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any

import pytest

from pipeline import BufferManager
from pipeline.gst.delay.limits import DelayLimits
from pipeline.gst.runtime import Gst
from pipeline.interpreter.switch_interval import SWITCH_S, quick_switching
from tests.buffering.pipes import AUDIO, WAIT_S, Pipes, audio_source, playback, video_source

MS = 1_000_000
STUCK = (
    "appsrc name=video_src ! identity name=hold ! fakesink sync=true name=video_out signal-handoffs=true "
    "appsrc name=audio_src ! fakesink sync=true name=audio_out"
)


def test_a_stall_calls_back_once_from_a_thread_that_may_stop_everything() -> None:
    """The sink never takes a second buffer, so playback stalls; no main loop runs."""
    with Pipes(video_source(300, live=True), STUCK, delay=0.2, stall_timeout=0.3, cushion=0.1) as pipes:
        release, called = threading.Event(), threading.Event()
        calls: list[str] = []

        def hold(_pad: Any, _info: Any) -> Any:
            release.wait(WAIT_S)
            return Gst.PadProbeReturn.OK

        def emergency() -> None:
            calls.append(threading.current_thread().name)
            pipes.manager.stop_buffer_thread()
            called.set()

        pipes.playback.get_by_name("hold").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, hold)
        pipes.manager.set_emergency_shutdown_callback(emergency)
        pipes.play()
        assert called.wait(WAIT_S)
        release.set()
        assert calls == ["buffer-emergency"]
        assert not pipes.manager.is_running
        assert pipes.manager.statistics().stall_count == 1


def test_a_source_that_stops_without_eos_is_a_stall() -> None:
    with Pipes(video_source(5, live=True), playback(sync=True), delay=0.1, stall_timeout=0.3) as pipes:
        called = threading.Event()

        def drop_eos(_pad: Any, info: Any) -> Any:
            is_end = info.get_event().type is Gst.EventType.EOS
            return Gst.PadProbeReturn.DROP if is_end else Gst.PadProbeReturn.OK

        gate = pipes.analysis.get_by_name("video").get_static_pad("sink")
        gate.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, drop_eos)
        pipes.manager.set_emergency_shutdown_callback(called.set)
        pipes.play()
        assert called.wait(WAIT_S)


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("gone", ["null", "eos"])
def test_playback_that_refuses_every_push_is_a_stall(gone: str, live: bool) -> None:
    source = video_source(10_000, live=live) + audio_source(10_000, live=live)
    with Pipes(source, playback(sync=live), live=live, delay=0.2, stall_timeout=0.3) as pipes:
        called = threading.Event()
        pipes.manager.set_emergency_shutdown_callback(called.set)
        pipes.play()
        pipes.wait_shown("video", 5)
        if gone == "null":
            pipes.playback.set_state(Gst.State.NULL)
        else:
            pipes.playback.get_by_name("video_src").end_of_stream()
        assert called.wait(WAIT_S)
        assert pipes.manager.statistics().streams["video"].refused > 0


def test_a_drained_end_calls_no_callback() -> None:
    with Pipes(video_source(3, live=True), playback(sync=True), delay=0.1, stall_timeout=0.05) as pipes:
        calls: list[str] = []
        pipes.manager.set_emergency_shutdown_callback(lambda: calls.append("called"))
        pipes.play()
        pipes.wait_eos()
        assert pipes.manager.wait_drained(WAIT_S)
        assert pipes.manager.statistics().state == "drained"
        assert pipes.manager.statistics().stall_count == 0
        assert calls == []


def test_stop_wakes_a_producer_that_waits_for_space() -> None:
    """Offline without a consumer: the source waits, and stop releases it."""
    with Pipes(video_source(10_000, live=False), playback(sync=False), live=False, delay=0.5) as pipes:
        manager, engine = pipes.manager, pipes.manager._engine
        waiting = threading.Event()
        must_wait = engine._must_wait

        def note_and_ask(stream: Any, entry: Any) -> bool:
            answer = must_wait(stream, entry)
            if answer:
                waiting.set()
            return answer

        engine._must_wait = note_and_ask  # type: ignore[method-assign]
        pipes.playback.get_by_name("video_src").set_state(Gst.State.NULL)
        pipes.play()
        assert waiting.wait(WAIT_S)
        manager.stop_buffer_thread()
        assert not manager.is_running
        # The source's thread is released: its pipeline can be shut down without a deadlock.
        assert pipes.analysis.set_state(Gst.State.NULL) == Gst.StateChangeReturn.SUCCESS


def test_shutting_down_the_source_pipeline_releases_a_waiting_producer() -> None:
    with Pipes(video_source(10_000, live=False), playback(sync=False), live=False, delay=0.5) as pipes:
        waiting = threading.Event()
        engine = pipes.manager._engine
        must_wait = engine._must_wait
        engine._must_wait = lambda *of: must_wait(*of) and (waiting.set() or True)  # type: ignore
        pipes.analysis.set_state(Gst.State.PLAYING)
        assert waiting.wait(WAIT_S)
        assert pipes.analysis.set_state(Gst.State.NULL) == Gst.StateChangeReturn.SUCCESS


def test_stop_from_the_need_data_callback() -> None:
    with Pipes(video_source(30, live=True), playback(sync=True), delay=0.1) as pipes:
        stopped = threading.Event()

        def stop(_src: Any, _length: int) -> None:
            pipes.manager.stop_buffer_thread()
            stopped.set()

        pipes.playback.get_by_name("video_src").connect("need-data", stop)
        pipes.play()
        assert stopped.wait(WAIT_S)
        assert not pipes.manager.is_running
        assert pipes.manager.state == "stopped"


def test_nothing_is_left_behind() -> None:
    def use() -> list[weakref.ref[Any]]:
        source = video_source(20, live=False) + audio_source(60, live=False)
        pipes = Pipes(source, playback(sync=False), live=False, delay=0.2)
        with pipes:
            pipes.play()
            pipes.wait_eos()
            sample = pipes.manager.samples_between(0, 10**12)[-1].sample
            kept = [weakref.ref(thing) for thing in (pipes.manager, pipes.manager._engine, sample)]
            thread = pipes.manager._engine._run.thread  # type: ignore[union-attr]
        assert not thread.is_alive()  # type: ignore[union-attr]
        return kept

    kept = use()
    gc.collect()
    assert [ref() for ref in kept] == [None, None, None]


@pytest.mark.parametrize("reached", [True, False])
def test_a_pipeline_that_the_caller_set_to_playing_is_in_sync(reached: bool) -> None:
    sink = playback(sync=True)
    if reached:
        # Sinks that do not wait for a first buffer reach PLAYING at once, with a base time of their own.
        sink = sink.replace("fakesink", "fakesink async=false")
    with Pipes(video_source(20, live=True), sink, delay=0.3) as pipes:
        pipes.playback.use_clock(Gst.SystemClock.obtain())
        pipes.playback.set_state(Gst.State.PLAYING)
        pipes.play()
        pipes.wait_eos()
        base_ns = pipes.playback.get_base_time()
        offset_ns = pipes.playback.get_by_name("video_src").get_static_pad("src").get_offset()
        assert (offset_ns != 0) == reached
        assert abs(base_ns + offset_ns - pipes.analysis.get_base_time() - 300 * MS) < 1 * MS
        assert len(pipes.shown["video"].pts_ns) == 20


def test_audio_alone_is_delayed_too() -> None:
    with Pipes(audio_source(40, live=True), playback(sync=True), delay=0.2) as pipes:
        pipes.play()
        pipes.wait_eos()
        assert len(pipes.shown["audio"].pts_ns) == 40


@pytest.mark.parametrize(("ownership", "most", "copied"), [("auto", 30, 0), ("auto", 8, 10), ("copy", 0, 12)])
def test_memory_of_a_small_pool_is_copied_once(ownership: str, most: int, copied: int) -> None:
    """A pool with fewer buffers than the window needs would starve its source."""
    caps = Gst.Caps.from_string("video/x-raw,format=GRAY8,width=4,height=4,framerate=25/1")
    pool = Gst.BufferPool.new()
    config = pool.get_config()
    Gst.BufferPool.config_set_params(config, caps, 16, 1, most)
    pool.set_config(config)
    pool.set_active(True)
    source = "appsrc name=input format=time ! appsink name=video emit-signals=true sync=false"
    limits = DelayLimits(first_start_wait_s=0.05)
    with Pipes(source, playback(sync=True), buffer_duration=0.4, ownership=ownership, limits=limits) as pipes:
        done = threading.Event()
        manager = pipes.manager
        pipes.analysis.get_by_name("video").connect(
            "new-sample", lambda _sink: (manager.get_stats()["frames_received"] == 12 and done.set()) or 0
        )
        pipes.analysis.set_state(Gst.State.PLAYING)
        appsrc = pipes.analysis.get_by_name("input")
        for number in range(12):
            result, buffer = pool.acquire_buffer(None)
            assert result == Gst.FlowReturn.OK
            buffer.pts, buffer.duration = number * 40 * MS, 40 * MS
            appsrc.push_sample(Gst.Sample.new(buffer, caps, None, None))
            del buffer
        assert done.wait(WAIT_S)
        # The first buffer may have lost its pool on the way: appsrc copies it to mark it.
        assert copied <= manager.statistics().streams["video"].copied <= (12 if copied else 0)
        manager.clear_buffers()
    pool.set_active(False)


def test_get_stats_does_not_wait_for_the_lock() -> None:
    manager = BufferManager()
    answered = threading.Event()
    with manager._engine.lock:
        thread = threading.Thread(
            target=lambda: (manager.get_stats(), manager.statistics(), repr(manager), answered.set())
        )
        thread.start()
        assert answered.wait(WAIT_S)
    thread.join()


def test_push_audio_for_timestamp_keeps_the_guides_bounds() -> None:
    manager = BufferManager()
    source = Gst.parse_launch(
        f"audiotestsrc num-buffers=100 samplesperbuffer=480 ! {AUDIO} "
        "! appsink name=audio emit-signals=true sync=false"
    )
    sink, ended = source.get_by_name("audio"), threading.Event()
    sink.connect("new-sample", manager.on_new_audio_sample)
    sink.connect("eos", lambda _sink: ended.set())
    out = Gst.parse_launch("appsrc name=audio_src ! fakesink sync=false")
    manager.set_elements(audio_appsrc=out.get_by_name("audio_src"))
    source.set_state(Gst.State.PLAYING)
    assert ended.wait(WAIT_S)
    assert manager._push_audio_for_timestamp(0.1)
    assert manager._audio.stream.counters.sent == 16, "all that begins at most 50 ms after the frame"
    assert manager._push_audio_for_timestamp(0.2)
    assert not manager._push_audio_for_timestamp(5.0), "the newest chunk is more than 100 ms away"
    assert manager._audio.stream.counters.sent == 100
    source.set_state(Gst.State.NULL)
    out.set_state(Gst.State.NULL)


def test_the_thread_switch_interval_is_shorter_only_while_a_delay_line_runs() -> None:
    before_s = sys.getswitchinterval()
    with quick_switching():
        with quick_switching():
            assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    assert sys.getswitchinterval() == before_s
