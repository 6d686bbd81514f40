"""Chapters of a film from tags and periods: for players (ffmetadata), and as text for a streaming service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.errors import ConfigError
from pipeline.scoring.clock import Clock
from pipeline.scoring.sport import Sport
from pipeline.scoring.tags import Tag
from pipeline.scoring.team import Team
from pipeline.timebase import NS_PER_MS, NS_PER_S

SERVICE_NS = 10 * NS_PER_S
"""The shortest chapter that streaming services take."""

_SPECIAL = re.compile(r"[=;#\\\n]")


@dataclass(frozen=True, slots=True)
class FilmChapter:
    """From ``begin_ns`` up to ``end_ns`` of the film's own time, nanoseconds; the title is one line."""

    begin_ns: int
    end_ns: int
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that begins a chapter. ``is_period``: it is the beginning of a period, not a tag."""

    captured_ns: int
    title: str
    is_period: bool = False


def film_chapters(
    tags: Iterable[Tag],
    clocks: Iterable[Clock],
    sport: Sport,
    teams: tuple[Team, Team],
    film_begin_ns: int,
    film_end_ns: int,
    *,
    shortest_ns: int = NS_PER_S,
    lead_ns: int = 0,
) -> list[FilmChapter]:
    """The chapters of a film whose frames are those of these captured times; they fill it without a gap.

    `lead_ns`: a tag's chapter begins so long before it. The rest as in `chapter_marks` and `chapters_at`.
    """
    begins = [
        (mark.captured_ns - film_begin_ns - (0 if mark.is_period else lead_ns), mark.title)
        for mark in chapter_marks(tags, clocks, sport, teams)
        if film_begin_ns <= mark.captured_ns < film_end_ns
    ]
    return chapters_at(begins, film_end_ns - film_begin_ns, shortest_ns=shortest_ns)


def chapter_marks(
    tags: Iterable[Tag], clocks: Iterable[Clock], sport: Sport, teams: tuple[Team, Team]
) -> list[Mark]:
    """The moments of the tags, and where each period's clock first runs (`clocks`: all that were set)."""
    marks = [Mark(tag.captured_ns, tag_title(tag, teams)) for tag in tags]
    return [*marks, *(Mark(begin_ns, title, True) for begin_ns, title in _period_begins(clocks, sport))]


def chapters_at(
    begins: Iterable[tuple[int, str]], length_ns: int, *, shortest_ns: int = NS_PER_S
) -> list[FilmChapter]:
    """Chapters that begin at these times of a film, in ns, with these titles; they fill it without a gap.

    The first one begins with the film. What begins less than `shortest_ns` after a chapter, or before the film's
    end, shares it, with its title. Raises ConfigError for a film without any length.
    """
    if length_ns <= 0:
        raise ConfigError("the film is empty; chapters need one of some length")
    starts: list[int] = [0]
    titles: list[list[str]] = [[]]
    for begin_ns, title in sorted(begins, key=lambda begin: begin[0]):
        if begin_ns - starts[-1] < shortest_ns or length_ns - begin_ns < shortest_ns:
            titles[-1].append(title)
        else:
            starts.append(begin_ns)
            titles.append([title])
    ends = [*starts[1:], length_ns]
    return [
        FilmChapter(begin, end, ", ".join(dict.fromkeys(named)) or "Start")
        for begin, end, named in zip(starts, ends, titles, strict=True)
    ]


def tag_title(tag: Tag, teams: tuple[Team, Team]) -> str:
    """A tag in words: ``Goal, FC Home: Meyer``."""
    team = {"home": teams[0].name, "away": teams[1].name}.get(tag.team or "")
    words = tag.kind[0].upper() + tag.kind[1:]
    if team is not None:
        words += f", {team}"
    return f"{words}: {tag.label}" if tag.label else words


def ffmetadata(chapters: Sequence[FilmChapter]) -> str:
    """The chapters as ffmpeg's metadata file, times in milliseconds.

    ``ffmpeg -i film.mp4 -i FILE -map_metadata 1 -map_chapters 1 -c copy out.mp4`` puts them into an mp4 or mkv.
    """
    lines = [";FFMETADATA1"]
    for chapter in chapters:
        begin_ms, end_ms = chapter.begin_ns // NS_PER_MS, chapter.end_ns // NS_PER_MS
        title = _SPECIAL.sub(lambda found: f"\\{found[0]}", chapter.title)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={begin_ms}", f"END={end_ms}", f"title={title}"]
    return "".join(f"{line}\n" for line in lines)


def titles_to_paste(chapters: Sequence[FilmChapter]) -> str:
    """Lines for a streaming service's description: ``0:00 Kick-off``, with hours where the film has them."""
    has_hours = bool(chapters) and chapters[-1].begin_ns >= 3600 * NS_PER_S
    return "".join(f"{_stamp(chapter.begin_ns, has_hours)} {chapter.title}\n" for chapter in chapters)


def _stamp(ns: int, has_hours: bool) -> str:
    minutes, seconds = divmod(ns // NS_PER_S, 60)
    if not has_hours:
        return f"{minutes}:{seconds:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


def _period_begins(clocks: Iterable[Clock], sport: Sport) -> list[tuple[int, str]]:
    """Captured time and name of each period, where its clock first runs or, set running late, would have begun."""
    begins: dict[int, int] = {}
    for clock in sorted(clocks, key=lambda clock: clock.captured_ns):
        if clock.running:
            begins.setdefault(clock.period, clock.captured_ns - clock.elapsed_ns)
    return [(begin_ns, sport.period(period).name) for period, begin_ns in begins.items()]
