"""Checks of the files that a command's flags name, before its work begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.settings.files import Named, overwritten, readable_file, writable_file
from pipeline.settings.problem import Problem


def check_files(
    *,
    read: Mapping[str, Path | None],
    written: Mapping[str, Path | None],
    sources: tuple[Named, ...] = (),
) -> None:
    """Raise ConfigError, one line, unless all of `read` is readable, all of `written` is writable, and no file is
    both.

    `sources` are further files that are read. The keys are flags; None is a flag that was not given. Reads the file
    system and changes nothing.
    """
    reads, writes = tuple(_given(read)), tuple(_given(written))
    refuse(
        *(problem for key, path in reads for problem in readable_file(key, path)),
        *(problem for key, path in writes for problem in writable_file(key, path)),
        *overwritten((*reads, *sources), writes),
    )


def refuse(*problems: Problem) -> None:
    """Raise ConfigError with all problems on one line, if there is any."""
    if problems:
        raise ConfigError("; ".join(map(str, problems)))


def _given(named: Mapping[str, Path | None]) -> Iterator[Named]:
    return ((key, path) for key, path in named.items() if path is not None)
