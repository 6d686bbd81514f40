"""Chooses a run's rig (given, the match's own, calibrated or assumed) and its detector."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pipeline.analysis.detector import Detector
from pipeline.analysis.factory import make_detector
from pipeline.analysis.field import Field
from pipeline.analysis.sway_history import PoseSource
from pipeline.errors import CalibrationError, RigError
from pipeline.gst.capture.footage import calibrate_sources, read_footage
from pipeline.gst.capture.same_view import refuse_same_view
from pipeline.match.match import match_rig
from pipeline.match.settings import parse_match
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.calibration.check import misfit
from pipeline.optics.calibration.markings import in_metres
from pipeline.optics.rig import GUESSED_HEIGHT_M, Rig
from pipeline.settings import Settings

logger = logging.getLogger("foresight")

CHECK_S = 1.0
"""So much of each source is read to check a kept rig."""


def known_rig(settings: Settings) -> tuple[Rig | None, str | None]:
    """The rig that is known before the first frame, and a note for the user; no rig for one plain source.

    Several sources without a rig are calibrated, which blocks for up to a minute; the rig is saved for the next
    run. Raises RigError, CalibrationError, or SourceError for two cameras that are one.
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
        return _scaled(rig)
    if len(sources) == 1:
        source = sources[0]
        return (match_rig(parse_match(source.text)), None) if source.kind == "match" else (None, None)
    kept = kept_rig_path(settings)
    fault = None
    if kept.exists():
        rig = Rig.load(kept)
        fault = _misfit(rig, sources)
        if fault is None:
            rig, note = _scaled(rig)
            used = f"using the rig {kept} from an earlier calibration; delete it to calibrate again"
            return rig, used if note is None else f"{used}; {note}"
    misfits = f"the rig {kept} does not fit the footage: {fault}"
    why = "several sources but no rig" if fault is None else misfits
    logger.warning("%s: calibrating from the footage, which takes up to a minute", why)
    try:
        calibration = calibrate_sources(sources, lambda stage: logger.info("calibrating: %s", stage))
    except CalibrationError as error:
        otherwise = "or give one source, for a view of one camera"
        raise CalibrationError(f"{why}; calibrating: {error}; {otherwise}") from error
    calibration.rig.save(kept)
    said = f"calibrated from the footage; the rig is saved as {kept} for the next run"
    before = [] if fault is None else [misfits]
    return calibration.rig, "; ".join([*before, said, *calibration.notes, *calibration.verdict.reasons])


def _scaled(rig: Rig) -> tuple[Rig, str | None]:
    """The rig, or with a guessed height if its calibration knew no scale (`height_m = 1.0` is none), and a note."""
    scale = str(rig.quality.get("scale", ""))
    if scale.startswith("unknown"):
        rig = in_metres(rig, GUESSED_HEIGHT_M / rig.surface.height_m)
    elif scale != "guess":
        return rig, None
    return (
        rig,
        f"the rig has no scale: a height of {rig.surface.height_m:g} m is a guess, and so are all metres",
    )


def _misfit(rig: Rig, sources: Sequence[SourceSpec]) -> str | None:
    """Why a kept rig is not to be trusted with these sources; None if it is. Reads a second of each source."""
    if len(rig.cameras) != len(sources):
        return f"it has {len(rig.cameras)} cameras, and there are {len(sources)} sources"
    return misfit(rig, read_footage(sources, CHECK_S))


def kept_rig_path(settings: Settings) -> Path:
    """The path of a calibrated rig: beside the first output, otherwise in the working folder."""
    return settings.outputs[0].with_suffix(".rig.toml") if settings.outputs else Path("foresight.rig.toml")


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


def assumed_rig(width: int, height: int) -> tuple[Rig, str]:
    """An assumed rig for one source without a rig, and the note that says what was assumed."""
    rig = Rig.assume(width, height)
    lens = type(rig.cameras[0].lens).__name__.removesuffix("Lens").lower()
    return rig, f"no rig was given: assuming a {lens} lens; see --rig"


def detector_for(settings: Settings, rig: Rig, pose_at: PoseSource | None = None) -> Detector:
    """The detector for `settings`, limited to the pitch if the rig has one; ``pose_at``: how the cameras sway.

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
