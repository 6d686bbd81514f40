"""The films in a folder or in a list, as the chapters of one recording: which they are, and their order."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.media.file_series import recording_order

FILM_SUFFIXES = frozenset(
    {
        ".mp4",
        ".mov",
        ".m4v",
        ".mts",
        ".m2ts",
        ".ts",
        ".mkv",
        ".webm",
        ".avi",
        ".flv",
        ".3gp",
        ".mpg",
        ".mpeg",
        ".insv",
    }
)
"""What cameras and recorders call their films; small copies (LRV), thumbnails and sound files are no films."""

LIST_SUFFIXES = frozenset({".m3u", ".m3u8"})

MOST_LIST_BYTES = 1 << 20
_MOST_NAMED = 3


def films_in(folder: Path) -> list[Path]:
    """The films in `folder` itself, in the order in which a camera names them; none if it cannot be read."""
    try:
        inside = [path for path in folder.iterdir() if path.suffix.lower() in FILM_SUFFIXES]
        found = [path for path in inside if not path.name.startswith(".") and path.is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda path: recording_order(path.name))


def films_listed(playlist: Path) -> list[Path]:
    """The files that a list names, one a line, relative to itself; none for an HLS playlist."""
    try:
        with playlist.open(encoding="utf-8", errors="surrogateescape") as file:
            text = file.read(MOST_LIST_BYTES)
    except OSError:
        return []
    lines = [line.strip() for line in text.splitlines()]
    if any(re.match(r"#EXT-X-", line) for line in lines):
        return []
    return [playlist.parent / line for line in lines if line and not line.startswith("#")]


def folders_with_films(folder: Path) -> list[Path]:
    """A few of the folders in `folder` that hold films, as ``DCIM/100GOPRO`` in ``DCIM``."""
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []
    return [path for path in inside if films_in(path)][:_MOST_NAMED]
