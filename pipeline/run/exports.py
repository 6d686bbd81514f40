"""Writes a run's data files: the camera's path, the detections, the match's ground truth."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TextIO

from pipeline.analysis.jsonl import write_detections
from pipeline.analysis.timeline import Timeline
from pipeline.errors import OutputError
from pipeline.gst.capture.analysis_pipeline import AnalysisPipeline
from pipeline.gst.capture.match_source import MatchSource
from pipeline.gst.capture.source import Source
from pipeline.match.truth import MatchTruth
from pipeline.optics.view import View
from pipeline.settings import ExportSettings
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds

PATH_HEADER = "time_s,yaw_deg,pitch_deg,hfov_deg"


class PathWriter:
    """Writes the camera's path as CSV, a row per output frame.

    One thread calls `write`; another may call `close` after the last row. A full disk ends the file, not the run.
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError when the file cannot be written."""
        self._lock = threading.Lock()
        self._path = path
        self._trouble: OutputError | None = None
        try:
            self._file: TextIO | None = path.open("w", encoding="utf-8")
            self._file.write(PATH_HEADER + "\n")
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror})") from error

    def write(self, time_ns: Nanoseconds, view: View) -> None:
        """Write one frame's view. Never raises; `close` returns the error."""
        row = f"{ns_to_seconds(time_ns):.9f},{view.yaw_deg:.9f},{view.tilt_deg:.9f},{view.hfov_deg:.9f}\n"
        with self._lock:
            if self._file is not None:
                try:
                    self._file.write(row)
                except OSError as error:
                    self._give_up(error)

    def close(self) -> OutputError | None:
        """Close the file; returns the error if it is incomplete, otherwise None. Idempotent."""
        with self._lock:
            if self._file is not None:
                try:
                    self._file.close()
                    self._file = None
                except OSError as error:
                    self._give_up(error)
            return self._trouble

    def _give_up(self, error: OSError) -> None:
        self._trouble = OutputError(f"{self._path}: cannot be written any further ({error.strerror})")
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # its buffer cannot be written either
                file.close()


class Shown:
    """Counts the frames that a run shows, and writes the camera's path if requested.

    One thread calls `note`; any thread may call the rest.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first_ns: Nanoseconds | None = None
        self.last_ns: Nanoseconds | None = None
        self._path_writer: PathWriter | None = None

    def write_path(self, path: Path) -> None:
        """Write the views to a CSV file from now on. Raises OutputError."""
        self._path_writer = PathWriter(path)

    def note(self, time_ns: Nanoseconds, view: View) -> None:
        """Note that a frame has been shown. `time_ns`: its running time."""
        self.count += 1
        if self.first_ns is None:
            self.first_ns = time_ns
        self.last_ns = time_ns
        if self._path_writer is not None:
            self._path_writer.write(time_ns, view)

    def duration_s(self, framerate: float) -> float:
        """Seconds from the start of the first frame to the end of the last; to its start if `framerate` is 0."""
        if self.first_ns is None or self.last_ns is None:
            return 0.0
        return ns_to_seconds(Nanoseconds(self.last_ns - self.first_ns)) + (
            1 / framerate if framerate else 0.0
        )

    def close(self) -> OutputError | None:
        """Close the path's file; returns the error if it is incomplete, otherwise None. Idempotent."""
        return None if self._path_writer is None else self._path_writer.close()


def write_exports(
    export: ExportSettings, timeline: Timeline, analysis: AnalysisPipeline | None, shown: Shown
) -> Iterator[OutputError]:
    """Complete the path, write the detections and the ground truth; yields the error of each that failed.

    Each is written, whatever became of the others. Blocks on the disk.
    """
    writers: list[Callable[[], OutputError | None]] = [shown.close]
    if export.detections_out is not None:
        writers.append(partial(write_detections, export.detections_out, timeline.all()))
    if export.truth_out is not None and analysis is not None:
        writers.append(partial(_write_truth, export.truth_out, analysis.sources, shown.last_ns))
    for write in writers:
        try:
            error = write()
        except OutputError as raised:
            error = raised
        if error is not None:
            yield error


def _write_truth(path: Path, sources: Iterable[Source], until_ns: Nanoseconds | None) -> None:
    """Write the ground truth of the match among `sources`, frame by frame up to running time `until_ns`.

    Does nothing if there is no match or nothing was shown. Raises OutputError.
    """
    for source in sources:
        if isinstance(source.element, MatchSource) and until_ns is not None:
            settings = source.element.settings
            start_ns = source.element.start_ns or 0
            frames = round((until_ns - start_ns) * settings.fps / NS_PER_S) + 1
            MatchTruth(settings).write(path, frames=frames, start_ns=start_ns)
