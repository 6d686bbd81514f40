"""The one entry of calibration: still backgrounds and a few seconds of motion in, a rig with its figures out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipeline.errors import CalibrationError
from pipeline.optics.calibration.arrange import arrange, arrange_alone, match_all
from pipeline.optics.calibration.features import find_features
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.gains import with_gains
from pipeline.optics.calibration.quality import Report, assess, table
from pipeline.optics.calibration.refine import Fit, Scene, fit_all
from pipeline.optics.calibration.ridges import find_ridges, turf_mask
from pipeline.optics.calibration.timing import frame_offset
from pipeline.optics.rig import Blend, Rig

Progress = Callable[[str], None]

_WORST_MEDIAN_PX = 1.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rig, the figures it was held to, and in ``notes`` what the user should know: what had to be assumed."""

    rig: Rig
    report: Report
    fit: Fit
    notes: tuple[str, ...]


def calibrate(footage: Sequence[Footage], progress: Progress = lambda _stage: None) -> Calibration:
    """The rig of cameras that filmed the same few seconds, from their footage alone.

    `progress` is called with the name of each stage as it begins. Computes for half a minute on one or two
    cores, from any thread. Raises CalibrationError, with the reason, for footage that does not tell.
    """
    scene_footage = tuple(footage)
    _check(scene_footage)
    progress("finding lines")
    turf = tuple(turf_mask(part.background) for part in scene_footage)
    ridges = tuple(find_ridges(part, mask) for part, mask in zip(scene_footage, turf, strict=True))
    if len(scene_footage) == 1:
        find_features(scene_footage[0])
        progress("fitting the lens to the lines")
        rig = arrange_alone(scene_footage[0], ridges[0])
        scene = Scene(scene_footage, turf, ridges, ())
    else:
        progress("matching the pictures")
        found = match_all(scene_footage)
        progress("turning the cameras")
        rig, agreeing = arrange(scene_footage, found)
        scene = Scene(scene_footage, turf, ridges, agreeing)
    progress("fitting lens, places, level and scale")
    fit = fit_all(rig, scene)
    progress("holding out blocks to measure the error")
    report = assess(fit)
    progress("comparing colours")
    rig = with_gains(fit.rig, scene_footage, turf)
    progress("comparing motion")
    rig, timing_notes = _with_offsets(rig, scene)
    rig = replace(rig, blend=Blend(rig.seams_deg), quality=table(report, fit.level_known, fit.scale_known))
    return Calibration(rig, report, replace(fit, rig=rig), (*_notes(fit, report), *timing_notes))


def _check(footage: Sequence[Footage]) -> None:
    if not footage:
        raise CalibrationError("no source was given; name one film for each camera")
    names = [part.name for part in footage]
    if len(set(names)) < len(names):
        raise CalibrationError(f"two sources are called the same ({', '.join(names)}); name different films")
    rates = {round(part.frame_rate, 2) for part in footage}
    if len(rates) > 1:
        raise CalibrationError(
            f"the films run at different rates ({', '.join(map(str, sorted(rates)))} frames a second); "
            "set the cameras to one rate"
        )


def _with_offsets(rig: Rig, scene: Scene) -> tuple[Rig, list[str]]:
    """The rig with each camera's frame offset, found pair by pair from the first camera on."""
    offsets = {0: 0}
    notes = []
    for pair in scene.matches:
        known, new = (pair.a, pair.b) if pair.a in offsets else (pair.b, pair.a)
        offset = frame_offset(rig, known, new, scene.footage)
        if offset is None:
            notes.append(
                f"nothing moves clearly where {rig.cameras[known].name} and {rig.cameras[new].name} overlap: "
                "their films are taken to run at the same time (frame_offset = 0)"
            )
        offsets[new] = offsets[known] + (offset or 0)
    cameras = tuple(replace(camera, frame_offset=offsets[i]) for i, camera in enumerate(rig.cameras))
    return replace(rig, cameras=cameras), notes


def _notes(fit: Fit, report: Report) -> list[str]:
    notes = []
    figures = report.percentiles(ground=False)
    if figures is not None and figures[0] > _WORST_MEDIAN_PX:
        notes.append(
            f"the pictures fit badly, by {figures[0]:.1f} px: do the cameras stand still, are their lenses alike?"
        )
    if not fit.level_known:
        notes.append(
            "no pitch lines in two square directions: the horizon is taken from how the cameras hang"
        )
    if not fit.scale_known:
        notes.append("no penalty area was recognised: the scale is unknown, height_m = 1.0")
        if len(fit.rig.cameras) == 1:
            notes.append(
                "with one camera that leaves the focal length uncertain too; show a whole penalty area"
            )
    elif fit.rig.pitch is None:
        notes.append("the pitch's outline was not recognised: the rig has a scale but no [pitch] table")
    return notes
