"""Small live runs of the match video, and what is expected of every video that they make."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ForesightError
from pipeline.gst.core.elements import make
from pipeline.gst.encode.muxers import FILE_MUXERS
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.output import OnFailed
from pipeline.gst.output.recording import Recording
from pipeline.run.progress import RunReport
from pipeline.settings import Settings
from tests import videos
from tests.gst.output.peers import wait_until

FPS = 25


def settings(video: Path, **values: Any) -> Settings:
    """A live run of `video` without a detector, a second behind."""
    return Settings.parse(
        {
            "sources": [str(video)],
            "size": "320x108",
            "mode": "panorama",
            "delay_s": 1.0,
            "live": True,
            "detector": {"kind": "none"},
            "encoder": {"bitrate_kbps": 1000, "keyframe_interval_s": 1.0},
        }
        | values
    )


class Running:
    """A run on a thread of its own."""

    def __init__(self, application: PanoramaWithVirtualCamera) -> None:
        self.application = application
        self._report: RunReport | None = None
        self._error: ForesightError | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._report = self.application.run()
        except ForesightError as error:
            self._error = error

    def wait_shown(self, position_s: float) -> None:
        wait_until(lambda: self.application.progress().position_s >= position_s, f"second {position_s:g}")

    def wait_over(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def report(self) -> RunReport:
        self.wait_over(60)
        if self._error is not None:
            raise self._error
        assert self._report is not None
        return self._report


def recording_at(
    path: Path, *, video_codec: str, audio_codec: str | None, on_failed: OnFailed, limits: OutputLimits
) -> Recording:
    """A recording to a path that exists already: a pipe or a device that takes nothing."""
    make_sink = partial(make, "filesink", None, location=str(path), sync=False)
    return Recording(path, FILE_MUXERS["mkv"], make_sink, video_codec, audio_codec, on_failed, limits)


def expect_video(video: Path, frames: int, *, within_ms: float = 20) -> None:
    """The video has that many frames and sound of the same length, and both are in sync."""
    streams = videos.streams(video)
    assert (streams["video"]["codec_name"], streams["audio"]["codec_name"]) == ("h264", "aac")
    assert len(videos.frame_times(video)) == frames
    assert len(videos.sound(video)) / videos.RATE_HZ == pytest.approx(frames / FPS, abs=0.15)
    skews = videos.sync_skews_ms(video)
    assert len(skews) >= frames // FPS - 2
    assert np.abs(skews).max() < within_ms
