"""A recording behind another one in the same file is found; one recording alone is not taken for two."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.media.appended import has_appended
from tests import films


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("appended")
    film = films.picture_and_tone(folder / "a.mp4")
    for name, options in {
        "a.mkv": (),
        "a.mov": (),
        "fast.mp4": ("-movflags", "+faststart"),
        "fragments.mp4": ("-movflags", "+frag_keyframe+empty_moov"),
        "a.ts": (),
    }.items():
        films.make_film(folder / name, "-i", str(film), "-c", "copy", *options)
    return folder


@pytest.mark.parametrize("name", ["a.mp4", "fast.mp4", "fragments.mp4", "a.mov", "a.mkv"])
def test_a_second_recording_is_found(name: str, folder: Path) -> None:
    once, twice = folder / name, folder / f"twice-{name}"
    twice.write_bytes(once.read_bytes() * 2)
    assert not has_appended(once)
    assert has_appended(twice)


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x00\x00\x08ftyp", b"\x1a\x45\xdf\xa3", b"\x00" * 100, b"x" * 5000]
)
def test_other_files_have_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert not has_appended(path)
    assert not has_appended(tmp_path / "missing")


def test_a_transport_stream_may_be_appended(folder: Path) -> None:
    twice = folder / "twice.ts"
    twice.write_bytes((folder / "a.ts").read_bytes() * 2)
    assert not has_appended(twice)  # it is played to its end
