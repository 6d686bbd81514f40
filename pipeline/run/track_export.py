"""The export of tracks: lines of a CSV that grows with the run, made final at its end, or another form of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeline.analysis.detector import DetectionSet
from pipeline.media.skillcorner import is_skillcorner, match_path, roll_of, tracking_lines
from pipeline.media.track_rows import HEADER, TrackRow, is_parquet, line_of, row_of
from pipeline.optics.rig import Rig
from pipeline.tracking.people.tracker import FieldTracker


class TrackLines:
    """The lines of a run's tracks. One thread at a time, the export file's.

    Lines leave the tracker when the window after them is known. Who is who stays; which team somebody is in, and
    whether he keeps goal, is known better at the end, and `complete` writes it into all lines.
    """

    header = HEADER

    def __init__(self, rig: Rig, path: Path) -> None:
        """`path`: the file that the user wants. Raises RigError if the rig has no pitch."""
        self._tracker = FieldTracker(rig)
        self._wanted = path
        is_made = is_parquet(path) or is_skillcorner(path)
        self.path = path.with_name(f"{path.name}.csv") if is_made else path
        """The file that grows."""

    def of(self, seen: DetectionSet) -> Iterator[str]:
        """The lines that became final with the detections of a frame."""
        return map(line_of, self._tracker.add(seen))

    def last_lines(self) -> Iterator[str]:
        """The lines that were left."""
        return map(line_of, self._tracker.finish())

    def complete(self, path: Path) -> None:
        """Write the final teams and labels into the closed file, and make the form of it that is wanted.

        Blocks on the disk. Raises OSError. A pipe or a device stays as it is.
        """
        if not path.is_file():
            return
        with replacing(path) as new, path.open(encoding="utf-8") as old:
            new.write(old.readline().encode())
            new.writelines(self._final(line).encode() for line in old)
        if self.path == self._wanted:
            return
        if is_parquet(self._wanted):
            write_parquet(path, self._wanted)
        else:
            write_skillcorner(path, self._wanted, *self._tracker.size_m)
        path.unlink()

    def _final(self, line: str) -> str:
        time_s, number, label, team, rest = line.split(",", 4)
        if label != "ball":
            label, team = self._tracker.final_part(int(number))
        return ",".join((time_s, number, label, team, rest))


def write_parquet(csv_path: Path, path: Path) -> None:
    """Write a tracks CSV as Parquet, some thousand rows at a time. Blocks on the disk. Raises OSError."""
    from pyarrow import csv, parquet

    kinds = {"track_id": "int32", "label": "string", "team": "string"}
    types = {name: kinds.get(name, "float64") for name in HEADER.split(",")}
    options = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    with (
        csv.open_csv(csv_path, convert_options=options) as rows,
        replacing(path) as file,
        parquet.ParquetWriter(file, rows.schema) as writer,
    ):
        for batch in rows:
            writer.write_batch(batch)


def write_skillcorner(csv_path: Path, path: Path, length_m: float, width_m: float) -> None:
    """Write a tracks CSV as SkillCorner's tracking file, and its match file beside it. Blocks on the disk. Raises
    OSError."""
    roll = roll_of(_rows(csv_path))
    with replacing(path) as file:
        lines = tracking_lines(_rows(csv_path), roll, length_m, width_m)
        file.writelines(f"{line}\n".encode() for line in lines)
    with replacing(match_path(path)) as file:
        file.write(json.dumps(roll.match(length_m, width_m), indent=1).encode())


def _rows(path: Path) -> Iterator[TrackRow]:
    """The rows of a tracks CSV."""
    with path.open(encoding="utf-8") as file:
        next(file)
        yield from map(row_of, file)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its place once it is written whole."""
    real = path.resolve()
    fresh = real.with_name(f".{real.name}.new")
    try:
        with fresh.open("wb") as file:
            yield file
        fresh.replace(real)
    finally:
        fresh.unlink(missing_ok=True)
