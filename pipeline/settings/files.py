"""Checks of files on the disk: readable, writable, and no file that is both read and written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.media.addresses import broken_scheme
from pipeline.settings.problem import Problem, did_you_mean, shown

Named = tuple[str, Path]
"""The setting or flag that names a file, and the file."""


def readable_file(key: str, path: Path, others: Iterable[str] = ()) -> Iterator[Problem]:
    """Why the file that `key` names cannot be read; `others` are further words for "did you mean"."""
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        if broken_scheme(str(path)):
            yield Problem(key, "an address is not a file; name a file on this machine")
        else:
            yield Problem(key, f"there is no file {path}{did_you_mean(path.name, [*others, *_beside(path)])}")
    except (OSError, ValueError) as error:
        yield Problem(key, f"{shown(path)} cannot be read ({_reason(error)})")
    else:
        if is_folder:
            yield Problem(key, f"{path} is a folder, not a file")
        elif not os.access(path, os.R_OK):
            yield Problem(key, f"{path} cannot be read; change its permissions")


def writable_file(key: str, path: Path) -> Iterator[Problem]:
    """Why the file that `key` names cannot be written; the check itself writes nothing."""
    folder = path.parent
    try:
        is_folder, exists = path.is_dir(), path.exists()  # raises if the name is too long
        has_folder, is_writable = folder.is_dir(), os.access(path if exists else folder, os.W_OK)
    except (OSError, ValueError) as error:
        yield Problem(key, f"{shown(path)} cannot be written ({_reason(error)}); name another file")
        return
    if is_folder:
        yield Problem(key, f"{path} is a folder; name a file in it")
    elif broken_scheme(str(path)):
        yield Problem(key, "an address is not a file; name a file on this machine")
    elif not has_folder:
        yield Problem(key, f"there is no folder {folder}; make it with: mkdir -p {folder}")
    elif not is_writable:
        yield Problem(key, f"{path} cannot be written; name another file or change the permissions")


def overwritten(read: Iterable[Named], written: Iterable[Named]) -> Iterator[Problem]:
    """Files that would be lost: written and also read, or written twice, under whatever name."""
    readers = {_identity(path): key for key, path in read}
    writers: dict[object, str] = {}
    for key, path in written:
        identity = _identity(path)
        if identity is None:
            continue
        if identity in readers:
            yield Problem(
                key, f"{path} is also read ({readers[identity]}) and would be overwritten; name another file"
            )
        if identity in writers:
            other = writers[identity]
            twice = "is named twice" if other == key else f"is also written as {other}; name another file"
            yield Problem(key, f"{path} {twice}")
        writers[identity] = key


def _identity(path: Path) -> object | None:
    """What all names of a file share; None for what stores nothing, as a device or a pipe."""
    try:
        found = path.stat()
    except OSError:
        return os.path.realpath(path)
    except ValueError:  # such a name is impossible
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _beside(path: Path) -> list[str]:
    """The names of the files in the folder of `path`."""
    try:
        return [entry.name for entry in path.parent.iterdir() if entry.name != path.name]
    except OSError:
        return []
