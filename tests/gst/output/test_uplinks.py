"""A server that takes less than it is sent: the stream's bit rate falls and returns, the recording keeps its."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.gst.core.elements import elements_of, factory_name
from pipeline.gst.core.explain import post_error
from pipeline.gst.output.output_slot import OutputStatus
from pipeline.operator.control import Control
from tests import videos
from tests.faults.record import Area, fault
from tests.gst.output.peers import RtmpServer, SrtTransmit, wait_until
from tests.gst.output.runs import FPS, Running, expect_no_gap, settings
from tests.gst.output.throttle import PacketThrottle, Throttle

FULL_KBPS, THROTTLED_KBPS, FLOOR_KBPS = 1600, 300, 100
PATIENCE_S = 300.0
"""A busy machine may be many times slower than the law is."""

SNOW = (
    "gst:videotestsrc is-live=true pattern=snow ! "
    "capsfilter caps=video/x-raw,format=I420,width=160,height=96,framerate=25/1"
)
"""Noise, which takes all the bits that an encoder may use."""


def _settings(**values: Any) -> Any:
    encoder = {
        "video_encoder": "x264enc",
        "bitrate_kbps": FULL_KBPS,
        "stream_floor_kbps": FLOOR_KBPS,
        "keyframe_interval_s": 1.0,
    } | values.pop("encoder", {})
    return settings(Path(), sources=[SNOW], size="160x96", encoder=encoder, stabilise=False, **values)


@contextmanager
def _throttled(kind: str, folder: Path) -> Iterator[tuple[str, Throttle]]:
    """A throttle before a real server, and its address."""
    with ExitStack() as stack:
        if kind == "rtmp":
            throttle = stack.enter_context(Throttle(stack.enter_context(RtmpServer(folder)).port))
            yield f"rtmp://127.0.0.1:{throttle.port}/live/secretkey", throttle
        else:
            throttle = stack.enter_context(PacketThrottle(stack.enter_context(SrtTransmit(folder)).port))
            yield f"srt://127.0.0.1:{throttle.port}", throttle


def _stream(run: Running) -> OutputStatus:
    playback = run.application.playback
    assert playback is not None
    return next(one for one in playback.outputs.statuses() if one.kind == "stream")


def _bitrate(run: Running) -> int:
    return _stream(run).bitrate_kbps or 0


def _arrives(run: Running) -> float:
    return _stream(run).arrives_kbps or 0.0


def _own_encodes(run: Running) -> int:
    playback = run.application.playback
    assert playback is not None
    return playback.outputs.own_encodes


def _encoded_kbps(record: Path) -> float:
    """The bit rate of a recording, as if none of its 25 frames a second had been dropped before the encoder."""
    return record.stat().st_size * 8 / 1000 * FPS / len(videos.frame_times(record))


def _wait(run: Running, what: str, is_met: Any) -> None:
    wait_until(lambda: bool(is_met()), what, PATIENCE_S)


def _wait_full(run: Running) -> None:
    _wait(run, "the full bit rate at the server", lambda: _arrives(run) > 1.5 * THROTTLED_KBPS)


@fault(
    Area.OUTPUTS,
    "a push's server takes less than it is sent",
    seen="the bit rate of that push falls within 5 s and returns within 30 s of the end; log, note, state and page",
    lost="nothing; the recording keeps its bit rate",
)
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rtmp", "srt"])
def test_the_bit_rate_follows_a_throttled_server_and_no_frame_of_the_recording_is_lost(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    record = tmp_path / "record.mkv"
    with _throttled(kind, tmp_path) as (url, throttle):
        run = Running(PanoramaWithVirtualCamera(_settings(outputs=[record], streams=[url])))
        run.wait_shown(0.5)
        _wait_full(run)
        throttle.kbps = THROTTLED_KBPS
        _wait(run, "the fall of the bit rate", lambda: _bitrate(run) < FULL_KBPS / 2)
        _wait(run, "its own encoder", lambda: _own_encodes(run) == 1)
        _wait(run, "the fall of what arrives", lambda: 0 < _arrives(run) < 1.2 * THROTTLED_KBPS)
        throttle.kbps = None
        _wait(run, "the return of the bit rate", lambda: _bitrate(run) == FULL_KBPS)
        _wait_full(run)
        report = run.stop()
    times_s = videos.frame_times(record)
    assert len(times_s) == report.frames_out
    expect_no_gap(times_s, report.dropped)
    assert _encoded_kbps(record) > 0.7 * FULL_KBPS
    assert "the server takes less than it is sent" in caplog.text
    assert f"the bit rate is back at {FULL_KBPS} kbit/s" in caplog.text
    assert any("the server took less than was sent; bit rate lowered to" in note for note in report.notes)
    assert "secretkey" not in caplog.text + str(report)


@pytest.mark.slow
def test_what_a_throttled_rtmp_server_gets_is_one_stream_whose_frames_follow_each_other(
    tmp_path: Path,
) -> None:
    """Through both changes of the encoder: to the own one, and, before the end, back to the shared one."""
    with RtmpServer(tmp_path) as server, Throttle(server.port) as throttle:
        url = f"rtmp://127.0.0.1:{throttle.port}/live/secretkey"
        run = Running(PanoramaWithVirtualCamera(_settings(outputs=[tmp_path / "r.mkv"], streams=[url])))
        run.wait_shown(0.5)
        _wait_full(run)
        throttle.kbps = THROTTLED_KBPS
        _wait(run, "its own encoder", lambda: _own_encodes(run) == 1)
        throttle.kbps = None
        _wait(run, "the end of its own encoder", lambda: _own_encodes(run) == 0)
        _wait_full(run)
        report = run.stop()
        received = server.videos
    if any("gap" in note for note in report.notes):
        pytest.skip("the machine was so busy that the connection was lost")
    (video,) = received
    times_s = videos.frame_times(video)
    assert np.diff(times_s).min() > 0
    assert len(videos.pictures(video, 160, 96)) == len(times_s)  # a decoder takes all of them
    assert len(times_s) > 0.5 * report.frames_out


@pytest.mark.slow
def test_a_stream_alone_slows_the_encoder_that_a_recording_then_gets_at_its_full_bit_rate(
    tmp_path: Path,
) -> None:
    with _throttled("rtmp", tmp_path) as (url, throttle):
        run = Running(PanoramaWithVirtualCamera(_settings(streams=[url])))
        control = Control(run.application, tmp_path)
        run.wait_shown(0.5)
        _wait_full(run)
        throttle.kbps = THROTTLED_KBPS
        _wait(run, "the fall of the bit rate", lambda: _bitrate(run) < FULL_KBPS / 2)
        assert _own_encodes(run) == 0
        recording = control.record()
        assert _own_encodes(run) == 1
        _wait(run, "three seconds of it", lambda: control.outputs()[recording.number].elapsed_s > 3)
        assert control.stop_output(recording.number).state == "off"
        _wait(run, "the shared encoder for the stream", lambda: _own_encodes(run) == 0)
        run.stop()
    assert _encoded_kbps(tmp_path / recording.name) > 0.7 * FULL_KBPS


def test_a_stream_with_a_lower_ceiling_has_its_own_encoder_from_the_start(tmp_path: Path) -> None:
    record = tmp_path / "record.mkv"
    with _throttled("rtmp", tmp_path) as (url, _throttle):
        encoder = {"stream_bitrate_kbps": 600, "follow_uplink": False}
        given = _settings(outputs=[record], streams=[url], encoder=encoder)
        run = Running(PanoramaWithVirtualCamera(given))
        run.wait_shown(0.5)
        _wait(run, "its own encoder", lambda: _own_encodes(run) == 1)
        _wait(run, "its bit rate at the server", lambda: 200 < _arrives(run) < 900)
        assert _bitrate(run) == 600
        run.stop()
    assert _encoded_kbps(record) > 0.7 * FULL_KBPS


def test_a_stream_whose_own_encoder_fails_gets_the_shared_video_and_says_so(tmp_path: Path) -> None:
    with _throttled("rtmp", tmp_path) as (url, _throttle):
        encoder = {"stream_bitrate_kbps": 600}
        given = _settings(outputs=[tmp_path / "r.mkv"], streams=[url], encoder=encoder)
        run = Running(PanoramaWithVirtualCamera(given))
        run.wait_shown(0.5)
        _wait(run, "its own encoder", lambda: _own_encodes(run) == 1)
        playback = run.application.playback
        assert playback is not None
        newest, *_ = [one for one in elements_of(playback.pipeline) if factory_name(one) == "x264enc"]
        post_error(newest, "no more sessions")
        _wait(run, "its end", lambda: _own_encodes(run) == 0)
        _wait_full(run)
        assert _stream(run).bitrate_kbps is None
        report = run.stop()
    assert report.failures == ()
    assert any("cannot follow the uplink: its own encoder has failed" in note for note in report.notes)


def test_a_stream_that_is_not_to_follow_keeps_the_shared_bit_rate(tmp_path: Path) -> None:
    with _throttled("rtmp", tmp_path) as (url, _throttle):
        run = Running(PanoramaWithVirtualCamera(_settings(streams=[url], encoder={"follow_uplink": False})))
        run.wait_shown(0.5)
        _wait_full(run)
        assert (_stream(run).bitrate_kbps, _own_encodes(run)) == (None, 0)
        run.stop()


def test_a_stream_whose_encoder_cannot_change_its_bit_rate_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.gst.encode.encode_stage.can_change_bitrate", lambda _encoder: False)
    with _throttled("rtmp", tmp_path) as (url, _throttle):
        run = Running(PanoramaWithVirtualCamera(_settings(streams=[url])))
        run.wait_shown(0.5)
        _wait(run, "the end of following", lambda: _stream(run).bitrate_kbps is None)
        _wait_full(run)
        report = run.stop()
    assert any(
        "cannot follow the uplink: its encoder cannot change its bit rate" in note for note in report.notes
    )
