"""The films of a folder come in the order in which a camera recorded them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.media.file_series import recording_order
from pipeline.media.film_folder import films_in, films_listed, folders_with_films


@pytest.mark.parametrize(
    "names",
    [
        ["GX010012.MP4", "GX020012.MP4", "GX100012.MP4", "GX010013.MP4"],
        ["GOPR0042.MP4", "GP010042.MP4", "GP020042.MP4", "GOPR0043.MP4"],
        ["00000.MTS", "00001.MTS", "00010.MTS"],
        ["part 1.mkv", "part 2.mkv", "part 10.mkv"],
        [
            "VID_20260101_150000_00_001.mp4",
            "VID_20260101_150000_00_002.mp4",
            "VID_20260101_160000_00_001.mp4",
        ],
    ],
)
def test_the_order_is_that_of_the_recording(names: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "DCIM"
    folder.mkdir()
    for name in (*reversed(names), ".hidden.mp4", "GL010012.LRV", "notes.txt", "sound.wav"):
        (folder / name).touch()
    assert [path.name for path in films_in(folder)] == names
    assert films_in(tmp_path) == []
    assert folders_with_films(tmp_path) == [folder]


@given(st.lists(st.text(st.sampled_from("aGX01²9-. "), max_size=12), max_size=8))
def test_any_names_can_be_put_in_order(names: list[str]) -> None:
    sorted(names, key=recording_order)


def test_a_list_names_its_films(tmp_path: Path) -> None:
    playlist = tmp_path / "a.m3u"
    playlist.write_text("#EXTM3U\n#EXTINF:4,first\nb.mp4\n\n/films/c.mp4\n")
    assert films_listed(playlist) == [tmp_path / "b.mp4", Path("/films/c.mp4")]
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na-00000.ts\n")
    assert films_listed(playlist) == []
    assert films_listed(tmp_path / "missing.m3u") == films_in(tmp_path / "missing") == []
