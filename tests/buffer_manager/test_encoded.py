"""Compressed windows and further streams: real encoders on both sides, and entry at keyframes only."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import BufferManager
from pipeline.errors import ConfigError
from pipeline.gst.delay.limits import DelayLimits
from pipeline.gst.runtime import Gst
from tests.buffering.pipes import WAIT_S, Pipes, audio_source, probe

MS = 1_000_000
ENCODERS = {
    "h264": ("x264enc speed-preset=ultrafast key-int-max=10 bframes=2 ! h264parse", "avdec_h264"),
    "h265": ("x265enc speed-preset=ultrafast key-int-max=10 ! h265parse", "avdec_h265"),
    "jpeg": ("jpegenc", "jpegdec"),
    "vp8": ("vp8enc deadline=1 keyframe-max-dist=10", "vp8dec"),
}
RAW = "video/x-raw,format=I420,width=64,height=64,framerate=30/1"


def encoded_source(codec: str, frames: int, *, live: bool) -> str:
    encoder, _ = ENCODERS[codec]
    return (
        f"videotestsrc num-buffers={frames} is-live={str(live).lower()} ! {RAW} ! {encoder} "
        "! appsink name=video emit-signals=true sync=false async=false "
    )


def decoded_sink(codec: str, *, sync: bool) -> str:
    _, decoder = ENCODERS[codec]
    return (
        f"appsrc name=video_src ! {decoder} ! fakesink name=video_out sync={str(sync).lower()} signal-handoffs=true"
        f" appsrc name=audio_src ! fakesink name=audio_out sync={str(sync).lower()} signal-handoffs=true"
    )


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_compressed_stream_is_stored_compressed_and_decoded_for_playback(codec: str) -> None:
    source = encoded_source(codec, 60, live=False)
    with Pipes(source, decoded_sink(codec, sync=False), live=False, delay=0.5) as pipes:
        pipes.play()
        pipes.wait_eos()
        shown = pipes.shown["video"].running_ns
        assert len(shown) == 60
        assert shown == sorted(set(shown)), "the decoder restores the order of B-frames"
        assert pipes.manager._video.stream.window.inter_coded == (codec != "jpeg")


def test_live_a_compressed_stream_keeps_the_delay() -> None:
    source = encoded_source("vp8", 30, live=True) + audio_source(100, live=True)
    with Pipes(source, decoded_sink("vp8", sync=True), delay=0.5) as pipes:
        pipes.play()
        pipes.wait_eos()
        assert len(pipes.shown["video"].running_ns) == 30
        assert len(pipes.shown["audio"].running_ns) == 100
        assert pipes.playback.get_base_time() == pipes.analysis.get_base_time() + 500 * MS


def test_an_inter_coded_window_evicts_whole_groups_of_pictures() -> None:
    manager = BufferManager(buffer_duration=1.0, limits=DelayLimits(first_start_wait_s=0.05))
    source = Gst.parse_launch(encoded_source("h264", 90, live=False))
    source.get_by_name("video").connect("new-sample", manager.on_new_sample)
    source.set_state(Gst.State.PLAYING)
    bus = source.get_bus()
    assert bus.timed_pop_filtered(int(WAIT_S * Gst.SECOND), Gst.MessageType.EOS) is not None
    stored = manager.samples_between(0, 10**12)
    assert stored[0].keyframe
    assert 1.0 <= manager.statistics().streams["video"].stored_s <= 1.0 + 10 / 30 + 0.1
    assert manager.statistics().bound_by["time"] == 90 - len(stored)
    source.set_state(Gst.State.NULL)


def test_seek_in_a_compressed_stream_continues_at_a_keyframe() -> None:
    source = encoded_source("vp8", 40, live=True)
    with Pipes(source, decoded_sink("vp8", sync=True), delay=0.5, keep_behind=2.0, cushion=0.1) as pipes:
        pipes.play()
        pipes.wait_shown("video", 15)
        reached_ns = pipes.manager.seek(0)
        keyframes = [entry.time_ns for entry in pipes.manager.samples_between(0, 10**12) if entry.keyframe]
        assert reached_ns in keyframes
        pipes.wait_eos()
        shown = pipes.shown["video"].running_ns
        assert shown == sorted(set(shown))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_clip_of_a_compressed_stream_begins_at_a_keyframe_and_is_not_reencoded(
    suffix: str, tmp_path: Path
) -> None:
    source = encoded_source("h264", 45, live=True) + audio_source(150, live=True)
    path = tmp_path / f"clip.{suffix}"
    with Pipes(source, decoded_sink("h264", sync=False), delay=0.5, buffer_duration=4.0) as pipes:
        pipes.analysis.set_state(Gst.State.PLAYING)
        bus = pipes.analysis.get_bus()
        assert bus.timed_pop_filtered(int(WAIT_S * Gst.SECOND), Gst.MessageType.EOS) is not None
        begin_ns, _ = pipes.manager.save_clip(path, before=1.0)
        keyframes = [entry.order_ns for entry in pipes.manager.samples_between(0, 10**12) if entry.keyframe]
        assert any(abs(begin_ns - key_ns) < 40 * MS for key_ns in keyframes)
    assert sorted(probe(path).kinds) == ["audio", "video"]


def test_two_cameras_are_sent_in_step() -> None:
    camera = f"videotestsrc num-buffers=60 ! {RAW} ! jpegenc ! appsink emit-signals=true sync=false name="
    out = "jpegdec ! fakesink sync=false signal-handoffs=true name="
    with Pipes(
        f"{camera}video {camera}camera2",
        f"appsrc name=video_src ! {out}video_out appsrc name=camera2_src ! {out}camera2_out",
        live=False,
        delay=0.5,
    ) as pipes:
        manager = pipes.manager
        second = manager.add_stream("camera2", pipes.playback.get_by_name("camera2_src"), leads=True)
        pipes._connect(pipes.analysis, "camera2", "new-sample", second.on_new_sample)
        pipes._connect(pipes.playback, "camera2_src", "need-data", second.on_need_data)
        shown: list[int] = []
        pipes._connect(
            pipes.playback, "camera2_out", "handoff", lambda _out, buffer, _pad: shown.append(buffer.pts)
        )
        with pytest.raises(ConfigError, match="camera2"):
            manager.add_stream("camera2")
        pipes.play()
        pipes.wait_eos()
        assert shown == pipes.shown["video"].pts_ns
        assert len(shown) == 60
        assert len(manager.samples_between(0, 10**12, "camera2")) > 0
