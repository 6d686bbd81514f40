"""Recorded ball and players, read for the director: a track CSV of angles, or a run's detections or tracks."""

from __future__ import annotations

import csv
import math
import reprlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pipeline.analysis.detector import Detection, DetectionSet, Label
from pipeline.analysis.jsonl import read_detections
from pipeline.errors import ConfigError, SourceError
from pipeline.media.track_rows import BALL_RADIUS_M
from pipeline.optics.angles import LARGEST_ANGLE_DEG
from pipeline.optics.rig_parts import Pitch
from pipeline.timebase import LARGEST_TIME_S, Nanoseconds, ns_to_seconds, seconds_to_ns
from pipeline.tracking.ground import Geometry
from pipeline.tracking.people.places import FieldAxes

COLUMNS = ("time_s", "yaw_deg", "pitch_deg", "confidence", "label")
LABELS = ("ball", "player")
FIELD_COLUMNS = ("time_s", "label", "x_m", "y_m", "z_m", "confidence")
FIELD_LABELS: dict[str, Label] = {
    "ball": "ball",
    "player": "player",
    "goalkeeper": "player",
    "referee": "main_referee",
}
LARGEST_PLACE_M = 1e4
ASSUMED_PITCH = Pitch(105.0, 68.0, (0.0, 34.0 + 14.0))
"""Where a field lies for cameras without a rig: 14 m in front of them, as in the built-in match."""


class RecordedTrack:
    """The timeline of a recorded track, known from start to end. Immutable; any thread."""

    def __init__(self, sets: Iterable[DetectionSet]) -> None:
        """The sets in any order."""
        self.sets = tuple(sorted(sets, key=lambda one: one.time_ns))
        self._times = [one.time_ns for one in self.sets]

    @property
    def known_until_ns(self) -> Nanoseconds:
        """The end of time: everything is known."""
        return Nanoseconds(1 << 62)

    def between(self, t0_ns: int, t1_ns: int) -> tuple[DetectionSet, ...]:
        """The detection sets in [t0_ns, t1_ns], both ends included, in time order."""
        return self.sets[bisect_left(self._times, t0_ns) : bisect_right(self._times, t1_ns)]

    def wait_known(self, time_ns: int, timeout_s: float | None = None) -> bool:
        """Return True without waiting."""
        del time_ns, timeout_s
        return True


def read_recorded(path: Path, geometry: Geometry, pitch: Pitch | None) -> RecordedTrack:
    """Read a track CSV, or what a run wrote with --detections-out, --tracks-out or --truth-tracks-out, by its first
    line.

    Places on the field become angles by `geometry`, which sees `pitch`. Any thread; blocks on the disk. Raises as
    `read_track`, and ConfigError for places on the field without a pitch.
    """
    text = _text(path)
    begin = text.lstrip()[:1000]
    if begin.startswith("{"):
        sets = read_detections(path)
        if not sets:
            raise ConfigError(f"{path}: there are no detections; a track needs at least one")
        return RecordedTrack(sets)
    if {"track_id", "x_m"} <= {name.strip() for name in begin.partition("\n")[0].split(",")}:
        if pitch is None:
            raise ConfigError(
                f"{path}: places on the field, but the rig has no [pitch]; add it to the rig file"
            )
        return RecordedTrack(_sets(path, _on_the_field(path, text, geometry, FieldAxes(pitch))))
    return _angles(path, text)


def read_track(path: Path) -> RecordedTrack:
    """Read a track CSV: header ``time_s,yaw_deg,pitch_deg,confidence,label``, rows in time order.

    Columns may be in any order, further ones are ignored; a byte-order mark and either line ending are accepted.
    Rows with the same time form one set. Any thread; blocks on the disk. Raises SourceError if the file cannot be
    read; ConfigError if it is not text; ConfigError naming file and line for a missing column, a value that is
    not a finite number or out of range, an unknown label, a time before the last one, and a file without rows.
    """
    return _angles(path, _text(path))


def _angles(path: Path, text: str) -> RecordedTrack:
    rows = (
        (where, time_s, _detection(yaw, tilt, confidence, label, where))
        for where, (time_s, yaw, tilt, confidence, label) in _table(path, text, COLUMNS)
    )
    return RecordedTrack(_sets(path, rows))


