"""Maps a model's classes to detection labels, by the names in the model or by configuration."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping

from pipeline.analysis.detector import Label
from pipeline.analysis.jsonl import LABELS
from pipeline.errors import ConfigError

USUAL_NAMES: Mapping[str, Label] = {
    "ball": "ball",
    "sports ball": "ball",
    "football": "ball",
    "soccer ball": "ball",
    "person": "player",
    "player": "player",
    "goalkeeper": "player",
    "staff": "staff",
    "staff member": "staff",
    "coach": "staff",
    "side referee": "side_referee",
    "assistant referee": "side_referee",
    "linesman": "side_referee",
    "referee": "main_referee",
    "main referee": "main_referee",
}
"""Common class names; names are compared in lower case, with underscores and hyphens as spaces."""

COCO_CLASSES = 80
COCO_LABELS: Mapping[int, Label] = {0: "player", 32: "ball"}
"""A model without class names and with 80 classes was trained on COCO."""


def read_names(text: str) -> dict[int, str]:
    """The class names in a model's metadata, ``{0: 'person', ...}`` or a list; empty if unreadable."""
    try:
        names = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        try:
            names = json.loads(text)
        except ValueError:
            return {}
    if isinstance(names, list | tuple):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(str(number).isdigit() for number in names):
        return {}
    return {int(number): str(name) for number, name in names.items()}


def map_classes(
    names: Mapping[int, str], count: int | None, configured: Mapping[str, str] | None
) -> dict[int, Label]:
    """The label of each class number; classes without a label are ignored.

    ``configured`` maps class names or numbers to labels and, if given, replaces the defaults. Raises ConfigError
    for a label or a class that does not exist.
    """
    if configured:
        return dict(_configured(names, count, class_name, label) for class_name, label in configured.items())
    if names:
        known = {number: USUAL_NAMES.get(_plain(name)) for number, name in names.items()}
        return {number: label for number, label in known.items() if label is not None}
    return dict(COCO_LABELS) if count == COCO_CLASSES else {}


def _configured(
    names: Mapping[int, str], count: int | None, class_name: str, label: str
) -> tuple[int, Label]:
    """One configured pair, as class number and label."""
    found = next((known for known in LABELS if known == label), None)
    if found is None:
        raise ConfigError(f"class {class_name!r}: label {label!r} is not one of {', '.join(LABELS)}")
    numbers = [number for number, name in names.items() if _plain(name) == _plain(class_name)]
    if numbers:
        return numbers[0], found
    if class_name.isdigit() and (count is None or int(class_name) < count):
        return int(class_name), found
    known_names = ", ".join(names.values()) or f"the numbers 0 to {(count or 1) - 1}"
    raise ConfigError(f"the model has no class {class_name!r}; it has {known_names}")


def _plain(name: str) -> str:
    """A name normalised for comparison."""
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())
