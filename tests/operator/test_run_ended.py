"""What a run has written, as those who watch it in a browser are told when it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ForesightError
from pipeline.operator.run_ended import Written, run_ended
from pipeline.settings import Settings


def run_of(tmp_path: Path, **more: object) -> PanoramaWithVirtualCamera:
    settings = {
        "sources": ["match?size=320x108&fps=10"],
        "outputs": [str(tmp_path / "film.mkv"), str(tmp_path / "film.mp4")],
        "size": "160x90",
        "delay_s": 0.5,
        "duration_s": 1.0,
        "detector": {"kind": "none"},
    }
    return PanoramaWithVirtualCamera(Settings.parse(settings | more))


def test_a_run_tells_its_files_and_which_are_complete(tmp_path: Path) -> None:
    exports = {"path_out": str(tmp_path / "path.csv"), "tags_out": str(tmp_path / "tags.jsonl")}
    run = run_of(tmp_path, live=False, export=exports)
    assert run_ended(run) is None
    run.run()
    ended = run_ended(run)
    assert ended is not None
    names = ("film.mkv", "film.mp4", "path.csv", "tags.jsonl")
    assert ended.written == [Written(name, "file", None) for name in names]
    assert (ended.error, ended.duration_s, ended.dropped, ended.failures) == (None, 1.0, 0, [])


def test_a_file_that_went_during_the_run_is_not_complete_and_its_folder_is_not_told(tmp_path: Path) -> None:
    run, film = run_of(tmp_path, duration_s=2.0, live=True), tmp_path / "film.mp4"

    def move(_progress: object) -> None:
        if film.exists():
            film.rename(tmp_path / "moved.mp4")

    run.run(move)
    ended = run_ended(run)
    assert ended is not None
    first, second = ended.written
    assert (first, second.name) == (Written("film.mkv", "file", None), "film.mp4")
    assert second.trouble
    assert str(tmp_path) not in repr(ended)


def test_a_run_that_failed_tells_why(tmp_path: Path) -> None:
    (tmp_path / "film.avi").write_text("no film")
    run = run_of(tmp_path, sources=[str(tmp_path / "film.avi")])
    with pytest.raises(ForesightError):
        run.run()
    ended = run_ended(run)
    assert ended is not None
    assert ended.written == []
    assert "film.avi" in (ended.error or "")
    assert str(tmp_path) not in repr(ended)
