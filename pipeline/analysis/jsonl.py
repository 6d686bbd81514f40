"""Detections as JSON Lines: one frame per line, in seconds and degrees, written and read without loss."""

from __future__ import annotations

import json
import math
import reprlib
from pathlib import Path
from typing import Any, get_args

from pipeline.analysis.admission import BOUNDS, MOST_DETECTIONS
from pipeline.analysis.detector import Detection, DetectionSet, Label
from pipeline.errors import ConfigError
from pipeline.timebase import LARGEST_TIME_S, Nanoseconds, ns_to_seconds, seconds_to_ns

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
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"not JSON ({error})") from error
    if not isinstance(record, dict) or not isinstance(record.get("detections"), list):
        raise ConfigError('expected {"time_s": ..., "detections": [...]}')
    if len(record["detections"]) > MOST_DETECTIONS:
        raise ConfigError(f"{len(record['detections'])} detections in one frame; allowed: {MOST_DETECTIONS}")
    return DetectionSet(
        seconds_to_ns(_number(record, "time_s", -LARGEST_TIME_S, LARGEST_TIME_S)),
        tuple(_detection(found) for found in record["detections"]),
    )


class DetectionLines:
    """The lines of a file that grows with a run; it is sorted at its end if a time went back. One thread."""

    def __init__(self) -> None:
        self._newest_ns: Nanoseconds | None = None
        self._is_sorted = True

    def of(self, seen: DetectionSet) -> tuple[str]:
        """The line of a set, without its newline."""
        if self._newest_ns is not None and seen.time_ns < self._newest_ns:
            self._is_sorted = False
        else:
            self._newest_ns = seen.time_ns
        return (to_line(seen),)

    def complete(self, path: Path) -> None:
        """Bring the closed file into the order of time, if it is not. Blocks on the disk. Raises OSError."""
        if self._is_sorted or not path.is_file():
            return
        real = path.resolve()
        ordered = real.with_name(f".{real.name}.sorted")
        try:
            with real.open("rb") as file, ordered.open("wb") as copy:
                places = []
                for line in iter(file.readline, b""):
                    places.append((json.loads(line)["time_s"], file.tell() - len(line)))
                for _time_s, place in sorted(places):
                    file.seek(place)
                    copy.write(file.readline())
            ordered.replace(real)
        finally:
            ordered.unlink(missing_ok=True)


def read_detections(path: Path) -> list[DetectionSet]:
    """All detection sets of a file in time order. Any thread; blocks on the disk. Raises ConfigError with the
    number of the invalid line.

    The last line may be cut, because the run that wrote it was killed: it is left out then.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read detections from {path}: {error}") from error
    lines = text.splitlines()
    sets = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            sets.append(from_line(line))
        except ConfigError as error:
            if number == len(lines) > 1 and not text.endswith("\n"):
                break
            raise ConfigError(f"{path}, line {number}: {error}") from error
    return sorted(sets, key=lambda seen: seen.time_ns)


def _detection(record: Any) -> Detection:
    """One detection of a line. Raises ConfigError."""
    if not isinstance(record, dict):
        raise ConfigError(f"a detection is an object, not {reprlib.repr(record)}")
    label = record.get("label")
    if label not in LABELS:
        raise ConfigError(f"label {reprlib.repr(label)} is not one of {', '.join(LABELS)}")
    bounds = zip(_NUMBERS, BOUNDS.values(), strict=True)
    return Detection(label, *(_number(record, name, *allowed) for name, allowed in bounds))


def _number(record: dict[str, Any], name: str, lowest: float, highest: float) -> float:
    """A finite number of a record, from lowest to highest. Raises ConfigError."""
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        raise ConfigError(f"{name} must be a finite number, not {reprlib.repr(value)}")
    if not lowest <= value <= highest:
        raise ConfigError(f"{name} is {reprlib.repr(value)}; allowed: {lowest:g} to {highest:g}")
    return float(value)
