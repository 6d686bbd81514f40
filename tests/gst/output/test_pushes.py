"""What a real RTMP server and a real SRT listener receive: video and sound, in sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError, MissingDependencyError
from pipeline.gst.output.open_output import open_stream
from pipeline.gst.runtime import FEATURES, Feature
from pipeline.media.output_spec import StreamSpec
from tests import videos
from tests.gst.output.peers import RtmpServer, SrtListener, wait_until
from tests.gst.output.runs import FPS, Running, expect_video, settings
from tests.gst.output.tls import tls_before, trusted


def test_an_rtmp_server_receives_video_and_sound_in_sync(short_video: Path, tmp_path: Path) -> None:
    with RtmpServer(tmp_path) as server:
        run = settings(short_video, streams=[server.url])
        report = PanoramaWithVirtualCamera(run).run()
    (video,) = server.videos
    expect_video(video, report.frames_out)
    assert report.outputs == (f"rtmp://127.0.0.1:{server.port}/live/***",)


def test_a_file_and_two_pushes_share_one_encode(short_video: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.mkv"
    with RtmpServer(tmp_path) as server, SrtListener(tmp_path) as listener:
        streams = [server.url, listener.url]
        run = settings(short_video, outputs=[record], streams=streams)
        report = PanoramaWithVirtualCamera(run).run()
        listener.finish()
    for video in (record, listener.video, *server.videos):
        expect_video(video, report.frames_out)
    assert not any("gap" in note for note in report.notes)


def test_an_srt_listener_receives_an_encrypted_stream(short_video: Path, tmp_path: Path) -> None:
    with SrtListener(tmp_path, "correct-horse") as listener:
        run = settings(short_video, streams=[f"{listener.url}?passphrase=correct-horse"])
        report = PanoramaWithVirtualCamera(run).run()
        listener.finish()
    expect_video(listener.video, report.frames_out)
    assert "horse" not in str(report)


def test_without_sound_silence_is_sent_and_reported(silent_video: Path, tmp_path: Path) -> None:
    with RtmpServer(tmp_path) as server:
        report = PanoramaWithVirtualCamera(settings(silent_video, streams=[server.url])).run()
    (video,) = server.videos
    sound, frames = videos.sound(video), len(videos.frame_times(video))
    assert frames == report.frames_out or any("gap" in note for note in report.notes)
    assert len(sound) / videos.RATE_HZ == pytest.approx(frames / FPS, abs=0.15)
    assert not sound.any()
    assert f"rtmp://127.0.0.1:{server.port}/live/***: no sound source, so silence is sent" in report.notes


def test_an_unsupported_scheme_is_refused_without_showing_its_secret() -> None:
    with pytest.raises(ConfigError, match="rtmp://, rtmps://, srt:// or rtsp://") as caught:
        open_stream(
            StreamSpec.parse("http://user:hunter2@server/live"), video_codec="h264", audio_codec="aac"
        )
    assert "hunter2" not in str(caught.value)


def test_an_rtmp_address_without_a_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="the key is missing; write rtmp://server/app/ and the key"):
        open_stream(StreamSpec.parse("rtmp://127.0.0.1:1935/match"), video_codec="h264", audio_codec="aac")


@pytest.mark.parametrize(("feature", "url"), [("srt", "srt://h:9000"), ("rtmp", "rtmp://h/app/KEY")])
def test_a_missing_element_for_a_push_is_reported_before_the_run_starts(
    feature: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FEATURES, feature, Feature(feature, {"nosuchsink": "gstreamer1.0-some"}))
    with pytest.raises(MissingDependencyError, match=r"nosuchsink.*gstreamer1\.0-some"):
        open_stream(StreamSpec.parse(url), video_codec="h264", audio_codec="aac")


def test_an_rtmps_server_receives_video_and_sound_in_sync(short_video: Path, tmp_path: Path) -> None:
    with RtmpServer(tmp_path) as server, tls_before(server.port, tmp_path) as port, trusted(tmp_path):
        run = settings(short_video, streams=[f"rtmps://127.0.0.1:{port}/live/secretkey"])
        report = PanoramaWithVirtualCamera(run).run()
    (video,) = server.videos
    expect_video(video, report.frames_out)
    assert not any("gap" in note for note in report.notes)


def test_an_rtmps_server_with_an_untrusted_certificate_gets_nothing(
    match_video: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with RtmpServer(tmp_path) as server, tls_before(server.port, tmp_path) as port:
        given = settings(match_video, streams=[f"rtmps://127.0.0.1:{port}/live/secretkey"])
        run = Running(PanoramaWithVirtualCamera(given))
        wait_until(lambda: "certificate" in caplog.text, "the refusal")
        run.application.stop()
        run.wait_over(60)
    assert server.videos == []
    assert "certificate" in caplog.text
    assert "secretkey" not in caplog.text
