"""A rig by a person's clicks on still images of cameras: the field's lines as fitted, then the file."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CalibrationError, ConfigError, OutputError, StateError
from pipeline.fields import FIELD_NAMES, FieldSize, Markings, PlayingField, load_field
from pipeline.optics.angles import Array
from pipeline.optics.calibration.agreement import NO_AGREEMENT, RidgeMap
from pipeline.optics.calibration.by_points import with_paint
from pipeline.optics.calibration.control_points import (
    FEWEST_POINTS,
    ControlPoints,
    PointsFile,
    control_points,
)
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.gains import with_gains
from pipeline.optics.calibration.points_fit import PointsFit, fit_points
from pipeline.optics.calibration.points_verdict import judge_points
from pipeline.optics.calibration.quality import Report, table
from pipeline.optics.calibration.residuals import place_pixels
from pipeline.optics.calibration.ridges import find_ridges, turf_mask
from pipeline.optics.calibration.solve import Observations
from pipeline.optics.calibration.verdict import Verdict
from pipeline.optics.rig import Blend, Rig
from pipeline.settings import Settings

JPEG_QUALITY = 88
_STEP_M = 0.5
_NO_REPORT = Report((), (), 0, {}, {})
_NOTHING = Observations()

Clicks = dict[str, tuple[float, float]]
"""The pixel of each point, by its name."""

Polyline = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Still:
    """A still image of one camera, by number: its name and its size in pixels."""

    number: int
    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class NamedPoint:
    """A point of the field by name: along and across it from its centre, and above it, in metres."""

    name: str
    u_m: float
    v_m: float
    height_m: float


@dataclass(frozen=True, slots=True)
class FieldShown:
    """The playing field: the fields there are, this one's name and size, its points, its markings in metres."""

    fields: list[str]
    field: str
    length_m: float
    width_m: float
    points: list[NamedPoint]
    lines: list[Polyline]


@dataclass(frozen=True, slots=True)
class CameraFitted:
    """The field's markings in one camera's still, polylines in pixels, and how far its points are off, by name."""

    lines: list[Polyline]
    off_px: dict[str, float]


@dataclass(frozen=True, slots=True)
class RigFitted:
    """The verdict on the clicks, its reasons, and what they give; no lines where they give nothing."""

    verdict: str
    reasons: list[str]
    height_m: float | None
    lens: str | None
    cameras: list[CameraFitted]


@dataclass(frozen=True, slots=True)
class RigSaved:
    """The rig's file, without its folder, and its verdict; ``note`` says from when on it is used."""

    file: str
    verdict: str
    reasons: list[str]
    note: str


@dataclass(frozen=True, slots=True)
class CameraStill:
    """A still image of one camera, as footage of one frame; `frame_offset`: what is known of its clock."""

    footage: Footage
    frame_offset: int = 0


class PointsCameras(Protocol):
    """The cameras that are clicked on, of a run or before one. Any thread."""

    @property
    def settings(self) -> Settings:
        """The settings, for the field and its size."""

    @property
    def rig_path(self) -> Path:
        """Where the rig is saved."""

    def take_stills(self) -> list[CameraStill]:
        """A still image of each, in order. Raises StateError, SourceError."""

    def saved(self, path: Path) -> str:
        """Note that a rig was saved; returns from when on it is used, for people."""


@dataclass
class _Stills:
    """The still images of one moment and the thin lines in each, found once."""

    footage: tuple[Footage, ...]
    frame_offsets: tuple[int, ...]
    lines: dict[int, RidgeMap] = field(default_factory=dict)

    def pictures(self) -> tuple[RidgeMap, ...]:
        for i, part in enumerate(self.footage):
            if i not in self.lines:
                everywhere = np.ones(part.background.shape[:2], bool)
                self.lines[i] = RidgeMap(find_ridges(part, everywhere), part.size_px)
        return tuple(self.lines[i] for i in range(len(self.footage)))


