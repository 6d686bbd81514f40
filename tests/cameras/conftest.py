"""The films that the tests' cameras send."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.outputs.conftest import match_film, short_film

__all__ = ["long_film", "match_film", "short_film"]


@pytest.fixture(scope="session")
def long_film(match_film: Path) -> Path:
    """The match film, three times on end: longer than a test."""
    film = match_film.with_name("long.mkv")
    thrice = ["-stream_loop", "2", "-i", str(match_film), "-c", "copy", str(film)]
    subprocess.run(["ffmpeg", "-v", "error", *thrice], check=True)
    return film
