"""MatchRecord: writes the match folder of a run while it goes on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pipeline.analysis.detector import DetectionSet
from pipeline.errors import OutputError, RigError
from pipeline.gst.capture.analysis_pipeline import AnalysisPipeline
from pipeline.gst.capture.stream_info import StreamInfo
from pipeline.gst.core.shutdown import all_within
from pipeline.gst.output.stream_file import StreamFile
from pipeline.gst.runtime import Gst
from pipeline.match_folder.annotation_lines import Entry, line_of
from pipeline.match_folder.as_source import files_of_match, settings_of_match
from pipeline.media.match_folder import (
    ANNOTATIONS,
    DETECTIONS,
    LEARNED,
    PATH,
    PROPOSALS,
    RIG,
    SETTINGS,
    SOUND,
    TAGS,
    TIMES_HEADER,
    TRACKS,
    CameraRecord,
    Manifest,
    SoundRecord,
    camera_file,
    times_file,
    write_manifest,
)
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.proposals.proposal import Proposal
from pipeline.run.encoding_choice import window_encoding
from pipeline.run.export_file import PATIENCE_S, ExportFile
from pipeline.run.exports import ABORT_S, Exports
from pipeline.settings import ExportSettings, Settings
from pipeline.timebase import Nanoseconds, ns_to_seconds

CLOSE_S = 12.0


class MatchRecord:
    """The match folder of one run. Any thread; `make`, `begin` and `close` block for the disk.

    Each of its files fails alone: that is reported as for an export, and the others and the run go on.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        on_failed: Callable[[OutputError], object],
        shared_ns: Callable[[int], int],
    ) -> None:
        """Nothing is opened yet. `shared_ns`: the delay line's time of a running time of a source."""
        self._settings, self._folder, self._on_failed = settings, folder, on_failed
        self._shared_ns = shared_ns
        self._has_failed = False
        self._manifest: Manifest | None = None
        encoding = window_encoding(settings)
        self._cameras = [
            StreamFile(
                folder / camera_file(number),
                encoding.make_video_encoder,
                self._failed,
                live=settings.is_live,
                shared_ns=shared_ns,
                on_frame=partial(self._frame_came, times_file(number)),
            )
            for number in range(1, len(settings.sources) + 1)
        ]
        self._sound = StreamFile(
            folder / SOUND,
            encoding.make_video_encoder,
            self._failed,
            live=settings.is_live,
            shared_ns=shared_ns,
        )
        self._sound_camera = 0
        self._exports = Exports(
            ExportSettings(
                path_out=folder / PATH,
                detections_out=folder / DETECTIONS,
                learned_out=folder / LEARNED,
                proposals_out=folder / PROPOSALS if settings.proposes else None,
                tracks_out=folder / TRACKS if settings.export.tracks_out is not None else None,
            ),
            self._failed,
            live=settings.is_live,
        )
        self._lines: dict[str, ExportFile[str]] = {}
        self._early: list[tuple[str, str]] | None = []
        """What was entered before the folder was made; None from then on."""

    def make(self, settings: Settings) -> str | None:
        """Make the folder and its manifest, before the sources start; returns a note for the user. Raises
        OutputError.

        `settings`: those of the run; of several cameras it may show one alone.
        """
        self._settings = settings
        self._cameras = self._cameras[: len(settings.sources)]
        try:
            self._folder.mkdir(exist_ok=True)
            names = [spec.name for spec in self._settings.source_specs]
            self._manifest = Manifest(
                tuple(
                    CameraRecord(name=name, file=camera_file(number)) for number, name in enumerate(names, 1)
                ),
                name=f"{self._settings.teams.home} - {self._settings.teams.away}",
                made_by=_made_by(),
                begun_at=_now(),
                delay_s=self._settings.delay_s,
                is_live=self._settings.is_live,
            )
            write_manifest(self._folder, self._manifest)
            for name, path in files_of_match(self._settings).items():
                shutil.copyfile(path, self._folder / name)
            (self._folder / SETTINGS).write_text(settings_of_match(self._settings), encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"{self._folder}: cannot be written ({error.strerror}); name another folder"
            ) from error
        times = [times_file(number) for number in range(1, len(self._cameras) + 1)]
        for name in (TAGS, ANNOTATIONS, *times):
            header = TIMES_HEADER if name in times else ""
            self._lines[name] = ExportFile(
                self._folder / name, header, lambda line: (line,), self._failed, live=self._settings.is_live
            )
        early, self._early = self._early or [], None
        for name, line in early:
            self._write_line(name, line)
        if not settings.privacy.areas:
            return None
        return f"{self._folder} holds the cameras' video as it came, private areas too"

    def on_stream(self, kind: Literal["video", "audio"], source: int, pad: Gst.Pad) -> None:
        """Write the stream that passes a pad of a source. Any thread; does not block."""
        if kind == "audio":
            self._sound_camera = source + 1
        (self._sound if kind == "audio" else self._cameras[source]).follow(pad)

    def begin(self, analysis: AnalysisPipeline, info: StreamInfo, rig: Rig) -> None:
        """Write what is known once the streams are: the rig, and how the cameras stand."""
        try:
            rig.save(self._folder / RIG)
        except (RigError, OSError) as error:
            self._failed(OutputError(f"{self._folder / RIG}: cannot be written ({error})"))
        self._exports.begin(analysis.sources, rig)
        if self._manifest is not None:
            begun_at = _moment(time.time() - _running_s(analysis.pipeline))
            cameras = self._manifest.cameras
            if len(info.orientations) == len(cameras):
                cameras = tuple(
                    replace(camera, orientation=orientation)
                    for camera, orientation in zip(cameras, info.orientations, strict=True)
                )
            self._manifest = replace(self._manifest, begun_at=begun_at, cameras=cameras)
        self._write_manifest()

    def shown(self, captured_ns: int, view: View) -> None:
        """Write the view of a frame that has been shown."""
        self._exports.shown(Nanoseconds(captured_ns), view)

    def detected(self, seen: DetectionSet) -> None:
        """Write a detection set."""
        self._exports.detected(seen)

    def learned(self, line: str) -> None:
        """Write what was learned of the cameras."""
        self._exports.learned(line)

    def proposed(self, proposal: Proposal) -> None:
        """Write a proposal of a tag, or what has become of one."""
        self._exports.proposed(proposal)

    def annotated(self, kind: Any, data: Any, captured_ns: int) -> None:
        """Write a score, a clock or a graphic that holds from a captured time on."""
        self._write_line(ANNOTATIONS, line_of(Entry(captured_ns, kind, data)))

    def tagged(self, line: str) -> None:
        """Write a line of the tags."""
        self._write_line(TAGS, line)

    def close(self, *, at_once: bool, is_complete: bool) -> None:
        """Complete the files, then the manifest; blocks for a bounded time. Idempotent."""
        if self._manifest is None:
            return
        streams = [*self._cameras, self._sound]
        all_within(CLOSE_S, [partial(one.close, at_once=at_once) for one in streams])
        self._exports.close(at_once=at_once)
        for file in self._lines.values():
            file.close(ABORT_S if at_once else PATIENCE_S)
        self._write_manifest(complete=is_complete and not self._has_failed, ended_at=_now())
        self._manifest = None

    def _frame_came(self, name: str, time_ns: int) -> None:
        self._write_line(name, f"{ns_to_seconds(Nanoseconds(time_ns)):.9f}")

    def _write_line(self, name: str, line: str) -> None:
        if self._early is not None:
            self._early.append((name, line))
        elif name in self._lines:
            self._lines[name].add(line)

    def _write_manifest(self, **changes: Any) -> None:
        manifest = self._manifest
        if manifest is None:
            return
        cameras = tuple(
            replace(camera, **asdict(file.record))
            for camera, file in zip(manifest.cameras, self._cameras, strict=True)
        )
        sound = None
        if self._sound_camera:
            sound = SoundRecord(**asdict(self._sound.record), camera=self._sound_camera)
        self._manifest = manifest = replace(manifest, cameras=cameras, sound=sound, **changes)
        if not changes:  # what still grows is not told
            cameras = tuple(replace(camera, end_s=None, pieces=0) for camera in cameras)
            sound = None if sound is None else replace(sound, end_s=None, pieces=0)
            manifest = replace(manifest, cameras=cameras, sound=sound)
        try:
            write_manifest(self._folder, manifest)
        except OSError as error:
            self._failed(OutputError(f"{self._folder}: the manifest cannot be written ({error.strerror})"))

    def _failed(self, error: OutputError) -> None:
        self._has_failed = True
        self._on_failed(error)


def _made_by() -> str:
    try:
        return f"foresight {version('foresight')}"
    except PackageNotFoundError:  # it runs from a checkout
        return "foresight"


def _running_s(element: Gst.Pipeline) -> float:
    """How long ago its running time was 0, for a pipeline that plays."""
    clock, base_ns = element.get_clock(), element.get_base_time()
    return 0.0 if clock is None else max(0, clock.get_time() - base_ns) / 1e9


def _now() -> str:
    return _moment(time.time())


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
