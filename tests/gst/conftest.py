"""A film with sync marks, made once: runs from it cost little, so that live tests keep up on a busy machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.settings import Settings

FILM_S = 10.0


@pytest.fixture(scope="session")
def match_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FILM_S seconds of the built-in match, 25 frames a second, with sound and sync marks."""
    film = tmp_path_factory.mktemp("match") / "match.mkv"
    values = {
        "sources": ["match?size=640x214&fps=25"],
        "outputs": [film],
        "mode": "panorama",
        "size": "320x108",
        "delay_s": 1.0,
        "live": False,
        "duration_s": FILM_S,
        "detector": {"kind": "none"},
        "encoder": {"bitrate_kbps": 2000},
    }
    PanoramaWithVirtualCamera(Settings.parse(values)).run()
    return film


@pytest.fixture(scope="session")
def long_film(match_film: Path) -> Path:
    """It again and again for 24 seconds, with a frame each 40 ms where it begins anew too."""
    film = match_film.with_name("long.mkv")
    given = ["-stream_loop", "2", "-i", match_film, "-t", "24", "-vf", "fps=25"]
    encoded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy"]
    subprocess.run(["ffmpeg", "-v", "error", *given, *encoded, film], check=True)
    return film


@pytest.fixture(scope="session")
def short_film(match_film: Path) -> Path:
    """The first four seconds of it."""
    return _without(match_film, "short.mkv", "-t", "4")


@pytest.fixture(scope="session")
def silent_film(match_film: Path) -> Path:
    """The first four seconds of it without their sound."""
    return _without(match_film, "silent.mkv", "-t", "4", "-an")


def _without(film: Path, name: str, *options: str) -> Path:
    less = film.with_name(name)
    subprocess.run(["ffmpeg", "-v", "error", "-i", film, *options, "-c", "copy", less], check=True)
    return less
