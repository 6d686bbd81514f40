"""Chapters of a run: each tag is one at its own frame, in every mp4 and mkv, whole or in parts."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import OutputError
from pipeline.media.film_file import FilmFile
from pipeline.run.film_times import FilmTimes
from pipeline.run.match_chapters import service_titles, write_chapters
from pipeline.scoring.chapters import Mark
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_S
from tests import videos

FRAME_S = 0.1


def play(settings: dict[str, object]) -> None:
    """A run of three seconds with tags at 1.2 and 2.5 s, one that is undone, and a half from 0.4 s on."""
    run = PanoramaWithVirtualCamera(
        Settings.parse(
            {
                "sources": ["match?size=640x214&fps=10"],
                "size": "160x90",
                "delay_s": 1.0,
                "duration_s": 3.0,
                "live": False,
                "detector": {"kind": "none"},
                **settings,
            }
        )
    )
    run.match.set_clock(4 * NS_PER_S // 10, True)
    once = itertools.count()

    def mark(_progress: object) -> None:
        if next(once) == 0:
            run.match.add_tag(12 * NS_PER_S // 10, "goal", "home", "Meyer", "")
            run.match.undo_tag(run.match.add_tag(2 * NS_PER_S, "save", None, "", "").number, "")
            run.match.add_tag(25 * NS_PER_S // 10, "card", None, "", "")
            run.match.add_tag(100 * NS_PER_S, "corner", None, "", "")

    assert run.run(mark).failures == ()


def test_every_tag_that_holds_is_a_chapter_at_its_frame(tmp_path: Path) -> None:
    films = [tmp_path / "match.mp4", tmp_path / "match.mkv"]
    play({"outputs": [*map(str, films), str(tmp_path / "match.ts")], "chapter_lead_s": 0.3})
    for film in films:
        begins = [begin_s for begin_s, _end_s, _title in videos.chapters(film)]
        assert begins == pytest.approx([0, 0.4, 0.9, 2.2], abs=FRAME_S / 2)
        titles = [title for *_span, title in videos.chapters(film)]
        assert titles == ["Start", "First half", "Goal, Home: Meyer", "Card"]
        assert len(videos.frame_times(film)) == 30


def test_each_part_of_a_film_has_those_that_it_shows(tmp_path: Path) -> None:
    for suffix in ("mp4", "mkv"):
        play(
            {
                "outputs": [str(tmp_path / f"match.{suffix}")],
                "split_s": 1.0,
                "encoder": {"keyframe_interval_s": 0.5},
            }
        )
        parts, begin_s, found = sorted(tmp_path.glob(f"match-*.{suffix}")), 0.0, []
        assert len(parts) >= 3
        for part in parts:
            times, own_s = videos.frame_times(part), videos.start_s(part, "video")
            for at_s, _end_s, title in videos.chapters(part):
                found.append((begin_s + at_s - own_s, title))
            begin_s += len(times) * FRAME_S
        named = [(at_s, title) for at_s, title in found if title != "Start"]
        assert [at_s for at_s, _title in named] == pytest.approx([0.4, 1.2, 2.5], abs=FRAME_S / 2)
        assert [title for _at_s, title in named] == ["First half", "Goal, Home: Meyer", "Card"]


def test_a_film_that_is_not_there_any_more_or_shows_no_mark_is_left_alone(tmp_path: Path) -> None:
    failed: list[OutputError] = []
    times = FilmTimes()
    times.note(0, 0)
    for name, begin_ns in (("moved.mp4", 0), ("other.mkv", 50 * NS_PER_S), ("match.ts", 0)):
        path = tmp_path / name
        path.touch()
        film = FilmFile(path)
        film.note()
        film.note_frame(begin_ns, 10 * NS_PER_S)
        if name.startswith("moved"):
            path.rename(tmp_path / "elsewhere.mp4")
            path.write_bytes(b"a film of somebody else")
        before = path.read_bytes()
        write_chapters([film], [Mark(NS_PER_S, "Goal")], times, 0, failed.append)
        assert path.read_bytes() == before
    assert failed == []


def test_a_file_that_is_no_film_is_told_in_one_line(tmp_path: Path) -> None:
    failed: list[OutputError] = []
    times = FilmTimes()
    times.note(0, 0)
    path = tmp_path / "match.mp4"
    path.write_bytes(b"cut short")
    film = FilmFile(path)
    film.note()
    film.note_frame(0, 10 * NS_PER_S)
    write_chapters([film], [Mark(NS_PER_S, "Goal")], times, 0, failed.append)
    assert "match.mp4: got no chapters" in str(failed[0])
    assert path.read_bytes() == b"cut short"


def test_the_titles_for_a_service_lie_beside_a_film_that_has_enough_of_them(tmp_path: Path) -> None:
    assert service_titles([(12 * NS_PER_S, "Goal")], 60 * NS_PER_S) == ""
    begins = [
        (41 * NS_PER_S, "Card"),
        (12 * NS_PER_S, "Goal"),
        (15 * NS_PER_S, "Save"),
        (55 * NS_PER_S, "Chance"),
    ]
    titles = "0:00 Start\n0:12 Goal, Save\n0:41 Card, Chance\n"
    assert service_titles(begins, 60 * NS_PER_S) == titles
    assert service_titles(begins, 0) == ""
    film = FilmFile(tmp_path / "match.ts")
    film.path.write_bytes(b"not an mp4")
    film.note_frame(10 * NS_PER_S, 0)
    film.note_frame(70 * NS_PER_S, 0)
    times = FilmTimes()
    times.note(10 * NS_PER_S, 10 * NS_PER_S)
    marks = [Mark(10 * NS_PER_S + at_ns, title) for at_ns, title in begins]
    write_chapters([film], marks, times, 0, _refuse)
    assert (tmp_path / "match.chapters.txt").read_text(encoding="utf-8") == titles
    write_chapters([film], marks[:1], times, 0, _refuse)


def test_titles_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    film = FilmFile(tmp_path / "match.ts")
    film.note_frame(0, 0)
    film.note_frame(60 * NS_PER_S, 0)
    (tmp_path / "match.chapters.txt").mkdir()
    times, failed = FilmTimes(), list[OutputError]()
    times.note(0, 0)
    write_chapters([film], [Mark(15 * NS_PER_S, "A"), Mark(30 * NS_PER_S, "B")], times, 0, failed.append)
    assert "match.chapters.txt: cannot be written" in str(failed[0])


def _refuse(error: OutputError) -> None:
    raise error
