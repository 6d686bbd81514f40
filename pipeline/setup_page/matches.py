"""The matches in a folder: what each has left behind, and deleting one."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, OutputError, StateError
from pipeline.media.film_folder import films_in
from pipeline.redaction import redact
from pipeline.run.tag_book import read_tags

MARK = "foresight-match.json"
"""The file by which a folder is known as a match of `foresight start`: only such a folder can be deleted."""
REPORT, LOG = "report.json", "run.log"
CLIPS, REEL, TAGS = "clips", "reel", "tags.jsonl"
_LOG_BYTES = 4000


@dataclass(frozen=True, slots=True)
class MatchFile:
    """A file of a match: its path below the match's folder, its size, its length in seconds if it is known."""

    path: str
    size_bytes: int
    length_s: float | None


@dataclass(frozen=True, slots=True)
class PastMatch:
    """A match: its folder's name, when it began (seconds since 1970), and what there is of it.

    `tags`: how many there are of each kind. `ended`: whether its run has told its end; `troubles`: what is not
    complete, and why, a line each; `notes`: what else the run said.
    """

    name: str
    title: str
    began_s: float
    films: list[MatchFile]
    reel: list[MatchFile]
    clips: list[MatchFile]
    tags: dict[str, int]
    size_bytes: int
    ended: bool
    troubles: list[str]
    notes: list[str]


def is_match_folder(folder: Path) -> bool:
    """Whether a folder is a match's."""
    return (folder / MARK).is_file()


def begin_match(home: Path, name: str, title: str, now: datetime) -> Path:
    """Make the folder of a match that begins; a number is added to a name that is taken. Raises OutputError."""
    for number in range(1, 1000):
        folder = home / (name if number == 1 else f"{name} ({number})")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made ({error.strerror}); check the folder") from error
        try:
            (folder / CLIPS).mkdir()
            (folder / MARK).write_text(json.dumps({"title": title, "began_s": now.timestamp()}))
        except OSError as error:
            raise OutputError(f"{folder}: cannot be written ({error.strerror}); check the disk") from error
        return folder
    raise OutputError(f"{home / name}: there are a thousand matches of this name; give another")


def past_matches(
    home: Path, length_of: Callable[[Path], float | None], without: Path | None = None
) -> list[PastMatch]:
    """The matches in a folder, newest first, but the one `without`. Reads the disk; `length_of(film)`: seconds."""
    found = []
    with suppress(OSError):
        for folder in home.iterdir():
            if folder != without and not folder.is_symlink() and is_match_folder(folder):
                found.append(_match(folder, length_of))
    return sorted(found, key=lambda match: match.began_s, reverse=True)


def delete_match(home: Path, name: str) -> None:
    """Delete a match with all its files; blocks. Raises StateError if there is none of this name, OutputError."""
    folder = match_folder(home, name)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise OutputError(f"{name}: not all of it could be deleted ({error.strerror})") from error


def match_folder(home: Path, name: str) -> Path:
    """The folder of a match. Raises StateError if there is none of this name."""
    folder = home / name
    if not name or "/" in name or name.startswith(".") or folder.is_symlink() or not is_match_folder(folder):
        raise StateError("there is no such match; look at the list again")
    return folder


def match_file(home: Path, name: str, path: str) -> Path | None:
    """A film, a clip or a reel of a match; None if it is none of these."""
    with suppress(StateError):
        folder = match_folder(home, name)
        files = [*films_in(folder), *films_in(folder / CLIPS)]
        return next((one for one in files if str(one.relative_to(folder)) == path), None)
    return None


def _match(folder: Path, length_of: Callable[[Path], float | None]) -> PastMatch:
    mark = _read(folder / MARK)
    began_s = mark.get("began_s")
    report = _read(folder / REPORT)
    films = films_in(folder)
    reels = [path for path in films if path.stem.startswith(REEL)]

    def files(paths: list[Path]) -> list[MatchFile]:
        return [MatchFile(str(path.relative_to(folder)), _size(path), length_of(path)) for path in paths]

    clips = files(films_in(folder / CLIPS))
    return PastMatch(
        folder.name,
        str(mark.get("title") or folder.name),
        float(began_s) if isinstance(began_s, int | float) else 0.0,
        files([path for path in films if path not in reels]),
        files(reels),
        clips,
        _tags(folder),
        sum(_size(path) for path in folder.rglob("*") if path.is_file()),
        bool(report),
        _troubles(folder, report),
        [_shown(folder, str(note)) for note in report.get("notes") or ()],
    )


def _troubles(folder: Path, report: dict[str, Any]) -> list[str]:
    if report:
        return [_shown(folder, str(failure)) for failure in report.get("failures") or ()]
    said = last_words(folder / LOG)
    return [f"it did not end as it should{f': {said}' if said else ''}"]


def last_words(log: Path) -> str:
    """The last line by which a command has told why it failed; empty without one."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.removeprefix("foresight: ") for line in lines if line.startswith("foresight: ")]
    return _shown(log.parent, said[-1]) if said else ""


def _tags(folder: Path) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for path in sorted(folder.glob("tags*.jsonl")):
        with suppress(ConfigError):
            counted.update(tag.kind for tag in read_tags(path))
    return dict(counted)


def _shown(folder: Path, text: str) -> str:
    """Without the folders of this machine and the keys of its streams."""
    return redact(text.replace(f"{folder}/", "").replace(f"{folder.parent}/", ""))


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        values = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(values, dict):
            return values
    return {}
