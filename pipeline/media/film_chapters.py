"""Chapters of a finished film: which files can have them, and writing them without touching the media."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from pipeline.errors import OutputError
from pipeline.media import mkv_chapters, mp4_chapters
from pipeline.media.titled_span import TitledSpan

MOST_CHAPTERS = mp4_chapters.MOST_CHAPTERS
"""More chapters than this do not fit into every kind of film."""


class _Kind(NamedTuple):
    first_frame_ns: Callable[[int], int]
    add_chapters: Callable[[int, Sequence[TitledSpan]], None]


_KINDS = MappingProxyType(
    {
        ".mp4": _Kind(mp4_chapters.first_frame_ns, mp4_chapters.add_chapters),
        ".mkv": _Kind(mkv_chapters.first_frame_ns, mkv_chapters.add_chapters),
    }
)


def has_chapters(path: Path) -> bool:
    """Whether files of this kind can have chapters: mp4 and mkv."""
    return path.suffix.lower() in _KINDS


def first_frame_ns(path: Path) -> int:
    """When the first frame of a finished mp4 or mkv is shown, in the film's own time, ns; blocks for the disk.

    Raises OutputError, one line, for a file that is not a finished film, or a disk that fails.
    """
    with _opened(path, os.O_RDONLY) as descriptor:
        return _KINDS[path.suffix.lower()].first_frame_ns(descriptor)


def add_chapters(path: Path, chapters: Sequence[TitledSpan]) -> None:
    """Write 1 to MOST_CHAPTERS chapters into a finished mp4 or mkv that has none; blocks for the disk.

    The film plays at any moment while it is done, and afterwards if that fails. Raises as `first_frame_ns`.
    """
    with _opened(path, os.O_RDWR) as descriptor:
        _KINDS[path.suffix.lower()].add_chapters(descriptor, chapters)


@contextmanager
def _opened(path: Path, how: int) -> Iterator[int]:
    try:
        descriptor = os.open(path, how | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OutputError(f"{path}: got no chapters ({error.strerror}); the film is as it was") from error
    except ValueError as error:
        raise OutputError(f"{path}: got no chapters: {error}; the film is as it was") from error
