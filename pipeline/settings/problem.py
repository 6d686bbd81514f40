"""Messages for invalid settings: pydantic's errors turned into lines that say what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.errors import ConfigError
from pipeline.media.addresses import shown_text
from pipeline.media.formats import listed

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One invalid setting. ``key`` is dotted (``detector.kind``); ``message`` contains no secrets."""

    key: str
    message: str
    is_missing: bool = False
    """No given value is wrong, but another one is required: from a file, the environment or a flag."""

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


@cache
def schema_of(model: type[BaseModel]) -> Schema:
    """The JSON Schema of a settings model, made once."""
    return model.model_json_schema()


def node_at(schema: Schema, path: Iterable[str | int]) -> Schema | None:
    """The part of `schema` that describes the value at `path`; None if no value is allowed there."""
    node: Schema | None = schema
    for step in path:
        node = _resolved(schema, node)
        if isinstance(step, int):
            node = dict(enumerate(node.get("prefixItems", ()))).get(step, node.get("items"))
        else:
            node = node.get("properties", {}).get(step) or node.get("additionalProperties")
        if not isinstance(node, Mapping):
            return None
    return _resolved(schema, node) if node is not None else None


def _resolved(schema: Schema, node: Schema | None) -> Schema:
    """`node` with its reference resolved and a null alternative removed."""
    node = node or {}
    if "$ref" in node:
        target = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    if "anyOf" in node and "x-allowed" not in node:
        one = next(choice for choice in node["anyOf"] if choice.get("type") != "null")
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        return {**_resolved(schema, one), **rest}
    return node


def allowed(node: Schema) -> str:
    """The values that `node` (from `node_at`) allows, in a few words."""
    if "x-allowed" in node:
        return str(node["x-allowed"])
    if "enum" in node:
        return listed(node["enum"])
    if "const" in node:
        return str(node["const"])
    match node.get("type"):
        case "number" | "integer" as kind:
            noun = "a number" if kind == "number" else "a whole number"
            return " ".join(filter(None, (noun, _bounds(node))))
        case "boolean":
            return "true or false"
        case "array" if "prefixItems" in node:
            return f"[{', '.join(map(allowed, node['prefixItems']))}]"
        case "array":
            return f"a list, each: {allowed(node.get('items', {}))}"
        case "object" if node.get("properties"):
            return f"a table with {', '.join(node['properties'])}"
        case "object":
            return "a table"
        case _:
            return "text"


def _bounds(node: Schema) -> str:
    """The bounds of a number, as ``from 100 to 200,000``; empty if it has none."""
    bounds = {key: f"{node[key]:,.12g}" for key in ("exclusiveMinimum", "minimum", "maximum") if key in node}
    match bounds:
        case {"minimum": low, "maximum": high}:
            return f"from {low} to {high}"
        case _:
            words = {"exclusiveMinimum": "above", "minimum": "at least", "maximum": "at most"}
            return " and ".join(f"{words[key]} {bound}" for key, bound in bounds.items())


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean x?)`` if a known word is similar, otherwise an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def unknown_key(schema: Schema, path: tuple[str | int, ...]) -> str:
    """The message for a key that is not a setting."""
    parent = node_at(schema, path[:-1]) or {}
    known = list(parent.get("properties", {}))
    hint = did_you_mean(str(path[-1]), known)
    return f"is not a setting{hint}" if hint else f"is not a setting; the settings here: {', '.join(known)}"


def problems_in(error: ValidationError, model: type[BaseModel]) -> tuple[Problem, ...]:
    """Every error of a failed validation of `model`, in the order of the settings."""
    schema = schema_of(model)
    found: dict[str, Problem] = {}
    for finding in error.errors(include_url=False):
        path = _path(finding["loc"], ends_in_key=finding["type"] == "extra_forbidden")
        key = ".".join(shown_text(str(step)) for step in path)
        if finding["type"] == "extra_forbidden":
            message = unknown_key(schema, path)
        elif finding["type"] == "missing":
            message = "is missing"
        elif isinstance(reason := finding.get("ctx", {}).get("error"), ConfigError):
            message = str(reason)
        else:
            node = node_at(schema, path) or {}
            value = "this value (not shown)" if _holds_a_secret(schema, node) else shown(finding["input"])
            near = did_you_mean(value, node.get("enum", ()))
            message = f"{value} is not allowed{near}, allowed: {allowed(node)}"
        found.setdefault(key, Problem(key, message))
    return tuple(found.values())


def shown(value: object) -> str:
    """An invalid value as a message shows it: short, on one line and without secrets."""
    if isinstance(value, Mapping | list | tuple):
        return "a table" if isinstance(value, Mapping) else "a list"
    return shown_text(str(value))


def _holds_a_secret(schema: Schema, node: Schema) -> bool:
    """Whether the value at `node`, or any value within it, can be a secret."""
    node = _resolved(schema, node)
    within = [*node.get("properties", {}).values(), node.get("items"), node.get("additionalProperties")]
    return node.get("format") == "password" or any(
        _holds_a_secret(schema, one) for one in within if isinstance(one, Mapping)
    )


def _path(steps: tuple[str | int, ...], *, ends_in_key: bool) -> tuple[str | int, ...]:
    """`steps` without pydantic's own. `ends_in_key`: the last one is a key from the file, which may be any text."""
    kept = len(steps) - 1 if ends_in_key else len(steps)
    return tuple(step for place, step in enumerate(steps) if place == kept or not _is_a_type_tag(step))


def _is_a_type_tag(step: str | int) -> bool:
    """Whether pydantic put this step into the path for the tried type of a union; no setting's name looks so."""
    return isinstance(step, str) and any(sign in step for sign in "[(")
