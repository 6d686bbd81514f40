"""Puts the tags and periods of a match as chapters into the films of its run, once they are finished."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.media.film_chapters import MOST_CHAPTERS, add_chapters, first_frame_ns, has_chapters
from pipeline.media.film_file import FilmFile
from pipeline.run.film_times import FilmTimes
from pipeline.scoring.chapters import FilmChapter, Mark, chapters_at
from pipeline.timebase import NS_PER_MS

SHORTEST_NS = 100 * NS_PER_MS
"""Tags that are closer together than this share a chapter."""


def write_chapters(
    films: Iterable[FilmFile],
    marks: Sequence[Mark],
    times: FilmTimes,
    lead_ns: int,
    on_failed: Callable[[OutputError], object],
) -> None:
    """Write the chapters of each film that shows one of `marks`; blocks for the disk.

    A tag's chapter begins `lead_ns` before it. `on_failed(error)`: a film has got none; it is as it was.
    """
    for film in films:
        try:
            chapters = _chapters_of(film, marks, times, lead_ns)
            if chapters:
                add_chapters(film.path, chapters)
        except OutputError as error:
            on_failed(error)


def _chapters_of(film: FilmFile, marks: Iterable[Mark], times: FilmTimes, lead_ns: int) -> list[FilmChapter]:
    """The chapters of one film in its own time; none if it shows no mark, or cannot have any."""
    if not has_chapters(film.path) or film.begin_ns is None or film.end_ns is None or film.loss is not None:
        return []
    begins = []
    for mark in marks:
        shown_ns = times.first_shown_ns(mark.captured_ns, film.begin_ns, film.end_ns)
        if shown_ns is not None:
            begin_ns = shown_ns - film.begin_ns - (0 if mark.is_period else lead_ns)
            begins.append((max(begin_ns, 0), mark.title))
    if not begins:
        return []
    return chapters_in(film.path, begins, film.end_ns - film.begin_ns)


def chapters_in(path: Path, begins: Sequence[tuple[int, str]], length_ns: int) -> list[FilmChapter]:
    """The chapters of a finished film, in its own time, that begin so long after its first frame, in ns.

    So many share one that they fit. Blocks for the disk; raises OutputError for a file that is not a finished film.
    """
    shortest_ns = SHORTEST_NS
    while len(chapters := chapters_at(begins, length_ns, shortest_ns=shortest_ns)) > MOST_CHAPTERS:
        shortest_ns *= 2
    first_ns = first_frame_ns(path)
    return [
        FilmChapter(first_ns + chapter.begin_ns, first_ns + chapter.end_ns, chapter.title)
        for chapter in chapters
    ]
