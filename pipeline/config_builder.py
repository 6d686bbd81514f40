"""ConfigBuilder: builds validated Settings from file, environment and flags; writes and checks settings files."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.errors import ConfigError
from pipeline.settings import Problem, Settings, problems
from pipeline.settings.nvinfer import Nvinfer, check_nvinfer, write_unless_there
from pipeline.settings.problem import allowed, node_at, problems_in, schema_of

ENVIRONMENT_PREFIX = "FORESIGHT_"
"""``FORESIGHT_DELAY_S=5``, nested with two underscores: ``FORESIGHT_DETECTOR__KIND=none``."""

COMMAND_LINE = "the command line"
OUTPUTS, STREAMS = "outputs", "streams"

GROUPS = frozenset(
    name for name, field in Settings.model_fields.items() if isinstance(field.default, BaseModel)
)
"""The settings that are groups of settings, such as ``detector``."""


class ConfigBuilder:
    """Collects settings from a file, the environment and flags; a later one overrides, and origins are recorded.

    ``ConfigBuilder().file(path).environment().flags(delay_s=5).build()``. One thread.
    """

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._origins: dict[str, str] = {}

    def file(self, path: Path) -> ConfigBuilder:
        """Add the settings of a TOML file. Blocks on the disk. Raises ConfigError if it cannot be read or
        parsed."""
        for key, value in read_toml(path).items():
            self._put([key], value, str(path))
        return self

    def environment(self, environment: Mapping[str, str] | None = None) -> ConfigBuilder:
        """Add the variables ``FORESIGHT_...`` (of this process unless given); lists are TOML: ``["a", "b"]``.

        A plain value counts as a list of one; an empty value clears an optional setting. Raises ConfigError for a
        list or a table that is not valid TOML.
        """
        variables = os.environ if environment is None else environment
        for variable in sorted(variables):
            if variable.startswith(ENVIRONMENT_PREFIX):
                keys = variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
                self._put(keys, _from_text(variable, keys, variables[variable]), variable)
        return self

    def flags(self, **flags: Any) -> ConfigBuilder:
        """Add settings from the command line; None is a flag that was not given, ``a__b`` is nested."""
        for flag, value in flags.items():
            if value is not None:
                self._put(flag.split("__"), value, COMMAND_LINE)
        return self

    def assignments(self, assignments: Iterable[str]) -> ConfigBuilder:
        """Add assignments such as ``encoder.bitrate_kbps=4000``, with values as in the environment.

        Raises ConfigError for an assignment without a key, and as `environment`.
        """
        for assignment in assignments:
            key, equals, text = assignment.partition("=")
            if not key.strip() or not equals:
                said = assignment if _is_a_key(assignment) else "--set"
                raise ConfigError(f"{said}: a setting needs a value, such as encoder.bitrate_kbps=4000")
            keys = key.strip().split(".")
            self._put(keys, _from_text(key.strip(), keys, text), COMMAND_LINE)
        return self

    def build(self) -> Settings:
        """The settings. Raises ConfigError naming every invalid key, its origin and what is allowed."""
        try:
            return Settings.model_validate(self._values)
        except ValidationError as error:
            found = [self._traced(problem) for problem in problems_in(error, Settings)]
        # raised outside the except block, because pydantic's own message quotes the values, secrets included
        raise ConfigError("; ".join(found))

    def write_inference(self, path: Path) -> bool:
        """Write the detector's settings to a file of their own, which `file` reads; True if written.

        An existing valid file is kept (False), an invalid one is reported and never overwritten. Blocks on the
        disk. Raises ConfigError or OutputError.
        """
        return write_unless_there(path, to_toml(Settings(detector=self.build().detector)), check_file)

    def write_nvinfer(self, path: Path, wanted: Nvinfer) -> bool:
        """Write a configuration file for NVIDIA's nvinfer, under the rules of `write_inference`."""
        return write_unless_there(path, wanted.text(), check_nvinfer)

    def origins(self) -> dict[str, str]:
        """The origin of each given setting by dotted key; for a table whose entries were set individually, such
        as a class map, that of each entry."""
        return dict(self._origins)

    def origin_of(self, key: str) -> str | None:
        """The origin of the setting `key`, and of all later changes of it; None for a default."""
        found = [where for known, where in self._origins.items() if f"{known}.".startswith(f"{key}.")]
        if key == STREAMS and not found:
            return self._origins.get(OUTPUTS)  # an address among the outputs counts as a stream
        return ", ".join(dict.fromkeys(found)) or None

    def _put(self, keys: Sequence[str], value: Any, origin: str) -> None:
        """Set the value at `keys`. The settings of a group are set individually; any other table is one value and
        replaces the earlier one."""
        if len(keys) == 1 and keys[0] in GROUPS and isinstance(value, Mapping):
            for name, one in value.items():
                self._put([*keys, name], one, origin)
            return
        into = self._values
        for key in keys[:-1]:
            before = into.get(key)
            into[key] = dict(before) if isinstance(before, Mapping) else {}
            into = into[key]
        into[keys[-1]] = value
        dotted = ".".join(keys)
        self._origins = {
            known: where for known, where in self._origins.items() if not f"{known}.".startswith(f"{dotted}.")
        }
        self._origins[dotted] = origin

    def _traced(self, problem: Problem) -> str:
        said = [key for key in self._origins if f"{problem.key}.".startswith(f"{key}.")]
        origin = self.origin_of(max(said, key=len) if said else problem.key.partition(".")[0])
        return str(problem) if origin in (None, COMMAND_LINE) else f"{problem} (from {origin})"


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as nested values. Blocks on the disk. Raises ConfigError with the position of a syntax error."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; make one with: foresight config init {path}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error


