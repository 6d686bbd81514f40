"""Tags as lines that are only added, and the chapters that are made of them."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError, StateError
from pipeline.scoring import Clock, Tag, TagLog, Team, ffmetadata, film_chapters, load_sport, titles_to_paste
from pipeline.timebase import NS_PER_S

TEAMS = (Team("SV Grün"), Team("FC Blau"))
FOOTBALL = load_sport("football")
LINE = '{"id": 1, "time_s": 4.0, "kind": "goal", "team": "home", "label": "", "who": ""}\n'

texts = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=20)
kinds = texts.filter(lambda text: bool(text.strip()))
actions = st.lists(
    st.one_of(
        st.tuples(st.integers(-(10**15), 9 * 10**15), kinds, st.sampled_from(["home", "away", None]), texts),
        st.integers(1, 12),
    ),
    max_size=12,
)


def done(log: TagLog, action: object) -> str | None:
    """The line of a tag that is set, or undone by its number; None if there is no such tag."""
    if isinstance(action, tuple):
        return log.add(*action, who="phone")[1]
    try:
        return log.undo(int(str(action)), "phone")[1]
    except StateError:
        return None


@given(actions, st.data())
def test_a_file_that_ends_anywhere_holds_all_that_was_done_before(
    actions: list[object], data: st.DataObject
) -> None:
    log, lines, states = TagLog(), [], [[]]
    for action in actions:
        line = done(log, action)
        if line is not None:
            lines.append(f"{line}\n")
            states.append(log.tags())
    whole = "".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    kept = [f"{line}\n" for line in whole[:cut].split("\n")[:-1]] + [whole[:cut].split("\n")[-1]]
    assert TagLog.read(kept, "file").tags() == states[whole[:cut].count("\n")]


def test_numbers_are_never_used_again_and_the_order_is_that_of_the_match() -> None:
    log = TagLog()
    log.add(9, "goal", "home")
    log.add(5, "save", None)
    log.undo(2)
    _, line = log.add(5, "corner", "away", "short", "Eva")
    assert [tag.number for tag in log.tags()] == [3, 1]
    assert json.loads(line) == {
        "id": 3, "time_s": 5e-9, "kind": "corner", "team": "away", "label": "short", "who": "Eva",
    }  # fmt: skip
    assert TagLog.read([f"{line}\n"], "file").add(0, "goal", None)[0].number == 4
    for number in (2, 7, True, "1", 1.0, None):
        with pytest.raises(StateError, match="there is no tag"):
            log.undo(number)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("captured_ns", 0.5),
        ("captured_ns", True),
        ("captured_ns", 1 << 70),
        ("kind", ""),
        ("kind", "a\nb"),
        ("kind", "x" * 41),
        ("team", "third"),
        ("label", "x" * 121),
        ("label", None),
        ("who", "\u202ex"),
    ],
)
def test_a_tag_that_cannot_be_shown_is_refused_and_nothing_is_kept(key: str, value: object) -> None:
    log = TagLog()
    with pytest.raises(ConfigError, match="allowed"):
        log.add(**{"captured_ns": 0, "kind": "goal", "team": None, key: value})  # type: ignore[arg-type]
    assert log.tags() == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "goal",
        '{"undo": 1}',
        '{"undo": 7, "who": ""}',
        LINE.replace("4.0", "NaN"),
        LINE.replace("4.0", "true"),
        LINE.replace("4.0", "1e300"),
        LINE.replace('"id": 1', '"id": 0'),
        LINE.replace('"home"', '"third"'),
        LINE.replace('"who"', '"by"'),
        "[" * 100_000,
        LINE,
    ],
)
def test_a_line_that_is_none_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ConfigError, match=r"^old\.jsonl, line 2: ") as caught:
        TagLog.read([LINE, f"{line.strip()}\n", LINE], "old.jsonl")
    assert "\n" not in str(caught.value)


def tag(number: int, at_s: float, kind: str = "goal", label: str = "") -> Tag:
    return Tag(number, round(at_s * NS_PER_S), kind, "home", label)


def test_chapters_in_the_films_own_time_from_tags_and_periods() -> None:
    clocks = [
        Clock(100 * NS_PER_S, True, 1, 90 * NS_PER_S),  # set running late: the half began at 10 s
        Clock(200 * NS_PER_S, False, 1, 190 * NS_PER_S),
        Clock(3000 * NS_PER_S, True, 2, 0),
        Clock(3100 * NS_PER_S, True, 2, 100 * NS_PER_S),
    ]
    tags = [tag(1, 60, label="Meyer"), tag(2, 63, "save"), tag(3, 4000, "corner"), tag(4, 1), tag(5, 9999)]
    chapters = film_chapters(
        tags,
        clocks,
        FOOTBALL,
        TEAMS,
        10 * NS_PER_S,
        4010 * NS_PER_S,
        shortest_ns=10 * NS_PER_S,
        lead_ns=5 * NS_PER_S,
    )
    assert [
        (chapter.begin_ns // NS_PER_S, chapter.end_ns // NS_PER_S, chapter.title) for chapter in chapters
    ] == [
        (0, 45, "First half"),
        (45, 2990, "Goal, SV Grün: Meyer, Save, SV Grün"),
        (2990, 3985, "Second half"),
        (3985, 4000, "Corner, SV Grün"),
    ]
    assert titles_to_paste(chapters).splitlines() == [
        "0:00:00 First half",
        "0:00:45 Goal, SV Grün: Meyer, Save, SV Grün",
        "0:49:50 Second half",
        "1:06:25 Corner, SV Grün",
    ]
    assert titles_to_paste(chapters[:3]).splitlines()[2] == "49:50 Second half"


@given(
    st.lists(st.integers(-20, 200), max_size=12),
    st.integers(1, 30),
    st.integers(-50, 50),
    st.integers(1, 150),
)
def test_chapters_fill_the_film_and_none_is_too_short(
    times_s: list[int], shortest_s: int, begin_s: int, length_s: int
) -> None:
    begin_ns, end_ns = begin_s * NS_PER_S, (begin_s + length_s) * NS_PER_S
    tags = [tag(number, at_s) for number, at_s in enumerate(times_s, start=1)]
    chapters = film_chapters(tags, [], FOOTBALL, TEAMS, begin_ns, end_ns, shortest_ns=shortest_s * NS_PER_S)
    assert chapters[0].begin_ns == 0
    assert chapters[-1].end_ns == length_s * NS_PER_S
    assert all(before.end_ns == after.begin_ns for before, after in pairwise(chapters))
    if len(chapters) > 1:
        assert min(chapter.end_ns - chapter.begin_ns for chapter in chapters) >= shortest_s * NS_PER_S
    inside = [tag for tag in tags if begin_ns <= tag.captured_ns < end_ns]
    assert any("Goal" in chapter.title for chapter in chapters) == bool(inside)


def test_an_empty_film_has_no_chapters() -> None:
    with pytest.raises(ConfigError, match="the film is empty"):
        film_chapters([], [], FOOTBALL, TEAMS, 5, 5)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_ffmpeg_puts_them_into_a_film_with_every_character_of_their_titles(
    tmp_path: Path, suffix: str
) -> None:
    tags = [tag(1, 8, "own = words", "; # \\ 5:0 \"东京\" 'الأهلي'"), tag(2, 20, "goal")]
    chapters = film_chapters(tags, [], FOOTBALL, TEAMS, 0, 25 * NS_PER_S)
    (tmp_path / "chapters").write_text(ffmetadata(chapters), encoding="utf-8")
    film = tmp_path / f"film.{suffix}"
    make = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "color=s=16x16:r=5:d=25",
        "-i",
        tmp_path / "chapters",
    ]
    subprocess.run([*make, "-map_metadata", "1", "-map_chapters", "1", film], check=True)
    probe = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", film]
    found = json.loads(subprocess.run(probe, check=True, capture_output=True).stdout)["chapters"]
    assert [(float(one["start_time"]), float(one["end_time"]), one["tags"]["title"]) for one in found] == [
        (chapter.begin_ns / NS_PER_S, chapter.end_ns / NS_PER_S, chapter.title) for chapter in chapters
    ]
    assert len(found) == 3
