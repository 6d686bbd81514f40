"""Recordings put together in one file are found; one recording alone is not taken for two."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.media.appended import recordings_in
from tests import films
from tests.once import made_once

FORMS: dict[str, tuple[str, ...]] = {
    "a.mp4": (),
    "fast.mp4": ("-movflags", "+faststart"),
    "fragments.mp4": ("-movflags", "+frag_keyframe+empty_moov"),
    "a.mov": (),
    "a.mkv": (),
    "live.mkv": ("-live", "1"),
    "a.flv": (),
    "live.flv": ("-flvflags", "no_duration_filesize"),
    "a.avi": (),
    "a.ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
}
"""Containers, and some as they are written without seeking back."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        folder.mkdir()
        film = films.picture_and_tone(folder / "film.mp4")
        for name, options in {**FORMS, "a.ts": ()}.items():
            films.make_film(folder / name, "-i", str(film), "-c", "copy", *options)

    return made_once(tmp_path_factory, "appended", make)


@pytest.mark.parametrize("name", FORMS)
def test_each_recording_is_found(name: str, folder: Path, tmp_path: Path) -> None:
    once = (folder / name).read_bytes()
    for count in (1, 2, 3):
        path = tmp_path / name
        path.write_bytes(once * count)
        size = len(once)
        assert recordings_in(path) == [(size * n, size * (n + 1)) for n in range(count)]


@pytest.mark.parametrize("name", ["live.mkv", "live.flv", "fragments.mp4"])
def test_a_recording_behind_one_that_was_killed_may_not_be_found_but_does_no_harm(
    name: str, folder: Path, tmp_path: Path
) -> None:
    once, path = (folder / name).read_bytes(), tmp_path / name
    path.write_bytes(once[: len(once) // 2])
    assert recordings_in(path) == [(0, len(once) // 2)]


@given(data=st.data(), noise=st.binary(max_size=8))
def test_damaged_headers_are_no_harm(folder: Path, data: st.DataObject, noise: bytes) -> None:
    content = (folder / data.draw(st.sampled_from(sorted(FORMS)))).read_bytes()
    place = data.draw(st.integers(0, 3000))
    path = folder / "damaged"
    path.write_bytes(content[:place] + noise + content[place + data.draw(st.integers(0, 8)) :])
    spans = recordings_in(path)
    assert spans[0][0] == 0
    assert spans[-1][1] == path.stat().st_size
    assert all(before[1] == after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x00\x00\x08ftyp", b"\x1a\x45\xdf\xa3", b"FLV", b"RIFF", b"\x00" * 100, b"x" * 5000],
)
def test_other_files_are_one(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert recordings_in(path) == [(0, len(content))]
    assert len(recordings_in(tmp_path / "missing")) == 1


def test_a_transport_stream_is_one(folder: Path, tmp_path: Path) -> None:
    twice = tmp_path / "twice.ts"
    twice.write_bytes((folder / "a.ts").read_bytes() * 2)
    assert len(recordings_in(twice)) == 1  # it is played to its end
