"""Raw sound in a QuickTime film is read in the byte order that the film says, and at its time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.settings import Settings
from tests import films, videos
from tests.faults.record import Area, fault

TONE_HZ = 1000


@contextmanager
def as_file(film: Path) -> Iterator[str]:
    yield str(film)


@contextmanager
def over_http(film: Path) -> Iterator[str]:
    """Without ranges: the demuxer is fed from the beginning, and cannot seek."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(film.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{film.name}"
        server.shutdown()
        thread.join(10)


@fault(
    Area.CAMERAS,
    "QuickTime film whose raw sound has the lowest byte first, or that GStreamer gives no times",
    seen="nothing; it is read in the film's byte order, each chunk after the one before",
)
@pytest.mark.parametrize(
    ("form", "rate_hz", "given"),
    [
        ("s32le", 48_000, as_file),
        ("f32le", 48_000, over_http),
        ("f64le", 48_000, as_file),
        ("f32be", 48_000, over_http),
        ("s16le", 96_000, as_file),
    ],
)
def test_the_sound_of_a_film_is_the_same_however_it_is_written(
    tmp_path: Path, form: str, rate_hz: int, given: Callable[[Path], AbstractContextManager[str]]
) -> None:
    film, video = tmp_path / "film.mov", tmp_path / "video.mkv"
    picture = ("-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=0.6")
    sound = ("-f", "lavfi", "-i", f"sine=frequency={TONE_HZ}:sample_rate={rate_hz}:duration=0.6")
    films.make_film(film, *picture, *sound, "-c:v", "mpeg4", "-c:a", f"pcm_{form}")
    with given(film) as source:
        settings = {"sources": [source], "outputs": [str(video)], "size": "160x90", "live": False}
        settings |= {"delay_s": 0.4, "detector": {"kind": "none"}}
        report = PanoramaWithVirtualCamera(Settings.parse(settings)).run()
    assert not any("sound" in note for note in report.notes)
    heard = videos.sound(video)[videos.RATE_HZ // 10 : videos.RATE_HZ // 2]
    assert np.abs(heard).max() == pytest.approx(1 / 8, rel=0.2)  # what ffmpeg's sine has
    strength = np.abs(np.fft.rfft(heard))
    assert strength.argmax() * videos.RATE_HZ / len(heard) == pytest.approx(TONE_HZ, abs=20)
