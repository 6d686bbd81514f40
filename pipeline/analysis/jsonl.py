"""Detections as JSON Lines: one frame per line, in seconds and degrees, written and read without loss."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from pipeline.analysis.detector import Detection, DetectionSet, Label
from pipeline.errors import ConfigError, OutputError
from pipeline.timebase import ns_to_seconds, seconds_to_ns

LABELS: tuple[Label, ...] = get_args(Label)

_NUMBERS = ("score", "yaw_deg", "pitch_deg", "width_deg", "height_deg")
"""The file's keys in the order of Detection's fields; ``pitch_deg`` is the tilt."""


def to_line(seen: DetectionSet) -> str:
    """One line without its newline: ``{"time_s": ..., "detections": [{"label": ..., "score": ..., ...}]}``."""
    detections = [
        {"label": found.label} | dict(zip(_NUMBERS, map(float, _numbers(found)), strict=True))
        for found in seen.detections
    ]
    return json.dumps({"time_s": ns_to_seconds(seen.time_ns), "detections": detections})


def _numbers(found: Detection) -> tuple[float, ...]:
    return found.score, found.yaw_deg, found.tilt_deg, found.width_deg, found.height_deg


def from_line(line: str) -> DetectionSet:
    """The detection set of a line. Raises ConfigError that names what is wrong with the line."""
    try:
        record = json.loads(line)
    except ValueError as error:
        raise ConfigError(f"not JSON ({error})") from error
    if not isinstance(record, dict) or not isinstance(record.get("detections"), list):
        raise ConfigError('expected {"time_s": ..., "detections": [...]}')
    return DetectionSet(
        seconds_to_ns(_number(record, "time_s")),
        tuple(_detection(found) for found in record["detections"]),
    )


def write_detections(path: Path, sets: Iterable[DetectionSet]) -> None:
    """Write detection sets to `path`. Any thread; blocks on the disk. Raises OutputError if that fails."""
    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{to_line(seen)}\n" for seen in sets)
    except OSError as error:
        raise OutputError(f"cannot write detections to {path}: {error.strerror or error}") from error


def read_detections(path: Path) -> list[DetectionSet]:
    """All detection sets of a file in time order. Any thread; blocks on the disk. Raises ConfigError with the
    number of the invalid line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read detections from {path}: {error}") from error
    sets = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            sets.append(from_line(line))
        except ConfigError as error:
            raise ConfigError(f"{path}, line {number}: {error}") from error
    return sorted(sets, key=lambda seen: seen.time_ns)


def _detection(record: Any) -> Detection:
    """One detection of a line. Raises ConfigError."""
    if not isinstance(record, dict):
        raise ConfigError(f"a detection is an object, not {record!r}")
    label = record.get("label")
    if label not in LABELS:
        raise ConfigError(f"label {label!r} is not one of {', '.join(LABELS)}")
    return Detection(label, *(_number(record, name) for name in _NUMBERS))


def _number(record: dict[str, Any], name: str) -> float:
    """A finite number of a record. Raises ConfigError."""
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        raise ConfigError(f"{name} must be a finite number, not {value!r}")
    return float(value)
