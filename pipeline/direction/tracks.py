"""Track CSV files: ball and players as angles over time, read into a timeline for the director."""

from __future__ import annotations

import csv
import math
import reprlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.errors import ConfigError, SourceError
from pipeline.optics.angles import LARGEST_ANGLE_DEG
from pipeline.timebase import LARGEST_TIME_S, Nanoseconds, ns_to_seconds, seconds_to_ns

COLUMNS = ("time_s", "yaw_deg", "pitch_deg", "confidence", "label")
LABELS = ("ball", "player")


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


def read_track(path: Path) -> RecordedTrack:
    """Read a track CSV: header ``time_s,yaw_deg,pitch_deg,confidence,label``, rows in time order.

    Columns may be in any order, further ones are ignored; a byte-order mark and either line ending are accepted.
    Rows with the same time form one set. Any thread; blocks on the disk. Raises SourceError if the file cannot be
    read; ConfigError if it is not text; ConfigError naming file and line for a missing column, a value that is
    not a finite number or out of range, an unknown label, a time before the last one, and a file without rows.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; name a track CSV file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text file ({error}); give a UTF-8 track CSV") from error
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    rows = _rows(path, text)
    _, first = next(rows, (1, []))
    header = [name.strip() for name in first]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise ConfigError(f"{path}:1: no column {', '.join(missing)}; the header must be {','.join(COLUMNS)}")
    place = [header.index(name) for name in COLUMNS]
    by_time: dict[int, list[Detection]] = {}
    last_ns: int | None = None
    for number, row in rows:
        where = f"{path}:{number}"
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < len(header):
            raise ConfigError(f"{where}: {len(row)} values, but the header has {len(header)} columns")
        time_text, yaw, tilt, confidence, label = (row[i].strip() for i in place)
        time_ns = seconds_to_ns(_number(time_text, "time_s", where, LARGEST_TIME_S))
        if last_ns is not None and time_ns < last_ns:
            raise ConfigError(
                f"{where}: time_s {ns_to_seconds(time_ns):g} is before the row above; rows must be in time order"
            )
        last_ns = time_ns
        by_time.setdefault(time_ns, []).append(_detection(yaw, tilt, confidence, label, where))
    if not by_time:
        raise ConfigError(f"{path}: there are no rows after the header; a track needs at least one")
    return RecordedTrack(DetectionSet(Nanoseconds(time_ns), tuple(seen)) for time_ns, seen in by_time.items())


def _detection(yaw: str, tilt: str, confidence: str, label: str, where: str) -> Detection:
    score = _number(confidence, "confidence", where)
    if not 0.0 <= score <= 1.0:
        raise ConfigError(f"{where}: confidence is {score}; allowed: 0 to 1")
    if label not in LABELS:
        raise ConfigError(f"{where}: label is {reprlib.repr(label)}; allowed: {', '.join(LABELS)}")
    tilt_deg = _number(tilt, "pitch_deg", where)
    if not -90.0 <= tilt_deg <= 90.0:
        raise ConfigError(f"{where}: pitch_deg is {tilt_deg}; allowed: -90 to 90")
    yaw_deg = _number(yaw, "yaw_deg", where, LARGEST_ANGLE_DEG)
    return Detection("ball" if label == "ball" else "player", score, yaw_deg, tilt_deg, 0.0, 0.0)


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
