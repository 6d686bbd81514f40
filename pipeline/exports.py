"""What a run writes beside the film: the camera's path, what the detectors saw, the match's truth."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from pipeline.errors import OutputError
from pipeline.gst.match_source import MatchSource
from pipeline.gst.source import Source
from pipeline.match.settings import parse_match
from pipeline.match.truth import MatchTruth
from pipeline.optics.view import View
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds

PATH_HEADER = "time_s,yaw_deg,pitch_deg,hfov_deg"


class PathWriter:
    """Writes the camera's path as CSV, a row per output frame, as it is shown.

    `write` belongs to one thread; `close` may come from another, once no more is written.
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError when the file cannot be written."""
        self._lock = threading.Lock()
        try:
            self._file: TextIO | None = path.open("w", encoding="utf-8")
            self._file.write(PATH_HEADER + "\n")
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror})") from error

    def write(self, time_ns: Nanoseconds, view: View) -> None:
        """One frame's view."""
        row = f"{ns_to_seconds(time_ns):.9f},{view.yaw_deg:.9f},{view.pitch_deg:.9f},{view.hfov_deg:.9f}\n"
        with self._lock:
            if self._file is not None:
                self._file.write(row)

    def close(self) -> None:
        """Finish the file. Idempotent."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def write_truth(path: Path, sources: Iterable[Source], until_ns: Nanoseconds | None) -> None:
    """Write the true ball and players of the match among `sources`, frame by frame up to running time `until_ns`.

    Does nothing where there is no match or nothing was shown. Raises OutputError.
    """
    for source in sources:
        if isinstance(source.element, MatchSource) and until_ns is not None:
            settings = parse_match(source.name)
            start_ns = source.element.start_ns or 0
            frames = round((until_ns - start_ns) * settings.fps / NS_PER_S) + 1
            MatchTruth(settings).write(path, frames=frames, start_ns=start_ns)
