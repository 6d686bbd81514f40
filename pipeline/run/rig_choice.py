"""Chooses a run's rig (given, the match's own, calibrated or assumed) and its detector."""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline.analysis.detector import Detector
from pipeline.analysis.factory import make_detector
from pipeline.analysis.field import Field
from pipeline.errors import RigError
from pipeline.gst.capture.footage import calibrate_sources
from pipeline.gst.capture.same_view import refuse_same_view
from pipeline.match.match import match_rig
from pipeline.match.settings import parse_match
from pipeline.optics.rig import Rig
from pipeline.settings import Settings

logger = logging.getLogger("foresight")


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
        return rig, None
    if len(sources) == 1:
        source = sources[0]
        return (match_rig(parse_match(source.text)), None) if source.kind == "match" else (None, None)
    kept = kept_rig_path(settings)
    if kept.exists():
        used = f"using the rig {kept} from an earlier calibration; delete it to calibrate again"
        return Rig.load(kept), used
    logger.warning("several sources but no rig: calibrating from the footage, which takes up to a minute")
    calibration = calibrate_sources(sources, lambda stage: logger.info("calibrating: %s", stage))
    calibration.rig.save(kept)
    said = f"calibrated from the footage; the rig is saved as {kept} for the next run"
    return calibration.rig, "; ".join([said, *calibration.notes])


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


def detector_for(settings: Settings, rig: Rig) -> Detector:
    """The detector for `settings`, limited to the pitch if the rig has one.

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
