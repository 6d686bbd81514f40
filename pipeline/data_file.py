"""Reads a small TOML file that a person may have written; a bad one is refused in one line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.errors import ConfigError

_Document = TypeVar("_Document", bound=BaseModel)


def read_data(path: Path, document: type[_Document], *, what: str, most_bytes: int) -> _Document:
    """The contents of the file. Blocks on the disk; reads at most `most_bytes`.

    `what` names it for people ("the field hall.toml"). Raises ConfigError naming it, the key and what is wrong.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
        if len(data) > most_bytes:
            raise ConfigError(f"{what} is longer than {most_bytes} bytes; it needs some kilobytes")
        values = tomllib.loads(data.decode())
    except OSError as error:
        raise ConfigError(f"cannot read {what}: {error.strerror}") from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # not UTF-8, not TOML, or tables within tables within tables
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{what} is not TOML: {error}") from error
    try:
        return document.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
        raise ConfigError(f"{what}: {key or 'the file'}: {first['msg']}") from None