def _on_the_field(
    path: Path, text: str, geometry: Geometry, axes: FieldAxes
) -> Iterator[tuple[str, str, Detection]]:
    """The rows of a tracks CSV as the cameras see them: feet, and the middle of the ball."""
    rows = []
    for where, (time_s, label, x, y, z, confidence) in _table(path, text, FIELD_COLUMNS):
        if label not in FIELD_LABELS:
            raise ConfigError(f"{where}: label is {reprlib.repr(label)}; allowed: {', '.join(FIELD_LABELS)}")
        cells = zip(("x_m", "y_m", "z_m"), (x, y, z), strict=True)
        place_m = [_number(cell, name, where, LARGEST_PLACE_M) for name, cell in cells]
        rows.append((where, time_s, FIELD_LABELS[label], _confidence(confidence, where), place_m))
    places = np.array([place_m for *_, place_m in rows], np.float64).reshape(-1, 3)
    above_m = np.where([label == "ball" for _, _, label, *_ in rows], places[:, 2] + BALL_RADIUS_M, 0.0)
    yaw_deg, tilt_deg = geometry.metres_to_angles(*axes.to_world(places[:, :2]), above_m)
    for row, yaw, tilt in zip(rows, yaw_deg.tolist(), tilt_deg.tolist(), strict=True):
        where, time_s, seen_as, score, _ = row
        yield where, time_s, Detection(seen_as, score, yaw, tilt, 0.0, 0.0)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; name a track CSV file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text file ({error}); give a UTF-8 track CSV") from error
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error


def _table(path: Path, text: str, columns: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The file and line of each row, and its cells in the order of `columns`. Raises ConfigError."""
    rows = _rows(path, text)
    _, first = next(rows, (1, []))
    header = [name.strip() for name in first]
    missing = [name for name in columns if name not in header]
    if missing:
        raise ConfigError(f"{path}:1: no column {', '.join(missing)}; the header must be {','.join(columns)}")
    place = [header.index(name) for name in columns]
    for number, row in rows:
        where = f"{path}:{number}"
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < len(header):
            raise ConfigError(f"{where}: {len(row)} values, but the header has {len(header)} columns")
        yield where, [row[i].strip() for i in place]


def _sets(path: Path, rows: Iterable[tuple[str, str, Detection]]) -> list[DetectionSet]:
    """The detections of each time; `rows` are file and line, time and detection. Raises ConfigError."""
    by_time: dict[int, list[Detection]] = {}
    last_ns: int | None = None
    for where, time_text, found in rows:
        time_ns = seconds_to_ns(_number(time_text, "time_s", where, LARGEST_TIME_S))
        if last_ns is not None and time_ns < last_ns:
            raise ConfigError(
                f"{where}: time_s {ns_to_seconds(time_ns):g} is before the row above; rows must be in time order"
            )
        last_ns = time_ns
        by_time.setdefault(time_ns, []).append(found)
    if not by_time:
        raise ConfigError(f"{path}: there are no rows after the header; a track needs at least one")
    return [DetectionSet(Nanoseconds(time_ns), tuple(seen)) for time_ns, seen in by_time.items()]


def _detection(yaw: str, tilt: str, confidence: str, label: str, where: str) -> Detection:
    score = _confidence(confidence, where)
    if label not in LABELS:
        raise ConfigError(f"{where}: label is {reprlib.repr(label)}; allowed: {', '.join(LABELS)}")
    tilt_deg = _number(tilt, "pitch_deg", where)
    if not -90.0 <= tilt_deg <= 90.0:
        raise ConfigError(f"{where}: pitch_deg is {tilt_deg}; allowed: -90 to 90")
    yaw_deg = _number(yaw, "yaw_deg", where, LARGEST_ANGLE_DEG)
    return Detection("ball" if label == "ball" else "player", score, yaw_deg, tilt_deg, 0.0, 0.0)


def _confidence(text: str, where: str) -> float:
    score = _number(text, "confidence", where)
    if not 0.0 <= score <= 1.0:
        raise ConfigError(f"{where}: confidence is {score}; allowed: 0 to 1")
    return score


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV text, each with the number of its line. Raises ConfigError that names the line."""
    rows = csv.reader(text.splitlines())
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise ConfigError(f"{path}:{rows.line_num}: not CSV ({error})") from error


def _number(text: str, name: str, where: str, largest: float = math.inf) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{where}: {name} is {reprlib.repr(text)}; it must be a finite number")
    if abs(number) > largest:
        raise ConfigError(f"{where}: {name} is {reprlib.repr(text)}; allowed: {-largest:g} to {largest:g}")
    return number
