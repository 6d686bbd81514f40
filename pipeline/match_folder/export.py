"""Export of a match folder: a copy that holds all it needs, with what spreadsheets and services read besides."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pipeline.analysis.jsonl import read_detections
from pipeline.errors import ConfigError, OutputError, RigError
from pipeline.match_folder.annotation_lines import read_entries
from pipeline.match_folder.as_source import with_match_folder
from pipeline.match_folder.info import match_info, read_tags_of
from pipeline.media.match_folder import (
    ANNOTATIONS,
    DETECTIONS,
    RIG,
    TRACKS,
    is_match_file,
)
from pipeline.media.track_rows import HEADER, line_of
from pipeline.optics.rig import Rig
from pipeline.scoring.chapters import film_chapters, titles_to_paste
from pipeline.scoring.clock import Clock
from pipeline.scoring.load import load_sport
from pipeline.settings import Settings
from pipeline.timebase import ns_to_seconds, seconds_to_ns
from pipeline.tracking.people.tracker import FieldTracker

TAGS_CSV, CHAPTERS = "tags.csv", "chapters.txt"
_TEXT = (".json", ".jsonl", ".csv", ".toml", ".txt")


def export(folder: Path, to: Path, on_told: Callable[[str], object]) -> None:
    """Copy a match to `to`: one zip if it ends in .zip, else a new folder; blocks. Unpacked, it is a match folder.

    It gets `tags.csv`, `chapters.txt`, and `tracks.csv` if the rig has a pitch. `on_told(line)`: what is left out.
    Raises ConfigError for a folder that is none and for a name that is taken, OutputError if it cannot be written.
    """
    info = match_info(folder)
    if info.faults:
        raise ConfigError(f"{folder} is not whole: {'; '.join(info.faults)}")
    if to.exists():
        raise ConfigError(f"{to} exists already, and is not overwritten; name another")
    if to.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(f"{to} is inside the match; name another folder")
    made = dict(_made(folder, on_told))
    files = {path.name: path for path in sorted(folder.iterdir()) if is_match_file(path.name)}
    try:
        if to.suffix.lower() == ".zip":
            _zip(to, folder.name, files, made)
        else:
            _copy(to, files, made)
    except OSError as error:
        raise OutputError(f"{to}: cannot be written ({error.strerror}); name another disk") from error


def _made(folder: Path, on_told: Callable[[str], object]) -> Iterator[tuple[str, str]]:
    """The files that are made of the others: names and texts."""
    tags = read_tags_of(folder)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["time_s", "kind", "team", "label", "who", "id"])
    for tag in tags:
        time_s = f"{ns_to_seconds(tag.captured_ns):.3f}"
        rows.writerow([time_s, tag.kind, tag.team or "", tag.label, tag.who, tag.number])
    yield TAGS_CSV, text.getvalue()
    settings = with_match_folder(Settings(sources=(str(folder),)))
    info = match_info(folder)
    if info.length_s > 0:
        begin_ns = seconds_to_ns(min(camera.first_s or 0.0 for camera in info.cameras))
        path = folder / ANNOTATIONS
        entries = read_entries(path) if path.is_file() else []
        clocks = [entry.data for entry in entries if isinstance(entry.data, Clock)]
        teams = settings.teams.team("home"), settings.teams.team("away")
        end_ns = begin_ns + seconds_to_ns(info.length_s)
        yield (
            CHAPTERS,
            titles_to_paste(
                film_chapters(tags, clocks, load_sport(settings.teams.sport), teams, begin_ns, end_ns)
            ),
        )
    if not (folder / TRACKS).is_file():
        try:
            yield TRACKS, _tracks(folder)
        except (RigError, ConfigError) as error:
            on_told(f"no {TRACKS}: {error}")


def _tracks(folder: Path) -> str:
    """The tracks of the detections, without teams, which only a run sees. Raises RigError, ConfigError."""
    tracker = FieldTracker(Rig.load(folder / RIG))
    rows = [row for seen in read_detections(folder / DETECTIONS) for row in tracker.add(seen)]
    return "".join(f"{line}\n" for line in (HEADER, *map(line_of, (*rows, *tracker.finish()))))


def _zip(to: Path, name: str, files: Mapping[str, Path], made: Mapping[str, str]) -> None:
    fresh = to.with_name(f".{to.name}.new")
    try:
        with zipfile.ZipFile(fresh, "w", allowZip64=True) as archive:
            for file, path in files.items():
                is_text = path.suffix in _TEXT
                archive.write(path, f"{name}/{file}", zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED)
            for file, text in made.items():
                archive.writestr(f"{name}/{file}", text, zipfile.ZIP_DEFLATED)
        fresh.replace(to)
    finally:
        fresh.unlink(missing_ok=True)


def _copy(to: Path, files: Mapping[str, Path], made: Mapping[str, str]) -> None:
    to.mkdir()
    for file, path in files.items():
        shutil.copy2(path, to / file)
    for file, text in made.items():
        (to / file).write_text(text, encoding="utf-8")
