"""Raw sound in a QuickTime film is read in the byte order that the film says, and at its time."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.gst.capture.film_correction import correct_films
from pipeline.gst.core.elements import make, make_appsink, make_appsrc, static_pad
from pipeline.gst.runtime import Gst
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
        ("s24le", 96_000, over_http),
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


@pytest.mark.parametrize("most_bytes", [1, 5, 700, 1 << 20])
def test_the_times_of_raw_sound_are_right_in_whatever_pieces_the_film_comes(
    tmp_path: Path, most_bytes: int
) -> None:
    film = tmp_path / "film.mov"
    sound = ("-f", "lavfi", "-i", "sine=sample_rate=96000:duration=0.6")
    films.make_film(film, *sound, "-c:a", "pcm_s16le", "-movflags", "+faststart")
    pipeline = Gst.Pipeline.new(None)
    source, demuxer, sink = (Gst.ElementFactory.make(name) for name in ("appsrc", "qtdemux", "appsink"))
    source, demuxer, sink = make_appsrc("source"), make("qtdemux"), make_appsink("sink")
    correct_films(pipeline)
    for element in (source, demuxer, sink):
        pipeline.add(element)
    assert source.link(demuxer)
    demuxer.connect("pad-added", lambda _demuxer, pad: pad.link(static_pad(sink, "sink")))
    pipeline.set_state(Gst.State.PLAYING)
    content, chance, begin = film.read_bytes(), random.Random(most_bytes), 0
    while begin < len(content):
        end = begin + (chance.randint(1, most_bytes) if begin < 2_000 else len(content))
        source.push_buffer(Gst.Buffer.new_wrapped(content[begin:end]))
        begin = end
    source.end_of_stream()
    frames = 0
    while (sample := sink.try_pull_sample(10 * Gst.SECOND)) is not None:
        buffer = sample.get_buffer()
        assert buffer is not None
        assert buffer.pts == pytest.approx(frames / 96_000 * Gst.SECOND, abs=1)
        frames += buffer.get_size() // 2
    pipeline.set_state(Gst.State.NULL)
    assert frames == 57_600