@dataclass(frozen=True, slots=True)
class FileFindings:
    """The findings in a configuration file: ``problems``, a line each with file, line, key and what is allowed, and
    ``notes`` on settings that the environment or flags must provide before a run."""

    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def examine_file(path: Path) -> FileFindings:
    """All findings in a configuration file.

    A file that ends in .txt, as NVIDIA's do, is checked as a file for nvinfer. Blocks on the disk. Raises
    ConfigError if it cannot be read.
    """
    if path.suffix == ".txt":
        return FileFindings(tuple(check_nvinfer(path)))
    values = read_toml(path)
    try:
        found = problems(Settings.model_validate(values))
    except ValidationError as error:
        found = problems_in(error, Settings)
    lines = path.read_text(encoding="utf-8").splitlines()
    return FileFindings(
        tuple(f"{path}:{_line_of(one.key, lines)}: {one}" for one in found if not one.is_missing),
        tuple(str(one) for one in found if one.is_missing),
    )


def check_file(path: Path) -> list[str]:
    """The problems that `examine_file` finds. Raises ConfigError if the file cannot be read."""
    return list(examine_file(path).problems)


def schema() -> dict[str, Any]:
    """The JSON Schema of a configuration file."""
    return dict(schema_of(Settings))


def commented_toml(settings: Settings | None = None) -> str:
    """A configuration file with every setting, its description and its default, all commented out."""
    return "\n".join(_document(settings or Settings())) + "\n"


def to_toml(settings: Settings) -> str:
    """The settings that differ from the defaults, as a configuration file. It contains secrets in clear text."""
    values = settings.model_dump(mode="json", exclude_defaults=True)
    films = [
        (film.streams, table) for film, table in zip(settings.films, values.get("films", ()), strict=True)
    ]
    for streams, table in ((settings.streams, values), *films):
        if streams:
            table["streams"] = [secret.get_secret_value() for secret in streams]
    if settings.web.token is not None:
        values["web"]["token"] = settings.web.token.get_secret_value()
    return toml_of(values)


def toml_of(values: Mapping[str, Any]) -> str:
    """Nested values of settings as a configuration file."""
    lines = [f"{key} = {_literal(value)}" for key, value in values.items() if not isinstance(value, dict)]
    for group, fields in values.items():
        if isinstance(fields, dict):
            lines += ["", f"[{group}]", *(f"{key} = {_literal(value)}" for key, value in fields.items())]
    return "\n".join(lines) + "\n"


def _document(settings: Settings) -> Iterator[str]:
    yield "# Settings of a Foresight run. Lines that are commented out show the default, if there is one."
    for name, model_field in Settings.model_fields.items():
        value = getattr(settings, name)
        if not isinstance(value, BaseModel):
            yield from _entry([name], value, model_field.description)
    for name in Settings.model_fields:
        group = getattr(settings, name)
        if isinstance(group, BaseModel):
            yield ""
            yield f"[{name}]"
            yield f"# {(type(group).__doc__ or '').strip()}"
            for key, model_field in type(group).model_fields.items():
                yield from _entry([name, key], getattr(group, key), model_field.description)


def _entry(path: Sequence[str], value: Any, description: str | None) -> Iterator[str]:
    yield ""
    for line in (description or "").splitlines():
        yield f"# {line.strip()}"
    may_be = allowed(node_at(schema_of(Settings), path) or {})
    if "path of" not in may_be:
        yield f"# Allowed: {may_be}."
    yield f"# {path[-1]} =" if value is None else f"# {path[-1]} = {_literal(value)}"


def _literal(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(item) for item in value)}]"
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_literal(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return _quoted(str(value))


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _quoted(key)


def _quoted(text: str) -> str:
    """A TOML basic string: its escapes are those of JSON, but DEL must be escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _from_text(name: str, keys: Sequence[str], text: str) -> Any:
    """A setting's value from text: lists and tables are TOML, all else is text; None clears the setting."""
    node = node_at(schema_of(Settings), keys) or {}
    stripped = text.strip()
    if node.get("type") in ("array", "object") and stripped[:1] in ("[", "{"):
        try:
            return tomllib.loads(f"value = {stripped}")["value"]
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{name}: not a TOML value: {error}") from error
    if node.get("type") == "array":
        return [text]
    may_be_left_out = "default" in node and node["default"] is None and node.get("format") != "password"
    return None if may_be_left_out and not stripped else text


def _is_a_key(text: str) -> bool:
    """Whether `text` is the key of a setting, which contains no secret."""
    return node_at(schema_of(Settings), text.strip().split(".")) is not None


def _line_of(key: str, lines: Iterable[str]) -> int:
    """The line that sets a dotted key, otherwise the line of its table, otherwise 1."""
    wanted = key.split(".")
    table: list[str] = []
    seen: dict[str, int] = {}
    found = (0, 1)
    for number, line in enumerate(lines, 1):
        path = _keys_in(line)
        if line.lstrip().startswith("[["):
            name = ".".join(path)
            path = table = [*path, str(seen.setdefault(name, 0))]
            seen[name] += 1
        elif line.lstrip().startswith("["):
            table = path or table
        elif path:
            path = [*table, *path]
        if len(path) > found[0] and path == wanted[: len(path)]:
            found = (len(path), number)
    return found[1]


def _keys_in(line: str) -> list[str]:
    """The keys of a line that is a table header or starts a value; empty for other lines."""
    key, equals, _value = line.partition("=")
    try:
        node: Any = tomllib.loads(line if line.lstrip().startswith("[") else f"{key}{equals} 0")
    except tomllib.TOMLDecodeError:
        return []
    keys = []
    while isinstance(node, dict) and node:
        ((key, node),) = node.items()
        keys.append(key)
    return keys
