"""The matches before: what each has left behind, deleting one, and that no other file can be had."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.errors import OutputError, StateError
from pipeline.setup_page.matches import (
    LOG,
    MARK,
    REPORT,
    begin_match,
    delete_match,
    last_words,
    match_file,
    past_matches,
)

NOW = datetime(2026, 11, 28, 15, 0)
TAG = {"id": 1, "time_s": 12.5, "kind": "goal", "team": "home", "label": "9", "who": ""}


def length_of(path: Path) -> float | None:
    return 90.0 if path.stem == "film" else None


def ended(home: Path, name: str = "a match", **report: object) -> Path:
    folder = begin_match(home, name, "Rovers - United", NOW)
    (folder / "film.mp4").write_bytes(b"x" * 1000)
    (folder / "reel.mp4").write_bytes(b"x" * 100)
    (folder / "clips" / "goal.mp4").write_bytes(b"x" * 10)
    (folder / "tags.jsonl").write_text("".join(json.dumps(TAG | {"id": i}) + "\n" for i in (1, 2)))
    (folder / REPORT).write_text(json.dumps({"failures": [], "notes": []} | report))
    return folder


def test_a_match_has_film_reel_clips_and_tags(tmp_path: Path) -> None:
    ended(tmp_path)
    (match,) = past_matches(tmp_path, length_of)
    assert (match.name, match.title, match.began_s) == ("a match", "Rovers - United", NOW.timestamp())
    assert [(file.path, file.size_bytes, file.length_s) for file in match.films] == [("film.mp4", 1000, 90.0)]
    assert [file.path for file in match.reel] == ["reel.mp4"]
    assert [file.path for file in match.clips] == ["clips/goal.mp4"]
    assert match.tags == {"goal": 2}
    assert match.troubles == []
    assert match.size_bytes > 1110


def test_what_a_match_lacks_is_told_without_the_folders_of_this_machine(tmp_path: Path) -> None:
    folder = tmp_path / "a match"
    ended(tmp_path, failures=[f"{folder}/film.mp4: the disk is full"], notes=[f"{tmp_path}/rig.toml is used"])
    (match,) = past_matches(tmp_path, length_of)
    assert match.troubles == ["film.mp4: the disk is full"]
    assert match.notes == ["rig.toml is used"]


def test_a_match_that_was_killed_is_told(tmp_path: Path) -> None:
    folder = begin_match(tmp_path, "killed", "A - B", NOW)
    (folder / REPORT).write_text("")
    (folder / LOG).write_text(
        f"playing: at 3 s\nforesight: {folder}/film.mp4: rtmp://server/app/SECRET is gone\n"
    )
    (match,) = past_matches(tmp_path, length_of)
    assert not match.ended
    assert len(match.troubles) == 1
    assert "did not end as it should" in match.troubles[0]
    assert "SECRET" not in match.troubles[0]
    assert str(tmp_path) not in match.troubles[0]


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"began_s": "x", "title": 7}', "\xff"])
def test_a_damaged_mark_hides_no_match(tmp_path: Path, broken: str) -> None:
    folder = ended(tmp_path)
    (folder / MARK).write_text(broken, encoding="latin-1")
    (folder / "tags.jsonl").write_text("broken\n")
    (match,) = past_matches(tmp_path, length_of)
    assert [file.path for file in match.films] == ["film.mp4"]
    assert match.tags == {}


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    names = [begin_match(tmp_path, "a match", "", NOW).name for _ in range(3)]
    assert names == ["a match", "a match (2)", "a match (3)"]
    with pytest.raises(OutputError, match="cannot be made"):
        begin_match(tmp_path / "missing", "a match", "", NOW)


def test_the_newest_match_comes_first(tmp_path: Path) -> None:
    for day in (1, 3, 2):
        begin_match(tmp_path, f"day {day}", "", NOW.replace(day=day))
    assert [match.name for match in past_matches(tmp_path, length_of)] == ["day 3", "day 2", "day 1"]


def test_only_a_match_can_be_deleted(tmp_path: Path) -> None:
    folder = ended(tmp_path)
    (tmp_path / "photos").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    home = tmp_path / "home"
    home.mkdir()
    ended(outside, "elsewhere")
    (home / "link").symlink_to(outside / "elsewhere")
    for where, name in (
        (tmp_path, "photos"),
        (tmp_path, ""),
        (tmp_path, "."),
        (tmp_path, ".."),
        (tmp_path, "outside/elsewhere"),
        (home, "../outside/elsewhere"),
        (home, "link"),
    ):
        with pytest.raises(StateError, match="no such match"):
            delete_match(where, name)
    delete_match(tmp_path, "a match")
    assert not folder.exists()
    assert (outside / "elsewhere" / "film.mp4").exists()


def test_only_films_of_a_match_are_given_out(tmp_path: Path) -> None:
    folder = ended(tmp_path)
    assert match_file(tmp_path, "a match", "film.mp4") == folder / "film.mp4"
    assert match_file(tmp_path, "a match", "clips/goal.mp4") == folder / "clips" / "goal.mp4"
    (tmp_path / "match.toml").write_text("the key")
    for path in (
        "tags.jsonl",
        LOG,
        REPORT,
        "../match.toml",
        "clips/../../match.toml",
        "",
        "clips",
        "/etc/passwd",
    ):
        assert match_file(tmp_path, "a match", path) is None
    assert match_file(tmp_path, "..", "match.toml") is None


def test_the_last_words_are_those_of_the_command(tmp_path: Path) -> None:
    log = tmp_path / LOG
    assert last_words(log) == ""
    log.write_text("foresight: one\nplaying\nforesight: two\nmore\n")
    assert last_words(log) == "two"
