"""The folder in which a user's matches are."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pipeline.errors import ConfigError


def ready_folder(folder: Path) -> Path:
    """The folder, made if it is missing, as an absolute path. Raises ConfigError if it cannot be written."""
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "there is a file of this name" if isinstance(error, FileExistsError) else error.strerror
        raise ConfigError(f"{folder}: cannot be made ({reason}); name another folder") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"{folder}: cannot be written; name another folder or change its permissions")
    return folder


def shown_folder(folder: Path) -> str:
    """A folder as a page shows it: below the user's own, without the name of that."""
    with suppress(ValueError, RuntimeError):
        return str(Path("~") / folder.relative_to(Path.home()))
    return str(folder)
