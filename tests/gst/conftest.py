"""Recordings with sync marks, made once: runs from them cost little, so live tests keep up on a busy machine.

And the end of every run that a test has begun.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.settings import Settings
from tests.gst.output.runs import Running
from tests.once import made_once

VIDEO_S = 10.0


@pytest.fixture(autouse=True)
def no_run_left() -> Iterator[None]:
    """Each test begins without a run of the one before."""
    yield
    Running.end_all()


@pytest.fixture(scope="session")
def match_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VIDEO_S seconds of the built-in match, 25 frames a second, with sound and sync marks."""
    return made_once(tmp_path_factory, "match.mkv", _record_match)


@pytest.fixture(scope="session")
def long_video(match_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The match video repeated for 24 seconds, with a frame every 40 ms across the joints too."""
    given = ["-stream_loop", "2", "-i", match_video, "-t", "24", "-vf", "fps=25"]
    encoded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy"]
    return made_once(tmp_path_factory, "long.mkv", lambda video: _ffmpeg(*given, *encoded, video))


@pytest.fixture(scope="session")
def short_video(match_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first four seconds of the match video."""
    given = ["-i", match_video, "-t", "4", "-c", "copy"]
    return made_once(tmp_path_factory, "short.mkv", lambda video: _ffmpeg(*given, video))


@pytest.fixture(scope="session")
def silent_video(match_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first four seconds of the match video, without sound."""
    given = ["-i", match_video, "-t", "4", "-an", "-c", "copy"]
    return made_once(tmp_path_factory, "silent.mkv", lambda video: _ffmpeg(*given, video))


def _record_match(video: Path) -> None:
    values = {
        "sources": ["match?size=640x214&fps=25"],
        "outputs": [video],
        "mode": "panorama",
        "size": "320x108",
        "delay_s": 1.0,
        "live": False,
        "duration_s": VIDEO_S,
        "detector": {"kind": "none"},
        "encoder": {"bitrate_kbps": 2000},
    }
    PanoramaWithVirtualCamera(Settings.parse(values)).run()


def _ffmpeg(*options: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", *options], check=True)
