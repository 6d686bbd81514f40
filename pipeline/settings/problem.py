"""What is wrong with a setting, in words: pydantic's findings turned into lines that say what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.redaction import redact_address
from pipeline.settings.values import broken_scheme

Schema = Mapping[str, Any]

LONGEST_SHOWN = 120
"""Letters of a value that a message shows."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One setting that cannot be used. ``key`` is dotted (``detector.kind``), ``message`` has no secrets."""

    key: str
    message: str
    is_missing: bool = False
    """Nothing that was said is wrong: something else is still to be said, in a file, the environment or a flag."""

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


@cache
def schema_of(model: type[BaseModel]) -> Schema:
    """The JSON Schema of a settings model, made once."""
    return model.model_json_schema()


def node_at(schema: Schema, path: Iterable[str | int]) -> Schema | None:
    """The part of `schema` that describes what stands at `path`; None where nothing may stand there."""
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
    """`node` with its reference followed and a "or nothing" alternative taken away."""
    node = node or {}
    if "$ref" in node:
        target = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    if "anyOf" in node and "x-allowed" not in node:
        one = next(choice for choice in node["anyOf"] if choice.get("type") != "null")
        rest = {key: value for key, value in node.items() if key != "anyOf"}
        return {**_resolved(schema, one), **rest}
    return node


def listed(words: Iterable[object]) -> str:
    """``a, b or c``."""
    *most, last = [str(word) for word in words]
    return f"{', '.join(most)} or {last}" if most else last


def allowed(node: Schema) -> str:
    """What may be written where `node` (as node_at gives it) stands, in a few words."""
    if "x-allowed" in node:
        return str(node["x-allowed"])
    if "enum" in node:
        return listed(node["enum"])
    if "const" in node:
        return str(node["const"])
    match node.get("type"):
        case "number" | "integer" as kind:
            noun = "a number" if kind == "number" else "a whole number"
            return f"{noun}{_bounds(node)}"
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
    low = (
        f"above {node['exclusiveMinimum']:g}"
        if "exclusiveMinimum" in node
        else f"at least {node['minimum']:g}"
        if "minimum" in node
        else ""
    )
    high = f"at most {node['maximum']:g}" if "maximum" in node else ""
    return "".join(f" {part}" for part in [" and ".join(filter(None, (low, high)))] if part)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean x?)`` where a known word is near, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def unknown_key(schema: Schema, path: tuple[str | int, ...]) -> str:
    """What to say of a key that is no setting."""
    parent = node_at(schema, path[:-1]) or {}
    known = list(parent.get("properties", {}))
    hint = did_you_mean(str(path[-1]), known)
    return f"is no setting{hint}" if hint else f"is no setting, known here: {', '.join(known)}"


def problems_in(error: ValidationError, model: type[BaseModel]) -> tuple[Problem, ...]:
    """Every finding of a failed validation of `model`, in the order of the settings."""
    schema = schema_of(model)
    found: dict[str, Problem] = {}
    for finding in error.errors(include_url=False):
        path = tuple(step for step in finding["loc"] if not _is_a_type_tag(step))
        key = ".".join(str(step) for step in path)
        if finding["type"] == "extra_forbidden":
            message = unknown_key(schema, path)
        elif finding["type"] == "missing":
            message = "is missing"
        else:
            node = node_at(schema, path) or {}
            value = "this value (not shown)" if _holds_a_secret(schema, node) else shown(finding["input"])
            near = did_you_mean(value, node.get("enum", ()))
            message = f"{value} is not allowed{near}, allowed: {allowed(node)}"
        found.setdefault(key, Problem(key, message))
    return tuple(found.values())


def shown(value: object) -> str:
    """A value that cannot be used, for a message: short, in one line and without secrets."""
    if isinstance(value, Mapping | list | tuple):
        return "a table" if isinstance(value, Mapping) else "a list"
    text = "".join(sign if sign.isprintable() else "�" for sign in " ".join(str(value).split()))
    if not text:
        return "an empty text"
    scheme = broken_scheme(text)
    if scheme is not None:  # where its secrets stand is anyone's guess
        return f"{scheme}... without {scheme}:// at its beginning"
    text = redact_address(text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _holds_a_secret(schema: Schema, node: Schema) -> bool:
    """Whether a secret may be written where `node` stands, or anywhere within."""
    node = _resolved(schema, node)
    within = [*node.get("properties", {}).values(), node.get("items"), node.get("additionalProperties")]
    return node.get("format") == "password" or any(
        _holds_a_secret(schema, one) for one in within if isinstance(one, Mapping)
    )


def _is_a_type_tag(step: str | int) -> bool:
    """Pydantic puts the tried type of a union into the path; no setting's name has such signs."""
    return isinstance(step, str) and any(sign in step for sign in "[(")
