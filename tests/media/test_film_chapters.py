"""Chapters in finished films: read back by ffprobe, the media untouched, and nothing lost if it breaks off."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import OutputError
from pipeline.gst.core.elements import chain, make
from pipeline.gst.encode.muxers import FILE_MUXERS
from pipeline.gst.runtime import Gst
from pipeline.media import mkv_chapters, mp4_chapters
from pipeline.media.film_chapters import MOST_CHAPTERS, add_chapters, first_frame_ns
from pipeline.scoring import FilmChapter
from pipeline.timebase import NS_PER_S
from tests import videos

LATE_NS = 3 * NS_PER_S
"""The running time of the first frame."""


def make_film(path: Path) -> bytes:
    """Write 25 frames with sound as a run does, from running time LATE_NS on; returns its bytes."""
    pipeline, muxer = Gst.Pipeline.new(None), FILE_MUXERS[path.suffix.removeprefix(".")]
    writer = muxer.make()
    chain(pipeline, writer, make("filesink", None, location=str(path)))
    shape = Gst.Caps.from_string("video/x-raw,width=64,height=48,framerate=25/1")
    ways = (
        ("h264", muxer.video_pad, [make("videotestsrc", None, num_buffers=25, timestamp_offset=LATE_NS),
            make("capsfilter", None, caps=shape), make("x264enc", None, key_int_max=10)]),
        ("aac", muxer.audio_pad, [make("audiotestsrc", None, num_buffers=40, timestamp_offset=LATE_NS + 30_000_000),
            make("audioconvert"), make("avenc_aac")]),
    )  # fmt: skip
    for codec, pad, steps in ways:
        parser, queue = muxer.make_parser(codec), make("queue")
        chain(pipeline, *steps, queue, parser)
        assert parser.link_pads("src", writer, pad)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR
    )
    pipeline.set_state(Gst.State.NULL)
    assert message is not None
    assert message.type == Gst.MessageType.EOS
    return path.read_bytes()


@pytest.fixture(scope="module", params=["mp4", "mkv"])
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / f"film.{request.param}"
    make_film(path)
    return path


@pytest.fixture
def film(finished: Path, tmp_path: Path) -> Path:
    path = tmp_path / finished.name
    path.write_bytes(finished.read_bytes())
    return path


def packets(path: Path) -> str:
    """All packets with their times and the hash of their data."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v", "-map", "0:a", "-c", "copy"]
    data = subprocess.run([*command, "-f", "framehash", "-"], check=True, capture_output=True).stdout
    return hashlib.sha256(data).hexdigest()


def spans(count: int, length_s: float = 1.0, title: str = "Goal") -> list[FilmChapter]:
    step_ns = round(length_s * NS_PER_S) // max(count, 1)
    return [
        FilmChapter(number * step_ns, (number + 1) * step_ns, f"{title} {number}") for number in range(count)
    ]


def test_the_first_frame_is_where_ffprobe_finds_it(film: Path) -> None:
    assert first_frame_ns(film) == pytest.approx(videos.start_s(film, "video") * NS_PER_S, abs=1e6)


def test_they_are_read_back_with_every_character_and_the_media_are_untouched(film: Path) -> None:
    before, packets_before = film.read_bytes(), packets(film)
    titles = ["Start", "Tor, SV Grün: =;#\\ \"东京\" 'الأهلي'"]
    add_chapters(
        film, [FilmChapter(0, 333_000_000, titles[0]), FilmChapter(333_000_000, NS_PER_S, titles[1])]
    )
    found = videos.chapters(film)
    assert [(round(begin, 6), title) for begin, _end, title in found] == [(0, titles[0]), (0.333, titles[1])]
    assert packets(film) == packets_before
    after = film.read_bytes()
    changed = [at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new]
    assert len(changed) <= 40  # sizes and one entry of a table


@pytest.mark.parametrize("count", [1, MOST_CHAPTERS])
def test_any_allowed_number_fits(film: Path, count: int) -> None:
    add_chapters(film, spans(count, title="x" * 300))
    assert len(videos.chapters(film)) == count


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_if_it_breaks_off_anywhere_the_film_plays_as_before(
    film: Path, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real, done = packets(film), os.pwrite, []

    def pwrite(descriptor: int, data: bytes, at: int) -> int:
        if len(done) == writes:
            raise OSError(28, "No space left on device")
        done.append(at)
        return real(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(OutputError, match="got no chapters \\(No space left on device\\)"):
        add_chapters(film, spans(2))
    monkeypatch.undo()
    assert packets(film) == before


def test_a_film_that_was_not_finished_is_refused_and_left_as_it_is(film: Path) -> None:
    whole = film.read_bytes()
    for size in (0, 7, 60, len(whole) // 2, len(whole) - 1):
        film.write_bytes(whole[:size])
        for work in (lambda: add_chapters(film, spans(2)), lambda: first_frame_ns(film)):
            with pytest.raises(OutputError, match=r"got no chapters: .*; the film is as it was") as caught:
                work()
            assert "\n" not in str(caught.value)
        assert film.read_bytes() == whole[:size]


@pytest.mark.parametrize("count", [0, MOST_CHAPTERS + 1])
def test_mp4_takes_1_to_255(tmp_path: Path, count: int) -> None:
    film = tmp_path / "film.mp4"
    before = make_film(film)
    with pytest.raises(OutputError, match="1 to 255 fit"):
        add_chapters(film, spans(count))
    assert film.read_bytes() == before


@pytest.mark.parametrize("reader", [mp4_chapters, mkv_chapters])
@pytest.mark.parametrize("data", [b"", bytes(200), b"\xff" * 200, bytes(range(256)) * 4])
def test_bytes_that_are_no_film_are_refused(tmp_path: Path, reader: object, data: bytes) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDWR)
    try:
        for module in (mp4_chapters, mkv_chapters):
            if module is reader:
                with pytest.raises(ValueError, match="it "):
                    module.first_frame_ns(descriptor)
                with pytest.raises(ValueError, match="it "):
                    module.add_chapters(descriptor, spans(2))
    finally:
        os.close(descriptor)
    assert path.read_bytes() == data
