"""Puts the tags and periods of a match as chapters into the films of its run, once they are finished."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.media.film_chapters import MOST_CHAPTERS, add_chapters, first_frame_ns, has_chapters
from pipeline.media.film_file import FilmFile
from pipeline.run.film_times import FilmTimes
from pipeline.scoring.chapters import SERVICE_NS, FilmChapter, Mark, chapters_at, titles_to_paste
from pipeline.timebase import NS_PER_MS

LEAST_TITLES = 3
"""A streaming service makes chapters of no fewer lines."""

SHORTEST_NS = 100 * NS_PER_MS
"""Tags that are closer together than this share a chapter."""


def write_chapters(
    films: Iterable[FilmFile],
    marks: Sequence[Mark],
    times: FilmTimes,
    lead_ns: int,
    on_failed: Callable[[OutputError], object],
) -> None:
    """Write the chapters of each film that shows one of `marks`, and beside it a text with the titles for a
    streaming service, if it has as many as those want; blocks for the disk.

    A tag's chapter begins `lead_ns` before it. `on_failed(error)`: a film has got none; it is as it was.
    """
    for film in films:
        try:
            begins = _begins_in(film, marks, times, lead_ns)
            if begins and has_chapters(film.path):
                add_chapters(film.path, chapters_in(film.path, begins, _length_ns(film)))
            titles = service_titles(begins, _length_ns(film)) if begins else ""
            if titles:
                _write_titles(titles_path(film.path), titles)
        except OutputError as error:
            on_failed(error)


def service_titles(begins: Sequence[tuple[int, str]], length_ns: int) -> str:
    """Lines for a streaming service's description, of titles that begin so long after a film's first frame, in ns.

    Those that are less than SERVICE_NS apart share a line. Empty if there are fewer than LEAST_TITLES lines, of
    which a service makes no chapters.
    """
    if length_ns <= 0:
        return ""
    chapters = chapters_at(begins, length_ns, shortest_ns=SERVICE_NS)
    return titles_to_paste(chapters) if len(chapters) >= LEAST_TITLES else ""


def begins_of(
    marks: Iterable[Mark], times: FilmTimes, begin_ns: int, end_ns: int, lead_ns: int
) -> list[tuple[int, str]]:
    """When the marks begin that playback first showed between two of its running times, in ns after the first, and
    their titles."""
    begins = []
    for mark in marks:
        shown_ns = times.first_shown_ns(mark.captured_ns, begin_ns, end_ns)
        if shown_ns is not None:
            at_ns = shown_ns - begin_ns - (0 if mark.is_period else lead_ns)
            begins.append((max(at_ns, 0), mark.title))
    return begins


def titles_path(film: Path) -> Path:
    """The text beside a film: ``match.mp4`` has ``match.chapters.txt``."""
    return film.with_suffix(".chapters.txt")


def _begins_in(
    film: FilmFile, marks: Iterable[Mark], times: FilmTimes, lead_ns: int
) -> list[tuple[int, str]]:
    """What begins in one film, in its own time; nothing if it shows no mark, or is not whole."""
    if film.begin_ns is None or film.end_ns is None or film.loss is not None:
        return []
    return begins_of(marks, times, film.begin_ns, film.end_ns, lead_ns)


def _length_ns(film: FilmFile) -> int:
    return (film.end_ns or 0) - (film.begin_ns or 0)


def _write_titles(path: Path, titles: str) -> None:
    try:
        path.write_text(titles, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); check the disk") from error


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
