"""The entry point of calibration: from static backgrounds and seconds of motion to a rig and its error report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipeline.errors import CalibrationError
from pipeline.optics.calibration.features import find_features
from pipeline.optics.calibration.first_rig import first_rig, first_rig_of_one, match_all
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.gains import with_gains
from pipeline.optics.calibration.quality import Report, assess, table
from pipeline.optics.calibration.refine import Fit, PreparedFootage, fit_all
from pipeline.optics.calibration.ridges import find_ridges, turf_mask
from pipeline.optics.calibration.timing import frame_offset
from pipeline.optics.rig import Blend, Rig

Progress = Callable[[str], None]

_WORST_MEDIAN_PX = 1.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rig, its error report, the final fit, and ``notes`` for the user on what had to be assumed."""

    rig: Rig
    report: Report
    fit: Fit
    notes: tuple[str, ...]


def calibrate(footage: Sequence[Footage], progress: Progress = lambda _stage: None) -> Calibration:
    """Compute the rig of cameras that recorded the same few seconds, from their footage alone.

    Calls `progress` with the name of each stage as the stage begins, in the calling thread. Any thread; computes
    for about half a minute. Raises CalibrationError with the reason if the footage is not sufficient.
    """
    footage = tuple(footage)
    _check(footage)
    progress("finding lines")
    turf = tuple(turf_mask(part.background) for part in footage)
    ridges = tuple(find_ridges(part, mask) for part, mask in zip(footage, turf, strict=True))
    if len(footage) == 1:
        find_features(footage[0])
        progress("fitting the lens to the lines")
        rig = first_rig_of_one(footage[0], ridges[0])
        prepared = PreparedFootage(footage, turf, ridges, ())
    else:
        progress("matching the images")
        found = match_all(footage)
        progress("finding the cameras' rotations")
        rig, agreeing = first_rig(footage, found)
        prepared = PreparedFootage(footage, turf, ridges, agreeing)
    progress("fitting lens, positions, level and scale")
    fit = fit_all(rig, prepared)
    progress("measuring the error on held-out blocks")
    report = assess(fit)
    progress("comparing colours")
    rig = with_gains(fit.rig, footage, turf)
    progress("comparing motion")
    rig, timing_notes = _with_offsets(rig, prepared)
    rig = replace(rig, blend=Blend(rig.seams_deg), quality=table(report, fit.level_known, fit.scale_known))
    return Calibration(rig, report, replace(fit, rig=rig), (*_notes(fit, report), *timing_notes))


def _check(footage: Sequence[Footage]) -> None:
    if not footage:
        raise CalibrationError("there is no source; name one video or camera for each camera of the rig")
    names = [part.name for part in footage]
    if len(set(names)) < len(names):
        raise CalibrationError(f"two sources have the same name ({', '.join(names)}); name different ones")
    rates = {round(part.frame_rate, 2) for part in footage}
    if len(rates) > 1:
        raise CalibrationError(
            f"the sources have different frame rates ({', '.join(map(str, sorted(rates)))} frames per second); "
            "set the cameras to the same rate"
        )


def _with_offsets(rig: Rig, prepared: PreparedFootage) -> tuple[Rig, list[str]]:
    """The rig with the frame offset of each camera, and notes; found pair by pair, starting at the first camera."""
    offsets = {0: 0}
    notes = []
    for pair in prepared.matches:
        known, new = (pair.a, pair.b) if pair.a in offsets else (pair.b, pair.a)
        offset = frame_offset(rig, known, new, prepared.footage)
        if offset is None:
            notes.append(
                f"no clear motion where {rig.cameras[known].name} and {rig.cameras[new].name} overlap: "
                "they are assumed to be in sync (frame_offset = 0)"
            )
        offsets[new] = offsets[known] + (offset or 0)
    cameras = tuple(replace(camera, frame_offset=offsets[i]) for i, camera in enumerate(rig.cameras))
    return replace(rig, cameras=cameras), notes


def _notes(fit: Fit, report: Report) -> list[str]:
    notes = []
    figures = report.percentiles(ground=False)
    if figures is not None and figures[0] > _WORST_MEDIAN_PX:
        notes.append(
            f"the images fit badly, with an error of {figures[0]:.1f} px: "
            "are the cameras fixed and their lenses of one model?"
        )
    if not fit.level_known:
        notes.append(
            "no pitch lines in two perpendicular directions: the horizon is derived from the cameras' rotations"
        )
    if not fit.scale_known:
        notes.append("no penalty area was recognised: the scale is unknown, height_m = 1.0 is assumed")
        if len(fit.rig.cameras) == 1:
            notes.append("with one camera the focal length is then uncertain, too; show a whole penalty area")
    elif fit.rig.pitch is None:
        notes.append("the outline of the pitch was not recognised: the rig has a scale but no [pitch] table")
    return notes
