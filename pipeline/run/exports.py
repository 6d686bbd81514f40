"""Exports: a run's data files, written as it goes: the camera's path, the detections, the match's ground truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pipeline.analysis.detector import DetectionSet
from pipeline.analysis.jsonl import DetectionLines
from pipeline.errors import OutputError, RigError
from pipeline.gst.capture.source import Source, TruthKind
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.proposals.proposal import Proposal
from pipeline.run.export_file import PATIENCE_S, ExportFile, OnFailed
from pipeline.run.track_export import TrackLines
from pipeline.settings import ExportSettings
from pipeline.timebase import Nanoseconds, ns_to_seconds

PATH_HEADER = "time_s,yaw_deg,pitch_deg,hfov_deg"

ABORT_S = 1.0
"""How long an aborted run waits for each file."""


class Exports:
    """The data files of one run. Any thread; only `begin` and `close` block, and offline what adds.

    Each file fails alone: its error is reported, the others and the run go on.
    """

    def __init__(self, settings: ExportSettings, on_failed: OnFailed, *, live: bool) -> None:
        """Nothing is opened yet. `on_failed(error)` is called from any thread, once for each file that fails."""
        self._settings = settings
        self._on_failed = on_failed
        self._live = live
        self._path: ExportFile[tuple[Nanoseconds, View]] | None = None
        self._detections: ExportFile[DetectionSet] | None = None
        self._tracks: ExportFile[DetectionSet] | None = None
        self._learned: ExportFile[str] | None = None
        self._proposals: ExportFile[Proposal] | None = None
        self._truths: list[ExportFile[Nanoseconds]] = []

    def begin(self, sources: Iterable[Source], rig: Rig) -> None:
        """Open the files that are requested, once the sources are known and the cameras' rig."""
        wanted, lines = self._settings, DetectionLines()
        self._path = self._open(wanted.path_out, PATH_HEADER, _path_row)
        self._detections = self._open(wanted.detections_out, "", lines.of, lines.complete)
        self._learned = self._open(wanted.learned_out, "", lambda line: (line,))
        self._proposals = self._open(wanted.proposals_out, "", _proposal_line)
        self._open_tracks(wanted.tracks_out, rig)
        sources = list(sources)
        self._open_truth(wanted.truth_out, "angles", sources)
        self._open_truth(wanted.truth_tracks_out, "tracks", sources)

    def detected(self, seen: DetectionSet) -> None:
        """Write a detection set."""
        if self._detections is not None:
            self._detections.add(seen)
        if self._tracks is not None:
            self._tracks.add(seen)

    def learned(self, line: str) -> None:
        """Write what was learned of the cameras in a frame."""
        if self._learned is not None:
            self._learned.add(line)

    def proposed(self, proposal: Proposal) -> None:
        """Write a proposal of a tag, or what has become of one."""
        if self._proposals is not None:
            self._proposals.add(proposal)

    def shown(self, time_ns: Nanoseconds, view: View) -> None:
        """Write the view of a frame that has been shown, and the truth up to its running time."""
        if self._path is not None:
            self._path.add((time_ns, view))
        for truth in self._truths:
            truth.add(time_ns)

    def close(self, *, at_once: bool) -> None:
        """Complete the files; blocks for a bounded time, a short one `at_once`. Idempotent."""
        for file in (
            self._path,
            self._detections,
            self._tracks,
            self._learned,
            self._proposals,
            *self._truths,
        ):
            if file is not None:
                file.close(ABORT_S if at_once else PATIENCE_S)

    def _open_tracks(self, path: Path | None, rig: Rig) -> None:
        """Open the file of tracks; without a pitch it fails at once."""
        if path is None:
            return
        try:
            lines = TrackLines(rig, path)
        except RigError as error:
            self._on_failed(OutputError(f"{path}: no tracks are written: {error}"))
            return
        self._tracks = self._open(lines.path, lines.header, lines.of, lines.complete, lines.last_lines)

    def _open_truth(self, path: Path | None, kind: TruthKind, sources: Iterable[Source]) -> None:
        """Open the file of the truth of the last of the `sources` of which somebody knows it."""
        if path is None:
            return
        known = [truth for source in sources if (truth := source.truth(kind)) is not None]
        for truth in known[-1:]:
            file = self._open(path, truth.header, truth.until)
            if file is not None:
                self._truths.append(file)

    def _open(
        self,
        path: Path | None,
        header: str,
        make_lines: Callable[[Any], Iterable[str]],
        complete: Callable[[Path], object] = lambda _path: None,
        last_lines: Callable[[], Iterable[str]] = tuple,
    ) -> ExportFile[Any] | None:
        if path is None:
            return None
        return ExportFile(
            path,
            header,
            make_lines,
            self._on_failed,
            live=self._live,
            last_lines=last_lines,
            complete=complete,
        )


def _proposal_line(proposal: Proposal) -> tuple[str]:
    return (json.dumps(proposal.as_json(), ensure_ascii=False),)


def _path_row(item: tuple[Nanoseconds, View]) -> tuple[str]:
    time_ns, view = item
    return (f"{ns_to_seconds(time_ns):.9f},{view.yaw_deg:.9f},{view.tilt_deg:.9f},{view.hfov_deg:.9f}",)
