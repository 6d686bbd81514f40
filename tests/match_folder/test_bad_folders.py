"""Folders that are none, damaged or taken: one clear line each, and nothing is overwritten."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.cli import main
from pipeline.errors import ConfigError
from pipeline.match_folder.as_source import files_of_match, settings_of_match, with_match_folder
from pipeline.media.match_folder import (
    CameraRecord,
    Manifest,
    SoundRecord,
    read_manifest,
    recorded_camera,
    write_manifest,
)
from pipeline.settings import Settings
from tests.match_folder.matches import SMALL_MATCH, run_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A match folder whose camera file holds no video."""
    path = tmp_path / "match"
    path.mkdir()
    cameras = (CameraRecord(name="left", file="camera-1.mkv", codec="h264", first_s=0.2),)
    write_manifest(path, Manifest(cameras, name="A - B", complete=True, sound=SoundRecord(codec="flac")))
    (path / "camera-1.mkv").write_bytes(b"nothing")
    return path


def foresight(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def change(folder: Path, **values: Any) -> None:
    manifest = json.loads((folder / "match.json").read_text())
    (folder / "match.json").write_text(json.dumps(manifest | values))


def test_a_manifest_is_read_as_it_was_written(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.cameras[0].first_s == 0.2
    assert manifest.sound is not None
    assert manifest.sound.camera == 1
    assert (manifest.name, manifest.complete, manifest.version) == ("A - B", True, 1)


def test_keys_that_a_later_foresight_adds_are_passed_over(folder: Path) -> None:
    change(folder, weather="rain")
    assert read_manifest(folder).name == "A - B"


DAMAGES: list[tuple[Callable[[Path], object], str]] = [
    (lambda folder: change(folder, version=2), "is of version 2, this Foresight reads version 1"),
    (lambda folder: change(folder, format="other"), "is no manifest of a match"),
    (lambda folder: (folder / "match.json").write_text("{"), "is damaged: it is not JSON"),
    (lambda folder: (folder / "match.json").write_text("[" * 100_000), "is damaged: it is not JSON"),
    (lambda folder: (folder / "match.json").write_text(""), "is damaged"),
    (lambda folder: change(folder, cameras=[]), "it names no camera"),
    (lambda folder: change(folder, cameras=5), "is damaged"),
    (lambda folder: change(folder, cameras=[{"file": "../../etc/passwd"}]), "the file of camera 1 is"),
    (lambda folder: change(folder, cameras=[{"file": "camera-1.mkv", "first_s": "x"}]), "first_s is 'x'"),
    (lambda folder: change(folder, complete="yes"), "complete is 'yes'"),
    (lambda folder: (folder / "camera-1.mkv").unlink(), "camera-1.mkv is missing"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES)
def test_a_damaged_folder_is_refused_in_one_line(
    folder: Path, damage: Callable[[Path], object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(folder)
    assert foresight("run", str(folder), "-o", str(folder.parent / "film.mkv")) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1


def test_a_folder_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("info", "repair"):
        assert foresight("match", command, str(tmp_path)) == 2
        assert "is no match folder: it has no match.json" in capsys.readouterr().err
    assert foresight("match", "info", str(tmp_path / "none")) == 2


def test_a_match_is_the_only_source(folder: Path) -> None:
    with pytest.raises(ConfigError, match="with all its cameras; give it alone"):
        with_match_folder(Settings(sources=(str(folder), SMALL_MATCH)))


@pytest.mark.parametrize("name", ["match.json", "camera-2.mkv", "camera-1.times.csv", "tags.jsonl"])
def test_a_folder_with_files_of_a_match_is_not_overwritten(tmp_path: Path, name: str) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / name).write_text("as it was")
    with pytest.raises(ConfigError, match="name a new folder"):
        run_of([SMALL_MATCH], tmp_path / "film.mkv", match_folder=str(taken))
    assert (taken / name).read_text() == "as it was"


def test_a_place_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="is no folder"):
        run_of([SMALL_MATCH], tmp_path / "film.mkv", match_folder=str(tmp_path / "file"))
    with pytest.raises(ConfigError, match="mkdir -p"):
        run_of([SMALL_MATCH], tmp_path / "film.mkv", match_folder=str(tmp_path / "no" / "such"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="change its permissions"):
        run_of([SMALL_MATCH], tmp_path / "film.mkv", match_folder=str(locked))


def test_other_files_in_the_folder_are_no_obstacle(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "notes.txt").write_text("bring a spare cable")
    run_of([SMALL_MATCH], tmp_path / "film.mkv", match_folder=str(there))


def test_what_is_given_wins_over_the_folder(folder: Path) -> None:
    kept = Settings.parse(
        {
            "size": "640x360",
            "teams": {"home": "Reds", "away": "Blues"},
            "mode": "record",
            "outputs": ["live.mkv"],
            "streams": ["rtmp://server/app/secret"],
        }
    )
    (folder / "settings.toml").write_text(settings_of_match(kept))
    assert "secret" not in (folder / "settings.toml").read_text()
    found = with_match_folder(Settings.parse({"sources": [str(folder)], "teams": {"away": "Greens"}}))
    assert (str(found.size), found.teams.home, found.teams.away) == ("640x360", "Reds", "Greens")
    assert (found.mode, found.outputs, found.streams) == ("virtualcam", (), ())
    assert (
        with_match_folder(Settings.parse({"sources": [str(folder)], "size": "320x180"})).size.width_px == 320
    )


def test_a_logo_goes_with_the_match(folder: Path, tmp_path: Path) -> None:
    logo = tmp_path / "reds.svg"
    logo.write_text("<svg/>")
    kept = Settings.parse({"teams": {"home_logo": str(logo)}, "graphics": {"scoreboard": True}})
    assert files_of_match(kept) == {"kept-teams_home_logo.svg": logo}
    (folder / "settings.toml").write_text(settings_of_match(kept))
    logo.rename(folder / "kept-teams_home_logo.svg")
    found = with_match_folder(Settings(sources=(str(folder),)))
    assert found.teams.home_logo == folder / "kept-teams_home_logo.svg"
    assert found.graphics.template == "scoreboard"


def test_a_camera_file_belongs_to_the_match_beside_it_only(folder: Path, tmp_path: Path) -> None:
    assert recorded_camera(folder / "camera-1.mkv") is not None
    assert recorded_camera(folder / "camera-2.mkv") is None
    shutil.copy(folder / "camera-1.mkv", tmp_path)
    assert recorded_camera(tmp_path / "camera-1.mkv") is None


def test_only_a_run_opens_a_match_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert foresight("calibrate", str(folder), str(folder), "-o", str(folder.parent / "rig.toml")) == 2
    assert "name the files of its cameras, as" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("annotations.jsonl", '{"time_s": 0, "kind": "score", "data": {"home": -1}}\n', "line 1: home"),
        ("annotations.jsonl", '{"time_s": 0, "kind": "weather", "data": 1}\n', "is not one of score"),
        ("annotations.jsonl", "no line\n", "line 1: not a line of score, clock or graphics"),
        ("tags.jsonl", '{"id": 1}\n', "line 1: not a tag in JSON"),
    ],
)
def test_a_line_that_is_none_is_named(folder: Path, name: str, text: str, words: str) -> None:
    (folder / name).write_text(text)
    run = PanoramaWithVirtualCamera(
        Settings.parse(
            {"sources": [SMALL_MATCH], "live": False, "outputs": [str(folder.parent / "f.mkv")]}
        ).model_copy(update={"recorded": with_match_folder(Settings(sources=(str(folder),))).recorded})
    )
    with pytest.raises(ConfigError, match=words):
        run.match.begin()
