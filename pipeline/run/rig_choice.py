"""Chooses a run's rig (given, the match's own, calibrated or assumed) and its detector."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.analysis.detector import Detector
from pipeline.analysis.factory import make_detector
from pipeline.analysis.field import Field
from pipeline.analysis.motion import LooksLearner
from pipeline.analysis.sway_history import PoseSource
from pipeline.errors import CalibrationError, RigError, SourceError
from pipeline.gst.capture.footage import calibrate_sources, read_footage
from pipeline.gst.capture.same_view import refuse_same_view
from pipeline.match.match import match_rig
from pipeline.match.settings import parse_match
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.calibration.check import fitting_order, misfit, wrong_size
from pipeline.optics.calibration.ridges import turf_mask
from pipeline.optics.outline import Outline
from pipeline.optics.rig import Rig
from pipeline.settings import Settings

logger = logging.getLogger("foresight")

CHECK_S = 1.0
"""So much of each source is read to check a kept rig."""
PANORAMA_ASPECT = 1.9
"""A picture at least so wide for its height is a panorama, of which stitchers leave black."""


class KnownRig(NamedTuple):
    """The rig that is known before the first frame, None for a camera of which nothing is known.

    ``settings``: the run's, with one camera alone where no rig fits all of them. ``note``: for the user.
    """

    settings: Settings
    rig: Rig | None
    note: str | None = None


def known_rig(settings: Settings) -> KnownRig:
    """The rig that is known before the first frame; none for one plain source, unless it is a file with a
    black border.

    A rig that an earlier run or the dashboard kept is checked against the footage before it is used. Several
    sources without a rig that fits are calibrated, which blocks for up to a minute; the rig is saved for the next
    run. If that is not possible, the view of one camera is left. A rig of the settings that does not fit files is
    told in the note. Raises RigError if it is unusable, or not that of these sources, and SourceError for two
    cameras that are one, or that cannot be read.
    """
    sources = settings.source_specs
    refuse_same_view(sources, has_rig=settings.rig is not None)
    if settings.rig is not None:
        rig = Rig.load(settings.rig)
        cameras = len(rig.cameras)
        if cameras != len(sources):
            raise RigError(
                f"{settings.rig} has {cameras} cameras but {len(sources)} sources were given; "
                "give one for each camera"
            )
        known, note = _scaled(rig)
        notes = [one for one in (_warning(settings.rig, known, sources), note) if one is not None]
        return KnownRig(settings, known, "; ".join(notes) or None)
    if len(sources) == 1 and sources[0].kind == "match":
        return KnownRig(settings, match_rig(parse_match(sources[0].text)))
    kept = kept_rig_path(settings)
    fault = None
    if kept.exists():
        found = _fitting(kept, sources)
        if isinstance(found, Rig):
            rig, note = _scaled(found)
            used = f"using the rig {kept} of an earlier calibration; delete it to calibrate again"
            return KnownRig(settings, rig, used if note is None else f"{used}; {note}")
        fault = f"the rig {kept} does not fit the footage: {found}"
    if len(sources) == 1:
        assumed, note = _rig_within_black(sources[0])
        return KnownRig(settings, assumed, "; ".join(said for said in (fault, note) if said) or None)
    return _calibrated(settings, kept, fault)


def _warning(path: Path, rig: Rig, sources: Sequence[SourceSpec]) -> str | None:
    """What of a rig that the user gave does not fit a second of the footage; None if all does, or for live sources.

    Raises RigError if it cannot be the rig of these sources, as they were given. What cannot be read is left to the
    run, which says why.
    """
    if any(source.kind not in ("file", "chapters") for source in sources):
        return None
    try:
        footage = read_footage(sources, CHECK_S)
    except SourceError:
        return None
    said = misfit(rig, footage)
    if said is None:
        return None
    if wrong_size(rig, footage) is not None:
        raise RigError(f"{path} is not the rig of these sources: {said}; calibrate again")
    order = fitting_order(rig, footage)
    if order is not None:
        raise RigError(
            f"{path} has its cameras in another order; give the sources as "
            f"{' '.join(sources[i].name for i in order)}"
        )
    return f"the rig {path} does not fit the footage: {said}; it is used all the same, calibrate again"


def _calibrated(settings: Settings, kept: Path, fault: str | None) -> KnownRig:
    """The rig of several sources from their footage, saved for the next run; else the view of one of them.

    ``fault``: why a kept rig is not used, None without one.
    """
    sources = settings.source_specs
    why = "several sources but no rig" if fault is None else fault
    logger.warning("%s: calibrating from the footage, which takes up to a minute", why)
    try:
        calibration = calibrate_sources(sources, lambda stage: logger.info("calibrating: %s", stage))
    except CalibrationError as error:
        return _one_camera(settings, f"{why}; calibrating: {error}")
    said = f"calibrated from the footage; the rig is saved as {kept} for the next run"
    try:
        calibration.rig.save(kept)
    except RigError as error:
        said = f"calibrated from the footage; {error}"
    before = [] if fault is None else [fault]
    note = "; ".join([*before, said, *calibration.notes, *calibration.verdict.reasons])
    return KnownRig(settings, calibration.rig, note)


def _one_camera(settings: Settings, why: str) -> KnownRig:
    """The run with the camera alone that shows most of the turf; the others, and their sound, are left out."""
    sources = settings.source_specs
    try:
        turf = [float(turf_mask(part.background).mean()) for part in read_footage(sources, CHECK_S)]
    except SourceError:  # the run says so if it is that of the camera that is shown
        turf = [0.0] * len(sources)
    i = max(range(len(sources)), key=lambda i: turf[i])
    alone = settings.model_copy(update={"sources": settings.sources[i : i + 1], "live": settings.is_live})
    note = (
        f"{why}; showing {sources[i].name} alone, without the other cameras: calibrate them (foresight calibrate, "
        "with --points if need be) and give --rig"
    )
    logger.warning("%s", note)
    rig = match_rig(parse_match(sources[i].text)) if sources[i].kind == "match" else None
    return KnownRig(alone, rig, note)


def _rig_within_black(source: SourceSpec) -> tuple[Rig | None, str | None]:
    """An assumed rig for a file with a black border, and a note; None for every other source.

    Reads a second of it; what cannot be read is left to the run, which says why.
    """
    if source.kind != "file":
        return None, None
    try:
        footage = read_footage([source], CHECK_S)[0]
    except SourceError:
        return None, None
    if not _is_panorama(footage.outline_px):
        return None, None
    rig, note = assumed_rig(*footage.size_px, footage.outline_px)
    return rig, f"the black border of {source.name} is left out; {note}"


def _is_panorama(outline_px: Outline) -> bool:
    """Whether a border surrounds a panorama. What is black in a picture of usual shape may well belong to it."""
    if not outline_px:
        return False
    (left, top), (right, bottom) = np.min(outline_px, axis=0), np.max(outline_px, axis=0)
    return bool(right - left >= PANORAMA_ASPECT * (bottom - top))


def _scaled(rig: Rig) -> tuple[Rig, str | None]:
    """The rig, and a note if its calibration knew no scale."""
    if rig.quality.get("scale") != "guess":
        return rig, None
    return (
        rig,
        f"the rig has no scale: a height of {rig.surface.height_m:g} m is a guess, and so are all metres",
    )


def _fitting(kept: Path, sources: Sequence[SourceSpec]) -> Rig | str:
    """A kept rig, or why it is not to be trusted with these sources. Reads a second of each source."""
    try:
        rig = Rig.load(kept)
    except RigError as error:
        return str(error)
    if len(rig.cameras) != len(sources):
        return f"it has {len(rig.cameras)} cameras, and there are {len(sources)} sources"
    fault = misfit(rig, read_footage(sources, CHECK_S))
    return rig if fault is None else fault


def kept_rig_path(settings: Settings) -> Path:
    """The path of a calibrated rig: beside the first output, otherwise in the working folder."""
    files = settings.file_specs
    return files[0].path.with_suffix(".rig.toml") if files else Path("foresight.rig.toml")


def rig_for_frames(settings: Settings, rig: Rig | None, size_px: tuple[int, int]) -> tuple[Rig, str | None]:
    """`rig`, or an assumed one, for rig frames of this size, and a note for the user.

    Raises RigError if a single camera sends frames of another size; the Stacker checks several cameras.
    """
    note = None
    if rig is None:
        rig, note = assumed_rig(*size_px)
    if len(settings.sources) == 1:
        rig.check_frame(*size_px)
    return rig, note


def assumed_rig(width: int, height: int, outline_px: Outline = ()) -> tuple[Rig, str]:
    """An assumed rig for one source without a rig, and the note that says what was assumed; see ``Rig.assume``."""
    rig = Rig.assume(width, height, outline_px)
    lens = type(rig.cameras[0].lens).__name__.removesuffix("Lens").lower()
    return rig, f"no rig was given: assuming a {lens} lens; see --rig"


def detector_for(
    settings: Settings, rig: Rig, pose_at: PoseSource | None = None, learner: LooksLearner | None = None
) -> Detector:
    """The detector for `settings`, limited to the pitch if the rig has one; ``pose_at``: how the cameras sway;
    ``learner``: who learns the ball's looks meanwhile.

    Raises ConfigError, or DetectorError for a model that cannot be used.
    """
    chosen = settings.detector
    return make_detector(
        chosen.kind,
        rig,
        field=_field_for(settings, rig),
        rate_hz=chosen.rate_hz,
        model=chosen.model,
        classes=chosen.class_map or None,
        detections=chosen.model,
        pose_at=pose_at,
        learner=learner,
    )


def _field_for(settings: Settings, rig: Rig) -> Field | None:
    """The field from the user's mask or polygon, otherwise from the rig; None if neither has one.

    Raises ConfigError.
    """
    chosen = settings.detector
    if not chosen.field_mask:
        return None
    if chosen.field_picture is not None:
        return Field.of_mask(rig, chosen.field_picture)
    if chosen.field_polygon_deg:
        return Field.of_polygon(rig, chosen.field_polygon_deg)
    return Field.of_pitch(rig) if rig.pitch is not None else None