class RigByPoints:
    """The clicks on cameras. Any thread; one fit at a time, `fit` and `save` block for about a second.

    Every method raises StateError when the cameras show nothing, or another fit is still being made.
    """

    def __init__(self, cameras: PointsCameras) -> None:
        self._cameras = cameras
        self._stills: _Stills | None = None
        self._last: Rig | None = None
        self._fitting = threading.Lock()

    def take_stills(self) -> list[Still]:
        """Take a still image of each camera. Raises StateError, SourceError."""
        taken = self._cameras.take_stills()
        parts = tuple(still.footage for still in taken)
        self._stills = _Stills(parts, tuple(still.frame_offset for still in taken))
        self._last = None
        return [Still(i, part.name, *part.size_px) for i, part in enumerate(parts)]

    def jpeg(self, number: int) -> bytes | None:
        """A still image; None if there is none of this number."""
        stills = self._stills
        if stills is None or not 0 <= number < len(stills.footage):
            return None
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        return cv2.imencode(".jpg", stills.footage[number].background, quality)[1].tobytes()

    def show_field(self, name: str | None, size: FieldSize | None) -> FieldShown:
        """A field by name and size; None: those of the settings. Raises ConfigError."""
        settings = self._cameras.settings
        kind = self._field(name)
        if size is None and kind.name == self._field(None).name:
            size = settings.field_size
        extent = kind.usual or FieldSize(40.0, 20.0) if size is None else size
        markings = kind.markings(*kind.sized(extent))
        return FieldShown(
            [*FIELD_NAMES, *([settings.field] if settings.field not in FIELD_NAMES else [])],
            settings.field if name is None else name,
            *extent,
            [NamedPoint(point.name, *point.at, point.height_m) for point in markings.points],
            [_rounded(line, 3) for line in markings.outlines(_STEP_M).values()],
        )

    def fit(self, name: str, size: FieldSize, clicks: Sequence[Clicks], *, quick: bool) -> RigFitted:
        """Fit the cameras that have enough clicks. `quick`: from where the last fit ended, without the paint.

        Clicks that give no rig are refused in the answer. Raises ConfigError for an unknown field or point, or a
        pixel outside the still image.
        """
        with _Held(self._fitting):
            points, stills = self._points(name, size, clicks)
            chosen = [i for i, camera in enumerate(points.cameras) if len(camera) >= FEWEST_POINTS]
            some = replace(points, cameras=tuple(points.cameras[i] for i in chosen))
            none = [CameraFitted([], {}) for _ in points.cameras]
            try:
                fit, verdict = self._judged(some, stills, chosen, quick=quick)
            except CalibrationError as error:
                return RigFitted("refused", [str(error)], None, None, none)
            missing = [camera for i, camera in enumerate(points.cameras) if i not in chosen]
            if missing:
                said = [
                    f"{camera.name} has {len(camera)} points; {FEWEST_POINTS} are needed"
                    for camera in missing
                ]
                verdict = Verdict("refused", (*said, *verdict.reasons))
            cameras = none
            offs = iter(fit.off_px)
            for place, i in enumerate(chosen):
                off = {name: round(float(next(offs)), 1) for name in points.cameras[i].names}
                cameras[i] = CameraFitted(_lines(fit.rig, place, points.markings), off)
            lens = fit.rig.cameras[0].lens.model
            height_m = round(fit.rig.surface.height_m, 2)
            return RigFitted(verdict.grade, list(verdict.reasons), height_m, lens, cameras)

    def save(self, name: str, size: FieldSize, clicks: Sequence[Clicks]) -> RigSaved:
        """Fit all cameras and write the rig; the file before it is kept as NAME.old.

        Raises CalibrationError if the rig is refused, OutputError if it cannot be written.
        """
        with _Held(self._fitting):
            points, stills = self._points(name, size, clicks)
            for camera in points.cameras:
                if len(camera) < FEWEST_POINTS:
                    raise CalibrationError(
                        f"{camera.name} has {len(camera)} points; {FEWEST_POINTS} are needed"
                    )
            fit, verdict = self._judged(points, stills, range(len(points.cameras)), quick=False)
            if verdict.grade == "refused":
                raise CalibrationError(verdict.reasons[0])
            rig = with_gains(fit.rig, stills.footage, [turf_mask(part.background) for part in stills.footage])
            cameras = tuple(
                replace(camera, frame_offset=offset)
                for camera, offset in zip(rig.cameras, stills.frame_offsets, strict=True)
            )
            off = zip(
                (one for camera in points.cameras for one in camera.names), fit.held_out_px, strict=True
            )
            report = replace(_NO_REPORT, points_px=tuple((one, float(px)) for one, px in off))
            quality = table(report, True, "control points", verdict.grade, verdict.reasons)
            rig = replace(rig, cameras=cameras, blend=Blend(rig.seams_deg), quality=quality)
            path = self._cameras.rig_path
            _write(rig, path)
            note = self._cameras.saved(path)
            return RigSaved(path.name, verdict.grade, list(verdict.reasons), note)

    def _field(self, name: str | None) -> PlayingField:
        """A field of the package, or the one of the settings: a client cannot name another file."""
        wanted = self._cameras.settings.field if name is None else name
        if wanted not in (*FIELD_NAMES, self._cameras.settings.field):
            raise ConfigError(f"there is no field {wanted!r}; give {', '.join(FIELD_NAMES)}")
        return load_field(wanted)

    def _points(self, name: str, size: FieldSize, clicks: Sequence[Clicks]) -> tuple[ControlPoints, _Stills]:
        stills = self._stills
        if stills is None:
            raise StateError("there are no still images; take them first")
        if len(clicks) > len(stills.footage):
            raise ConfigError(f"the clicks are on {len(clicks)} cameras, and there are {len(stills.footage)}")
        self._field(name)
        names, sizes_px = [part.name for part in stills.footage], [part.size_px for part in stills.footage]
        file = PointsFile(name, size, tuple((names[i], None, own) for i, own in enumerate(clicks)))
        return control_points(file, names, sizes_px, name, size), stills

    def _judged(
        self, points: ControlPoints, stills: _Stills, chosen: Sequence[int], *, quick: bool
    ) -> tuple[PointsFit, Verdict]:
        names = [camera.name for camera in points.cameras]
        last = self._last
        known = last is not None and [camera.name for camera in last.cameras] == names
        starts = (last,) if quick and known and last is not None else ()
        fit, seen = fit_points(points, starts=starts), NO_AGREEMENT
        if not quick:
            every = stills.pictures()
            fit, seen = with_paint(points, fit, _NOTHING, [every[i] for i in chosen])
        self._last = fit.rig
        return fit, judge_points(points, fit, _NO_REPORT, seen)


