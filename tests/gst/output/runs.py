"""Small live runs of the match video, and what is expected of every video that they make."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

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
READ_AHEAD_S = 1.2
"""By how much the sound of a run that was stopped may be longer: the source had read ahead."""


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

    _begun: ClassVar[list[Running]] = []

    def __init__(self, application: PanoramaWithVirtualCamera) -> None:
        self.application = application
        self._begun.append(self)
        self._report: RunReport | None = None
        self._error: ForesightError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @classmethod
    def end_all(cls) -> None:
        """End what a test that failed has left running: it would slow the next one."""
        while cls._begun:
            running = cls._begun.pop()
            if running._thread.is_alive():
                running.application.abort()
                running.wait_over(20)

    def _run(self) -> None:
        try:
            self._report = self.application.run()
        except ForesightError as error:
            self._error = error

    def wait_shown(self, position_s: float) -> None:
        wait_until(lambda: self.application.progress().position_s >= position_s, f"second {position_s:g}")

    def wait_over(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def stop(self) -> RunReport:
        """End the capture, as Ctrl-C does: what is captured is played out. For a test that has seen enough."""
        self.application.stop()
        return self.report()

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


def expect_no_gap(times_s: NDArray[np.float64], dropped: int = 0) -> None:
    """Each frame follows the one before, but for as many as a busy machine says that it has dropped."""
    steps = np.round(np.diff(times_s) * FPS)
    np.testing.assert_allclose(np.diff(times_s), steps / FPS, atol=0.0011)
    assert steps.min() >= 1
    assert (steps - 1).sum() <= dropped


def expect_video(video: Path, frames: int, *, within_ms: float = 20, tail_s: float = 0.15) -> None:
    """The video has that many frames and sound of the same length, and both are in sync.

    The sound may be longer by `tail_s`.
    """
    streams = videos.streams(video)
    assert (streams["video"]["codec_name"], streams["audio"]["codec_name"]) == ("h264", "aac")
    times_s = videos.frame_times(video)
    assert len(times_s) == frames
    length_s = times_s[-1] - times_s[0] + 1 / FPS
    assert -0.15 < len(videos.sound(video)) / videos.RATE_HZ - length_s < tail_s
    skews = videos.sync_skews_ms(video)
    assert len(skews) >= frames // FPS - 2
    assert np.abs(skews).max() < within_ms
