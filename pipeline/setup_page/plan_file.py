"""The settings of the match in a file that only its user can read, because it holds the stream's key."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from pipeline.config_builder import ConfigBuilder, to_toml
from pipeline.errors import OutputError
from pipeline.settings.model import Settings

NAME = "match.toml"
_HEAD = (
    "# Made by `foresight start`; `foresight run --config` takes it as it is. It may hold a stream's key.\n"
)


def load_settings(path: Path) -> Settings:
    """The settings in the file; the defaults if there is none. Raises ConfigError.

    A file that others can read is closed to them first.
    """
    if not path.exists():
        return Settings()
    with suppress(OSError):  # it is read below, or not
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
    return ConfigBuilder().file(path).build()


def save_settings(path: Path, settings: Settings) -> None:
    """Write the file in one step, readable for its user alone. Raises OutputError."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_HEAD + to_toml(settings))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); check the folder and its disk"
        ) from error