class _Held:
    """A lock that is held, or refused at once with StateError."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise StateError("another fit is still being made; send this one again when it is done")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _lines(rig: Rig, camera: int, markings: Markings) -> list[Polyline]:
    """The markings in a camera's picture, cut where they leave it."""
    width, height = rig.cameras[camera].size_px
    found: list[Polyline] = []
    for outline in markings.outlines(_STEP_M).values():
        pixels = place_pixels(rig, camera, np.column_stack([outline, np.zeros(len(outline))]))
        margin = 0.05 * np.array([width, height])
        with np.errstate(invalid="ignore"):
            inside = (pixels > -margin) & (pixels < np.array([width, height]) + margin)
        shown: NDArray[np.bool_] = np.all(inside, axis=1)
        steps = np.nan_to_num(np.linalg.norm(np.diff(pixels, axis=0), axis=1), nan=1e9)
        breaks = np.flatnonzero((shown[1:] != shown[:-1]) | (steps > 0.2 * width)) + 1
        for run in np.split(np.arange(len(pixels)), breaks):
            if len(run) > 1 and shown[run].all():
                found.append(_rounded(pixels[run], 1))
    return found


def _rounded(points: Array, digits: int) -> Polyline:
    return [(round(float(x), digits), round(float(y), digits)) for x, y in points]


def _write(rig: Rig, path: Path) -> None:
    """Write a rig in one step; a file of that name is kept as NAME.old."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        rig.save(fresh)
        if path.exists():
            path.replace(path.with_name(f"{path.name}.old"))
        fresh.replace(path)
    except (OSError, ConfigError) as error:
        raise OutputError(f"cannot write the rig {path}: {error}") from error
