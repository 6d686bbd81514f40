"""Tests of WrittenFile, WrittenPlaylist and FileLock on real files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.errors import OutputError
from pipeline.media.file_lock import FileLock
from pipeline.media.written_file import WrittenFile, WrittenPlaylist


def test_a_file_is_lost_once_its_path_names_another_or_none(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    file = WrittenFile(path)
    file.note()
    assert file.loss is not None, (
        "a frame was written, and there is no file: it was deleted before it was seen"
    )
    path.write_bytes(b"1")
    file.note()
    assert file.loss is None
    kept = path.rename(tmp_path / "b.mkv")
    assert file.loss is not None
    assert "deleted or moved" in file.loss
    path.write_bytes(b"2")
    file.note()
    assert file.loss is not None
    assert "replaced" in file.loss
    kept.replace(path)
    assert file.loss is None


def test_a_playlist_needs_itself_and_every_segment_that_it_lists(tmp_path: Path) -> None:
    path = tmp_path / "a b.m3u8"
    playlist = WrittenPlaylist(path)
    playlist.note()
    assert playlist.loss is None
    segments = [tmp_path / f"a b-0000{number}.ts" for number in (0, 1)]
    for segment in segments:
        segment.touch()
    path.write_text("#EXTM3U\n#EXTINF:4,\na%20b-00000.ts\n#EXTINF:4,\na%20b-00001.ts\n")
    playlist.note()
    assert playlist.loss is None
    segments[1].unlink()
    assert playlist.loss is not None
    assert "1 of its 2 segments" in playlist.loss
    path.unlink()
    assert playlist.loss is not None
    assert "deleted or moved" in playlist.loss


def test_a_file_has_one_lock_under_all_its_names(tmp_path: Path) -> None:
    path, link = tmp_path / "a.mkv", tmp_path / "link.mkv"
    link.symlink_to(path)
    lock = FileLock(path)
    for name in (path, link, Path(os.path.relpath(path))):
        with pytest.raises(OutputError, match="another run is writing this file"):
            FileLock(name)
    lock.release()
    lock.release()
    FileLock(link).release()
    assert [found.name for found in tmp_path.iterdir()] == ["link.mkv"]


def test_what_is_no_file_needs_no_lock(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mkv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null")):
        locks = [FileLock(path), FileLock(path)]
        for lock in locks:
            lock.release()
    assert [found.name for found in tmp_path.iterdir()] == ["pipe.mkv"]
