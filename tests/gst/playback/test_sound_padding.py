"""Sound that ends before its video: silence from there on, also for outputs that start later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from tests import videos
from tests.gst.output.peers import RtspClient, answers, free_port, wait_until
from tests.gst.output.runs import FPS, Running, settings

SOUND_S = 2.0
PICTURE = "video/x-raw,format=I420,width=320,height=108,framerate=25/1"


def source(seconds: float, *, live: bool, form: str = "S16LE") -> str:
    """Video of that many seconds, with a tone of SOUND_S."""
    is_live, pictures, chunks = str(live).lower(), round(seconds * FPS), round(SOUND_S * 50)
    return (
        f"gst:videotestsrc is-live={is_live} num-buffers={pictures} ! {PICTURE} ! identity "
        f"audiotestsrc is-live={is_live} num-buffers={chunks} samplesperbuffer=960 "
        f"! audio/x-raw,format={form},rate=48000,channels=2 ! identity"
    )


def expect_tone_and_silence(video: Path, tone_s: float) -> None:
    """A tone of that length, then silence to the end of the video."""
    sound = videos.sound(video)
    assert len(sound) / videos.RATE_HZ == pytest.approx(len(videos.frame_times(video)) / FPS, abs=0.1)
    loud = np.abs(sound) > 0.1
    if tone_s:
        assert loud[2400 : round((tone_s - 0.05) * videos.RATE_HZ)].reshape(-1, 100).any(axis=1).all()
    assert not loud[round((tone_s + 0.05) * videos.RATE_HZ) :].any()


@pytest.mark.parametrize("form", ["S16LE", "U8", "S24BE"])
def test_offline_the_video_has_sound_to_its_end(form: str, tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    run = settings(video, sources=[source(5, live=False, form=form)], outputs=[video], live=False)
    report = PanoramaWithVirtualCamera(run).run()
    assert report.frames_out == 5 * FPS
    expect_tone_and_silence(video, SOUND_S)


def test_outputs_that_start_later_get_video_and_silence(tmp_path: Path) -> None:
    own, recorded, seen = (tmp_path / f"{name}.mkv" for name in ("own", "recorded", "seen"))
    port = free_port()
    url = f"rtsp://127.0.0.1:{port}/live"
    run = settings(own, sources=[source(12, live=True)], outputs=[own], streams=[url])
    running = Running(PanoramaWithVirtualCamera(run))
    try:
        wait_until(lambda: answers(port), "the RTSP server's start")
        running.wait_shown(SOUND_S + 1)
        playback = running.application.playback
        assert playback is not None
        number = playback.outputs.record(recorded).number
        with RtspClient.ffmpeg(url, seen) as client:
            client.wait_received(10_000)
        running.wait_shown(9)
        assert playback.outputs.stop(number).state == "off"
        assert len(videos.frame_times(recorded)) > 2 * FPS
        expect_tone_and_silence(recorded, 0)
        assert set(videos.streams(seen)) == {"video", "audio"}
        report = running.report()
    finally:
        running.application.abort()
        running.wait_over(20)
    assert report.failures == ()
    assert len(videos.frame_times(own)) == report.frames_out
    expect_tone_and_silence(own, SOUND_S)
