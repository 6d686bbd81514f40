"""Sound that nothing here can play is told with its codec; what is no sound, is no loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.gst.capture.open_source import open_source
from pipeline.gst.core.elements import drain
from pipeline.gst.runtime import Gst
from pipeline.media.source_spec import SourceSpec
from tests import films
from tests.faults.record import Area, fault

PICTURE = ("-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=0.6")
TONE = ("-f", "lavfi", "-i", "sine=duration=0.6")
WAIT_NS = 20 * Gst.SECOND


def notes_of(film: Path) -> list[str]:
    """The notes about a film that is read to its end."""
    source = open_source(SourceSpec.parse(str(film)), decode=True, live=None, duration_s=None)
    pipeline = Gst.Pipeline.new(None)
    pipeline.add(source.element)
    source.watch(lambda pad: drain(pipeline, pad), lambda: None)
    pipeline.set_state(Gst.State.PLAYING)
    try:
        ends = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = pipeline.get_bus().timed_pop_filtered(WAIT_NS, ends)
        assert message is not None
        assert message.type == Gst.MessageType.EOS
    finally:
        pipeline.set_state(Gst.State.NULL)
    return [note.removeprefix(f"{film}: ") for note in source.notes]


UNPLAYED = fault(
    Area.CAMERAS,
    "sound whose codec nothing here knows (an exotic one, private AAC in m2ts)",
    seen="the video; a note that names the codec, or the stream and its type",
    lost="that sound",
)


@UNPLAYED
@pytest.mark.parametrize(
    ("name", "codec", "known", "unknown", "note"),
    [
        ("a.mkv", "aac", b"A_AAC", b"A_XYZ", "its sound cannot be played: nothing here decodes A_XYZ"),
        ("a.mp4", "aac", b"mp4a", b"xyz1", "its sound cannot be played: nothing here decodes xyz1"),
    ],
)
def test_sound_of_an_unknown_codec(
    tmp_path: Path, name: str, codec: str, known: bytes, unknown: bytes, note: str
) -> None:
    film = tmp_path / name
    films.make_film(film, *PICTURE, *TONE, "-c:v", "mpeg4", "-c:a", codec)
    assert notes_of(film) == []
    content = film.read_bytes()
    assert known in content
    film.write_bytes(content.replace(known, unknown))
    assert notes_of(film) == [note]


@UNPLAYED
@pytest.mark.parametrize(
    ("name", "codec", "note"),
    [
        ("a.ts", "aac", None),
        (
            "a.m2ts",
            "aac",
            "its sound cannot be played: the codec of stream 0x1100 of type 0x06 is not known here",
        ),
        (
            "a.ts",
            "flac",
            "stream 0x101 of type 0x06 is not played: what it is, is not known here; it may be sound",
        ),
    ],
)
def test_sound_that_a_transport_stream_does_not_describe(
    tmp_path: Path, name: str, codec: str, note: str | None
) -> None:
    film = tmp_path / name
    films.make_film(film, *PICTURE, *TONE, "-c:v", "mpeg2video", "-c:a", codec)
    assert notes_of(film) == ([] if note is None else [note])


def test_a_timecode_and_subtitles_are_no_lost_sound(tmp_path: Path) -> None:
    film, titles = tmp_path / "a.mov", tmp_path / "a.srt"
    titles.write_text("1\n00:00:00,000 --> 00:00:01,000\nGoal\n")
    given = (
        "-i",
        str(titles),
        "-c:v",
        "mpeg4",
        "-c:a",
        "aac",
        "-c:s",
        "mov_text",
        "-timecode",
        "00:00:00:00",
    )
    films.make_film(film, *PICTURE, *TONE, *given)
    assert notes_of(film) == []
