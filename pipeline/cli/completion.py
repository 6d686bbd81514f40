"""Shell completion: values of settings, names of settings, and benchmarks."""

from __future__ import annotations

from collections.abc import Callable


def values_of(key: str) -> Callable[[str], list[str]]:
    """The completion of a flag for the setting `key`; it loads the settings only when the shell asks."""

    def offered(incomplete: str) -> list[str]:
        return [value for value in _values(key) if value.startswith(incomplete)]

    return offered


def assignments(incomplete: str) -> list[str]:
    """The completion of ``--set KEY=VALUE``: the settings with a single value, then the allowed values."""
    key, equals, begun = incomplete.partition("=")
    if equals:
        return [f"{key}={value}" for value in values_of(key)(begun)]
    return [f"{known}=" for known in _keys() if known.startswith(incomplete)]


def benchmarks(incomplete: str) -> list[str]:
    """The completion of a benchmark's name."""
    from pipeline.cli.benchmark_list import known_benchmarks

    return [name for name in known_benchmarks() if name.startswith(incomplete)]


def _values(key: str) -> list[str]:
    from pipeline.settings import Settings
    from pipeline.settings.model import DETECTOR_KINDS
    from pipeline.settings.problem import node_at, schema_of

    if key == "detector.kind":
        return list(DETECTOR_KINDS)
    node = node_at(schema_of(Settings), key.split(".")) or {}
    return ["true", "false"] if node.get("type") == "boolean" else list(node.get("enum", ()))


def _keys() -> list[str]:
    from pipeline.settings import Settings
    from pipeline.settings.problem import node_at, schema_of

    schema = schema_of(Settings)
    keys = []
    for name in schema["properties"]:
        below = (node_at(schema, [name]) or {}).get("properties")
        keys += [f"{name}.{key}" for key in below] if below else [name]
    return keys
