"""The contract on real pipelines: each frame once, in order, all the sound, constant delay, EOS drains."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pipeline import BufferManager
from pipeline.errors import ConfigError
from pipeline.gst.delay.limits import DelayLimits
from pipeline.gst.runtime import Gst
from tests.buffering.pipes import WAIT_S, Pipes, audio_source, playback, video_source

MS = 1_000_000


def is_seamless(starts: list[int], durations: list[int]) -> bool:
    return all(a + d == b for a, d, b in zip(starts, durations, starts[1:], strict=False))


def test_live_every_frame_once_in_order_and_all_the_sound() -> None:
    source = video_source(30, live=True) + audio_source(100, live=True)
    with Pipes(source, playback(sync=True), buffer_duration=2.0, delay=0.6) as pipes:
        pipes.play()
        pipes.wait_eos()
        assert pipes.manager.wait_drained(5)
        video, audio = pipes.shown["video"], pipes.shown["audio"]
        assert len(video.running_ns) == 30
        assert video.running_ns == sorted(set(video.running_ns))
        assert len(audio.running_ns) == 100
        assert is_seamless(audio.running_ns, audio.duration_ns)
        origin_ns = pipes.analysis.get_base_time()
        delays = [c - origin_ns - r for c, r in zip(video.clock_ns, video.running_ns, strict=True)]
        assert min(delays) >= 600 * MS, "no frame is early"
        # Both pipelines agree: playback's base time is the source's plus the delay, to the nanosecond.
        assert pipes.playback.get_base_time() == origin_ns + 600 * MS
        stats = pipes.manager.get_stats()
        assert stats["frames_received"] == stats["frames_sent"] == 30


def test_sinks_without_clock_sync_get_each_frame_when_it_is_due() -> None:
    with Pipes(video_source(20, live=True), playback(sync=False), buffer_duration=2.0, delay=0.6) as pipes:
        pipes.play()
        pipes.wait_eos()
        video, origin_ns = pipes.shown["video"], pipes.analysis.get_base_time()
        delays = [c - origin_ns - r for c, r in zip(video.clock_ns, video.running_ns, strict=True)]
        assert len(delays) == 20
        assert min(delays) >= 595 * MS, "no frame is early, although no sink holds it back"


def test_offline_loses_nothing_with_a_fast_source() -> None:
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
    """The source is faster than real time; the window holds a third of its frames."""
    limits = DelayLimits(first_start_wait_s=WAIT_S)
    source = video_source(45, live=False) + audio_source(150, live=False)
    with Pipes(source, playback(sync=True), buffer_duration=0.5, delay=0.5, limits=limits) as pipes:
        manager, engine = pipes.manager, pipes.manager._engine
        if first == "source":
            full = {"video": threading.Event(), "audio": threading.Event()}
            must_wait = engine._must_wait
            engine._must_wait = lambda stream, entry: (  # type: ignore[method-assign]
                must_wait(stream, entry) and (full[stream.name].set() or True)  # type: ignore[func-returns-value]
            )
            pipes.analysis.set_state(Gst.State.PLAYING)
            assert all(event.wait(WAIT_S) for event in full.values())
        pipes.play()
        pipes.wait_eos()
        assert manager.dropped == 0
        assert manager.get_stats()["frames_sent"] == 45
        assert manager.statistics().streams["audio"].sent == 150
        assert len(pipes.shown["video"].pts_ns) == 45


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


def test_the_public_names_of_the_callbacks_are_the_guides_functions() -> None:
    assert BufferManager.on_need_data is BufferManager._on_appsrc_need_data
    assert BufferManager.on_audio_need_data is BufferManager._on_audio_appsrc_need_data


def test_rates_may_be_fractions() -> None:
    manager = BufferManager(framerate=29.97, audio_chunks_per_sec=46.875)
    assert (manager.framerate, manager.audio_chunks_per_sec) == (29.97, 46.875)
    stats = manager.get_stats()
    assert (stats["frame_buffer_capacity"], stats["audio_buffer_capacity"]) == (210, 328)


def test_a_video_shorter_than_the_delay_is_played_to_its_end() -> None:
    with Pipes(video_source(5, live=True), playback(sync=True), delay=5.0) as pipes:
        pipes.play()
        pipes.wait_eos()
        assert len(pipes.shown["video"].running_ns) == 5


def test_stop_and_a_new_start() -> None:
    with Pipes(video_source(30, live=True), playback(sync=True), buffer_duration=2.0, delay=0.3) as pipes:
        for _ in range(3):
            pipes.manager.start_buffer_thread()
            assert pipes.manager.is_running
            pipes.manager.stop_buffer_thread()
            pipes.manager.stop_buffer_thread()
            assert not pipes.manager.is_running
        pipes.play()
        pipes.wait_eos()
        assert len(pipes.shown["video"].running_ns) == 30


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


def test_arguments_can_be_read_but_not_changed() -> None:
    pipeline = Gst.parse_launch("appsrc name=v ! fakesink appsrc name=a ! fakesink")
    appsrc, audio_appsrc = pipeline.get_by_name("v"), pipeline.get_by_name("a")
    manager = BufferManager(5.0, 25, 50, appsrc, audio_appsrc, pipeline)
    assert (manager.buffer_duration, manager.framerate, manager.audio_chunks_per_sec) == (5.0, 25, 50)
    assert manager.appsrc is appsrc
    assert manager.audio_appsrc is audio_appsrc
    assert manager.playback_pipeline is pipeline
    for name in (
        "buffer_duration",
        "framerate",
        "audio_chunks_per_sec",
        "appsrc",
        "playback_pipeline",
        "lock",
    ):
        with pytest.raises(AttributeError):
            setattr(manager, name, None)
    with manager.lock, manager.lock:
        manager._remove_old_frames_locked()
        manager._remove_old_audio_chunks()
    bare = BufferManager()
    assert (bare.appsrc, bare.audio_appsrc, bare.playback_pipeline) == (None, None, None)


def test_after_the_end_nothing_is_left_and_the_playhead_stands() -> None:
    source = video_source(15, live=True) + audio_source(50, live=True)
    with Pipes(source, playback(sync=True), delay=0.3) as pipes:
        pipes.play()
        pipes.wait_eos()
        manager, line = pipes.manager, pipes.manager._line
        with manager._engine.change:
            assert manager._engine.change.wait_for(
                lambda: manager.playhead_ns == line.shared_time.newest_ns and manager.state == "drained",
                WAIT_S,
            )
        stats = manager.get_stats()
        assert stats["frame_buffer_size"] == 0
        assert stats["display_buffer_duration"] == 0
        end_ns = manager._line.shared_time.newest_ns
        assert stats["current_playback_time"] == end_ns / 1e9, "the end of what was shown"
        manager.stop_buffer_thread()
        assert manager.get_stats() == stats


def test_stored_samples_stay_when_the_thread_is_stopped() -> None:
    with Pipes(video_source(60, live=True), playback(sync=True), delay=0.3) as pipes:
        manager = pipes.manager
        pipes.play()
        pipes.wait_shown("video", 5)
        pipes.analysis.set_state(Gst.State.NULL)
        manager.stop_buffer_thread()
        stats, stored = manager.get_stats(), manager.samples_between(0, 10**12)
        manager._engine.clock = Later(manager._engine.clock)
        manager._remove_old_frames_locked()
        assert manager.get_stats() == stats
        assert manager.samples_between(0, 10**12)[-1] is stored[-1]
        assert stats["frame_buffer_size"] > 0
        manager.clear_buffers()
        assert manager.get_stats()["current_playback_time"] == 0


class Later:
    """A clock that is one hour ahead."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def get_time(self) -> int:
        return int(self._clock.get_time()) + 3600 * Gst.SECOND


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("muxer", ["mp4mux", "matroskamux"])
def test_missing_sound_does_not_block_a_muxer(muxer: str, live: bool) -> None:
    sink = (
        "appsrc name=video_src ! videoconvert ! x264enc speed-preset=ultrafast tune=zerolatency "
        f"! {muxer} name=mux ! fakesink appsrc name=audio_src ! audioconvert ! avenc_aac ! aacparse ! mux."
    )
    with Pipes(video_source(30, live=live), sink, buffer_duration=2.0, delay=0.4, live=live) as pipes:
        pipes.play()
        pipes.wait_eos()
        assert pipes.manager.get_stats()["frames_sent"] == 30


def test_sound_that_stops_early_does_not_block_the_video() -> None:
    """The sound stops without EOS, as with an unplugged microphone."""
    sink = (
        "appsrc name=video_src ! videoconvert ! x264enc speed-preset=ultrafast tune=zerolatency "
        "! mp4mux name=mux fragment-duration=100 streamable=true ! fakesink sync=false "
        "appsrc name=audio_src ! audioconvert ! avenc_aac ! aacparse ! mux."
    )
    source = video_source(60, live=True) + audio_source(30, live=True)
    with Pipes(source, sink, buffer_duration=2.0, delay=0.4) as pipes:
        pad = pipes.analysis.get_by_name("audio").get_static_pad("sink")
        pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, drop_eos)
        pipes.play()
        with pipes.manager._engine.change as _:
            video = pipes.manager._video.stream
            assert pipes.manager._engine.change.wait_for(lambda: video.counters.sent == 60, WAIT_S)
        assert pipes.manager.statistics().streams["audio"].gaps == 1
        assert pipes.manager.statistics().stall_count == 0


def drop_eos(_pad: Any, info: Any) -> Any:
    is_end = info.get_event().type is Gst.EventType.EOS
    return Gst.PadProbeReturn.DROP if is_end else Gst.PadProbeReturn.OK
