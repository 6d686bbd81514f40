"""The contract on real pipelines: each frame once, in order, all the sound, constant delay, EOS drains."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pipeline import BufferManager
from pipeline.errors import ConfigError
from pipeline.gst.runtime import Gst
from tests.buffering.pipes import WAIT_S, Pipes, audio_source, playback, video_source

MS = 1_000_000


def is_seamless(starts: list[int], durations: list[int]) -> bool:
    return all(a + d == b for a, d, b in zip(starts, durations, starts[1:], strict=False))


def test_live_every_frame_once_in_order_and_all_the_sound() -> None:
    source = video_source(45, live=True) + audio_source(150, live=True)
    with Pipes(source, playback(sync=True), buffer_duration=2.0, delay=0.6) as pipes:
        pipes.play()
        pipes.wait_eos()
        assert pipes.manager.wait_drained(5)
        video, audio = pipes.shown["video"], pipes.shown["audio"]
        assert len(video.running_ns) == 45
        assert video.running_ns == sorted(set(video.running_ns))
        assert len(audio.running_ns) == 150
        assert is_seamless(audio.running_ns, audio.duration_ns)
        origin_ns = pipes.analysis.get_base_time()
        delays = [c - origin_ns - r for c, r in zip(video.clock_ns, video.running_ns, strict=True)]
        assert min(delays) >= 600 * MS, "no frame before its time"
        # Both pipelines agree: playback's base time is the source's plus the delay, to the nanosecond.
        assert pipes.playback.get_base_time() == origin_ns + 600 * MS
        stats = pipes.manager.get_stats()
        assert stats["frames_received"] == stats["frames_sent"] == 45


def test_sinks_that_do_not_wait_for_the_clock_get_each_frame_when_it_is_due() -> None:
    with Pipes(video_source(30, live=True), playback(sync=False), buffer_duration=2.0, delay=0.6) as pipes:
        pipes.play()
        pipes.wait_eos()
        video, origin_ns = pipes.shown["video"], pipes.analysis.get_base_time()
        delays = [c - origin_ns - r for c, r in zip(video.clock_ns, video.running_ns, strict=True)]
        assert len(delays) == 30
        assert min(delays) >= 595 * MS, "no frame before its time, though no sink holds it"


def test_offline_loses_nothing_however_fast_the_source_is() -> None:
    source = video_source(900, live=False) + audio_source(3000, live=False)
    with Pipes(source, playback(sync=False), buffer_duration=2.0, delay=0.6, live=False) as pipes:
        pipes.play()
        pipes.wait_eos()
        video, audio = pipes.shown["video"], pipes.shown["audio"]
        assert len(video.running_ns) == 900
        assert video.running_ns == sorted(set(video.running_ns))
        assert len(audio.running_ns) == 3000
        assert is_seamless(audio.running_ns, audio.duration_ns)


@pytest.mark.parametrize("first", ["thread", "source"])
def test_a_source_that_can_wait_loses_nothing_while_the_window_fills(first: str) -> None:
    """It makes in no time what is shown by the clock; the window holds a fifth of it."""
    source = video_source(75, live=False) + audio_source(250, live=False)
    with Pipes(source, playback(sync=True), buffer_duration=0.5, delay=0.5) as pipes:
        if first == "source":
            full = threading.Event()
            engine = pipes.manager._engine
            may_still_start = engine._may_still_start
            engine._may_still_start = lambda: (full.set() or True) and may_still_start()  # type: ignore
            pipes.analysis.set_state(Gst.State.PLAYING)
            assert full.wait(WAIT_S)
        pipes.manager.start_buffer_thread()
        pipes.analysis.set_state(Gst.State.PLAYING)
        pipes.wait_eos()
        assert pipes.manager.dropped == 0
        assert len(pipes.shown["video"].pts_ns) == 75
        assert len(pipes.shown["audio"].pts_ns) == 250


@pytest.mark.parametrize("muxer", ["mp4mux", "matroskamux", "mpegtsmux", "flvmux"])
def test_offline_does_not_deadlock_with_a_muxer_that_waits_for_both(muxer: str) -> None:
    source = video_source(300, live=False) + audio_source(1000, live=False)
    sink = (
        f"appsrc name=video_src ! videoconvert ! x264enc speed-preset=ultrafast ! {muxer} name=mux ! fakesink"
        " appsrc name=audio_src ! audioconvert ! avenc_aac ! aacparse ! mux."
    )
    with Pipes(source, sink, buffer_duration=2.0, delay=0.6, live=False) as pipes:
        pipes.play()
        pipes.wait_eos()
        assert pipes.manager.get_stats()["frames_sent"] == 300


def test_the_capacity_figures_of_the_guide() -> None:
    stats = BufferManager().get_stats()
    assert stats == {
        "frames_received": 0,
        "frames_sent": 0,
        "frame_buffer_size": 0,
        "frame_buffer_capacity": 210,
        "audio_buffer_size": 0,
        "audio_buffer_capacity": 700,
        "display_buffer_duration": 0.0,
        "current_playback_time": 0.0,
    }


def test_a_film_shorter_than_the_delay_is_played_to_its_end() -> None:
    with Pipes(video_source(5, live=True), playback(sync=True), delay=5.0) as pipes:
        pipes.play()
        pipes.wait_eos()
        assert len(pipes.shown["video"].running_ns) == 5


def test_stop_and_a_new_start() -> None:
    with Pipes(video_source(60, live=True), playback(sync=True), buffer_duration=2.0, delay=0.3) as pipes:
        for _ in range(3):
            pipes.manager.start_buffer_thread()
            assert pipes.manager.is_running
            pipes.manager.stop_buffer_thread()
            pipes.manager.stop_buffer_thread()
            assert not pipes.manager.is_running
        pipes.play()
        pipes.wait_eos()
        assert len(pipes.shown["video"].running_ns) == 60


@pytest.mark.parametrize(
    "settings",
    [
        {"buffer_duration": 0},
        {"buffer_duration": float("nan")},
        {"framerate": -1},
        {"audio_chunks_per_sec": 0},
        {"delay": 0},
        {"delay": -1},
        {"delay": float("nan")},
        {"delay": 7.1},
        {"start_fill": 0},
        {"start_fill": 1.1},
        {"stall_timeout": 0},
        {"max_bytes": 0},
        {"ownership": "mine"},
    ],
)
def test_unusable_settings_are_refused(settings: dict[str, float]) -> None:
    name = next(iter(settings))
    with pytest.raises(ConfigError, match=name):
        BufferManager(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("muxer", ["mp4mux", "matroskamux"])
def test_sound_that_never_comes_does_not_hold_a_muxer(muxer: str, live: bool) -> None:
    sink = (
        "appsrc name=video_src ! videoconvert ! x264enc speed-preset=ultrafast tune=zerolatency "
        f"! {muxer} name=mux ! fakesink appsrc name=audio_src ! audioconvert ! avenc_aac ! aacparse ! mux."
    )
    with Pipes(video_source(45, live=live), sink, buffer_duration=2.0, delay=0.4, live=live) as pipes:
        pipes.play()
        pipes.wait_eos()
        assert pipes.manager.get_stats()["frames_sent"] == 45


def test_sound_that_stops_early_does_not_hold_the_picture() -> None:
    """The source of the sound goes silent without an end, as an unplugged microphone does."""
    sink = (
        "appsrc name=video_src ! videoconvert ! x264enc speed-preset=ultrafast tune=zerolatency "
        "! mp4mux name=mux fragment-duration=100 streamable=true ! fakesink sync=false "
        "appsrc name=audio_src ! audioconvert ! avenc_aac ! aacparse ! mux."
    )
    source = video_source(90, live=True) + audio_source(50, live=True)
    with Pipes(source, sink, buffer_duration=2.0, delay=0.4) as pipes:
        pad = pipes.analysis.get_by_name("audio").get_static_pad("sink")
        pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, drop_eos)
        pipes.play()
        with pipes.manager._engine.change as _:
            video = pipes.manager._video.stream
            assert pipes.manager._engine.change.wait_for(lambda: video.counters.sent == 90, WAIT_S)
        assert pipes.manager.statistics().streams["audio"].gaps == 1
        assert pipes.manager.statistics().stall_count == 0


def drop_eos(_pad: Any, info: Any) -> Any:
    is_end = info.get_event().type is Gst.EventType.EOS
    return Gst.PadProbeReturn.DROP if is_end else Gst.PadProbeReturn.OK
