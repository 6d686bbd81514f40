"""The RTSP server with real clients: video and sound in sync, and a client that comes or goes disturbs no other."""

from __future__ import annotations

import signal
import socket
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError, MissingDependencyError, OutputError
from pipeline.gst import runtime
from pipeline.gst.core.elements import make
from pipeline.gst.output.open_output import open_stream
from pipeline.gst.runtime import Gst
from pipeline.media.output_spec import StreamSpec
from pipeline.playback_builder import Encoding, PlaybackPipelineBuilder
from pipeline.settings import Settings
from tests import videos
from tests.gst.output.peers import RtspClient, answers, free_port, wait_until
from tests.gst.output.runs import FPS, Running, expect_video, settings


def _serve(video: Path, record: Path, user: str = "") -> tuple[Running, str]:
    """A run that records and serves; the address answers when this returns."""
    port = free_port()
    url = f"rtsp://{user}127.0.0.1:{port}/live"
    running = Running(PanoramaWithVirtualCamera(settings(video, outputs=[record], streams=[url])))
    wait_until(lambda: answers(port), "the RTSP server's start")
    return running, url


def _expect_received(video: Path) -> None:
    """Video and sound came and are in sync, from the first RTCP sender report on."""
    streams = videos.streams(video)
    assert (streams["video"]["codec_name"], streams["audio"]["codec_name"]) == ("h264", "aac")
    assert (streams["video"]["width"], streams["video"]["height"]) == (320, 108)
    skews = videos.sync_skews_ms(video)[2:]
    assert len(skews) >= 1
    assert np.abs(skews).max() < 40
    assert videos.mean_luma(video).min() > 20


def test_ffmpeg_and_gstreamer_receive_the_stream_at_the_same_time(match_video: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.mkv"
    running, url = _serve(match_video, record)
    with (
        RtspClient.ffmpeg(url, tmp_path / "ffmpeg.mkv") as ffmpeg,
        RtspClient.gstreamer(url, tmp_path / "tcp.mkv", "tcp") as tcp,
        RtspClient.gstreamer(url, tmp_path / "udp.mkv", "udp") as udp,
    ):
        clients = (ffmpeg, tcp, udp)
        report = running.report()
        assert [client.finish() for client in clients] == [0, 0, 0]
    expect_video(record, report.frames_out)
    for client in clients:
        _expect_received(client.video)
        assert len(videos.frame_times(client.video)) > report.frames_out / 2


def test_clients_that_come_late_or_vanish_do_not_affect_the_recording(
    match_video: Path, tmp_path: Path
) -> None:
    record = tmp_path / "record.mkv"
    running, url = _serve(match_video, record)
    stalled = RtspClient.ffmpeg(url, tmp_path / "stalled.mkv")
    killed = RtspClient.gstreamer(url, tmp_path / "killed.mkv", "udp")
    with stalled:
        with killed:
            killed.wait_received(40_000)
            stalled.pause()
            killed.stop(signal.SIGKILL)
        running.wait_shown(4.0)
        with RtspClient.ffmpeg(url, tmp_path / "late.mkv") as late:
            report = running.report()
            assert late.finish() == 0
        stalled.stop(signal.SIGKILL)
    expect_video(record, report.frames_out)
    np.testing.assert_allclose(np.diff(videos.frame_times(record)), 1 / FPS, atol=0.0011)
    _expect_received(late.video)
    assert len(videos.frame_times(late.video)) > report.frames_out / 3  # the stalled client held up nobody


def test_a_client_that_comes_after_all_others_left_is_served(match_video: Path, tmp_path: Path) -> None:
    running, url = _serve(match_video, tmp_path / "record.mkv")
    with RtspClient.ffmpeg(url, tmp_path / "first.mkv") as first:
        first.wait_received(40_000)
    with RtspClient.ffmpeg(url, tmp_path / "second.mkv") as second:
        running.report()
        assert second.finish() == 0
    _expect_received(second.video)


def test_the_password_is_required_and_never_shown(match_video: Path, tmp_path: Path) -> None:
    running, url = _serve(match_video, tmp_path / "record.mkv", "coach:hunt%40er2@")
    for wrong in (url.replace("coach:hunt%40er2@", ""), url.replace("er2", "er3")):
        stranger = RtspClient.ffmpeg(wrong, tmp_path / "stranger.mkv")
        stranger.start()
        assert stranger.finish() != 0
        assert "401 Unauthorized" in stranger.log.read_text()
    with RtspClient.ffmpeg(url, tmp_path / "friend.mkv") as friend:
        friend.wait_received(40_000)
        running.application.abort()
        report = running.report()
        assert friend.finish() == 0
    assert "hunt" not in str(report)
    assert "no password" not in str(report.notes)


def test_a_port_in_use_is_one_line_and_no_file_is_written(short_video: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.mkv"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        url = f"rtsp://coach:hunter2@127.0.0.1:{taken.getsockname()[1]}/live"
        with pytest.raises(OutputError, match="cannot listen there") as caught:
            PanoramaWithVirtualCamera(settings(short_video, outputs=[record], streams=[url])).run()
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert not record.exists()


@pytest.mark.parametrize("url", ["rtsp://127.0.0.1:port/live", "rtsp://127.0.0.1:99999/live", "rtsp:///live"])
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"write rtsp://127\.0\.0\.1:8554/live"):
        open_stream(StreamSpec.parse(url), video_codec="h264", audio_codec="aac")


def test_a_server_open_to_all_is_reported(tmp_path: Path) -> None:
    output = open_stream(
        StreamSpec.parse(f"rtsp://0.0.0.0:{free_port()}/live"), video_codec="h264", audio_codec=None
    )
    assert "no password" in output.notes[0]
    output.close()
    output.close()


def test_without_the_server_library_one_line_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    feature = runtime.Feature("rtsp-out", {}, {"GstNoSuchThing": "gir1.2-no-such-thing"})
    monkeypatch.setitem(runtime.FEATURES, "rtsp-out", feature)
    with pytest.raises(MissingDependencyError, match=r"sudo apt-get install gir1\.2-no-such-thing"):
        open_stream(StreamSpec.parse("rtsp://127.0.0.1:8554/live"), video_codec="h264", audio_codec="aac")


def test_an_address_among_the_outputs_is_served(tmp_path: Path) -> None:
    url = "rtsp://coach:hunter2@127.0.0.1:8554/live"
    parsed = Settings.parse({"outputs": ["match.mp4", url], "streams": ["srt://127.0.0.1:9"]})
    assert parsed.outputs == (Path("match.mp4"),)
    assert [secret.get_secret_value() for secret in parsed.streams] == ["srt://127.0.0.1:9", url]
    assert parsed.is_live
    assert "hunter2" not in repr(parsed)
    with pytest.raises(ConfigError, match="rtsp://") as caught:
        Settings.parse({"outputs": ["http://coach:hunter2@127.0.0.1/live"]})
    assert "hunter2" not in str(caught.value)


def test_the_server_is_closed_when_the_next_output_is_refused() -> None:
    port = free_port()
    caps = Gst.Caps.from_string("video/x-raw,format=I420,width=320,height=240,framerate=25/1")
    encoding = Encoding("h264", partial(make, "x264enc"), "aac", partial(make, "avenc_aac"))
    streams = [f"rtsp://127.0.0.1:{port}/live", f"rtsp://127.0.0.1:{port}/again"]
    with pytest.raises(OutputError, match="cannot listen there"):
        PlaybackPipelineBuilder([caps], streams=streams, encoding=encoding).build()
    assert not answers(port)
