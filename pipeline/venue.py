"""What a run works with: the rig (named, the match's own, calibrated or assumed) and the detector for it."""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline.analysis.detector import Detector
from pipeline.analysis.factory import make_detector
from pipeline.analysis.field import Field
from pipeline.errors import RigError
from pipeline.match.match import match_rig
from pipeline.match.settings import parse_match
from pipeline.optics.rig import Rig
from pipeline.settings import Settings, source_kind

logger = logging.getLogger("foresight")


def known_rig(settings: Settings) -> tuple[Rig | None, str | None]:
    """The rig that can be had before the first frame, and a note for the user; no rig for one plain source.

    Raises RigError.
    """
    if settings.rig is not None:
        rig = Rig.load(settings.rig)
        cameras, sources = len(rig.cameras), len(settings.sources)
        if cameras != sources:
            raise RigError(
                f"{settings.rig} has {cameras} cameras but {sources} sources were given; name one for each"
            )
        return rig, None
    if len(settings.sources) == 1:
        source = settings.sources[0]
        return (match_rig(parse_match(source)), None) if source_kind(source) == "match" else (None, None)
    kept = kept_rig_path(settings)
    if kept.exists():
        return Rig.load(kept), f"rig read from {kept}"
    raise RigError(
        "several sources need a rig: make one with foresight calibrate SOURCE SOURCE... -o RIG.toml, "
        "then add --rig RIG.toml"
    )


def kept_rig_path(settings: Settings) -> Path:
    """Where a calibrated rig is kept: beside the first output, else in the working folder."""
    return settings.outputs[0].with_suffix(".rig.toml") if settings.outputs else Path("foresight.rig.toml")


def assumed_rig(width: int, height: int) -> tuple[Rig, str]:
    """A rig for one film that nobody described, and the note that says what was assumed."""
    rig = Rig.assume(width, height)
    lens = rig.cameras[0].lens
    return rig, f"no rig was given: the film is taken for a {type(lens).__name__.lower()} picture; see --rig"


def detector_for(settings: Settings, rig: Rig) -> Detector:
    """The detector that `settings` ask for, kept to the pitch where the rig knows it.

    Raises ConfigError, or DetectorError for a model that cannot be used.
    """
    chosen = settings.detector
    field = Field.of_pitch(rig) if chosen.field_mask and rig.pitch is not None else None
    return make_detector(
        chosen.kind,
        rig,
        field=field,
        rate_hz=chosen.rate_hz,
        model=chosen.model,
        classes=chosen.class_map or None,
        detections=chosen.model,
    )
