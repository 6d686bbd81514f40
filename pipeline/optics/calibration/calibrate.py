"""The entry point of calibration: from static backgrounds and seconds of motion to a rig and its error report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.errors import CalibrationError, RigError
from pipeline.optics.calibration.agreement import RidgeMap, agreement
from pipeline.optics.calibration.chains import find_chains
from pipeline.optics.calibration.first_rig import first_rig, match_all
from pipeline.optics.calibration.footage import Footage, refuse_still
from pipeline.optics.calibration.gains import with_gains
from pipeline.optics.calibration.players import PLAYER_M, player_height
from pipeline.optics.calibration.quality import Report, Scale, assess, table
from pipeline.optics.calibration.refine import Fit, PreparedFootage, fit_all
from pipeline.optics.calibration.ridges import find_ridges, turf_mask
from pipeline.optics.calibration.rivals import CREDIBLE, rivals_of
from pipeline.optics.calibration.single import Candidate, candidates_of_one
from pipeline.optics.calibration.solve import spread
from pipeline.optics.calibration.timing import frame_offset
from pipeline.optics.calibration.verdict import Evidence, Verdict, judge
from pipeline.optics.rig import GUESSED_HEIGHT_M, Blend, Rig

Progress = Callable[[str], None]

_WORST_MEDIAN_PX = 1.5
_AS_WELL = 0.93
"""A fit whose pitch agrees as well as this, in terms of the best one's, is as good."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rig, its error report, the final fit, ``notes`` for the user on what had to be assumed, and the verdict."""

    rig: Rig
    report: Report
    fit: Fit
    notes: tuple[str, ...]
    verdict: Verdict
    evidence: Evidence


def calibrate(footage: Sequence[Footage], progress: Progress = lambda _stage: None) -> Calibration:
    """Compute the rig of cameras that recorded the same few seconds, from their footage alone.

    Calls `progress` with the name of each stage as the stage begins, in the calling thread. Any thread; computes
    for about half a minute. Raises CalibrationError with the reason if the footage is not sufficient, or if the
    verdict on the rig is that it must not be used.
    """
    refuse_still(footage)
    calibration = calibrate_and_judge(footage, progress)
    if calibration.verdict.grade == "refused":
        raise CalibrationError(calibration.verdict.reasons[0])
    return calibration


def calibrate_and_judge(footage: Sequence[Footage], progress: Progress = lambda _stage: None) -> Calibration:
    """As ``calibrate``, but a rig that is refused is returned with its verdict, for whoever wants to look at it."""
    footage = tuple(footage)
    check_footage(footage)
    progress("finding lines")
    turf = tuple(turf_mask(part.background) & part.picture for part in footage)
    ridges = tuple(find_ridges(part, mask) for part, mask in zip(footage, turf, strict=True))
    chains = tuple(find_chains(own, part.size_px[0]) for own, part in zip(ridges, footage, strict=True))
    pictures = tuple(RidgeMap(own, part.size_px) for own, part in zip(ridges, footage, strict=True))
    if len(footage) == 1:
        progress("fitting lenses to the lines")
        candidates = candidates_of_one(footage[0], pictures[0], chains[0])
        prepared = PreparedFootage(footage, turf, pictures, chains, ())
        progress("fitting level and scale")
        fit, rival = _lens_by_lines(best_fit(_one_of_each_lens(candidates), prepared), prepared)
    else:
        progress("matching the images")
        found = match_all(footage)
        progress("finding the cameras' rotations")
        rig, agreeing = first_rig(footage, found)
        prepared = PreparedFootage(footage, turf, pictures, chains, agreeing)
        progress("fitting lens, positions, level and scale")
        fit, rival = best_fit([rig], prepared), 0.0
    progress("measuring the error on held-out blocks")
    report = assess(fit)
    left_open = spread(fit.rig, fit.observations, fit.free, 1.0)
    tall = player_height(fit.rig, footage, turf)
    players_m = tall * fit.rig.surface.height_m if tall is not None and fit.scale_known else None
    evidence = Evidence(fit, report, agreement(fit.rig, pictures), left_open, turf, players_m, rival)
    verdict = judge(evidence)
    rig, scale = _scaled(fit, tall)
    notes = _notes(fit, report, scale)
    if verdict.grade != "refused":
        progress("comparing colours")
        rig = with_gains(rig, footage, turf)
        progress("comparing motion")
        rig, timing_notes = with_offsets(rig, prepared)
        notes += timing_notes
    quality = table(report, fit.level_known, scale, verdict.grade, verdict.reasons)
    rig = replace(rig, blend=Blend(rig.seams_deg), quality=quality)
    return Calibration(rig, report, replace(fit, rig=rig), tuple(notes), verdict, evidence)


def _scaled(fit: Fit, tall: float | None) -> tuple[Rig, Scale]:
    """The rig in metres, and where they come from: markings, else the players' height, else a guess."""
    if fit.scale_known:
        return fit.rig, "pitch markings"
    height_m = GUESSED_HEIGHT_M if tall is None else PLAYER_M / tall
    rig = fit.rig.scaled(height_m / fit.rig.surface.height_m)
    return rig, "guess" if tall is None else "players"


def _one_of_each_lens(candidates: Sequence[Candidate]) -> list[Rig]:
    """The most credible candidate of each kind of lens, the best first."""
    best: dict[str, Rig] = {}
    for one in candidates:
        best.setdefault(one.rig.cameras[0].lens.model, one.rig)
    return list(best.values())


def best_fit(rigs: Sequence[Rig], prepared: PreparedFootage) -> Fit:
    """The fit, of those that start at these rigs, whose pitch agrees best with the pictures."""
    fits = []
    for rig in rigs:
        try:
            fit = fit_all(rig, prepared)
        except (RigError, np.linalg.LinAlgError):  # a lens or a place that no camera has
            continue
        fits.append((agreement(fit.rig, prepared.pictures).score, fit))
    if not fits:
        raise CalibrationError("no rig explains the footage; show more of a marked pitch")
    return max(fits, key=lambda one: one[0])[1]


def _lens_by_lines(fit: Fit, prepared: PreparedFootage) -> tuple[Fit, float]:
    """The fit with the lens through which the lines fit best, and by how much the heights of other lenses differ,
    relatively, that fit them as well."""
    if fit.rig.pitch is None:
        return fit, 0.0
    found = rivals_of(fit)
    if found[0].rig is not fit.rig and found[1].excess > CREDIBLE:
        try:
            other = fit_all(replace(found[0].rig, pitch=None), prepared)
        except (RigError, np.linalg.LinAlgError):
            other = fit
        scores = [agreement(one.rig, prepared.pictures).score for one in (other, fit)]
        if scores[0] >= _AS_WELL * scores[1]:
            fit = other
    own = type(fit.rig.cameras[0].lens)
    height_m = fit.rig.surface.height_m
    rivals = [
        abs(one.rig.surface.height_m / height_m - 1)
        for one in found
        if one.excess < CREDIBLE and type(one.rig.cameras[0].lens) is not own
    ]
    return fit, max(rivals, default=0.0)


def check_footage(footage: Sequence[Footage]) -> None:
    if not footage:
        raise CalibrationError("there is no source; name one video or camera for each camera of the rig")
    names = [part.name for part in footage]
    if len(set(names)) < len(names):
        raise CalibrationError(f"two sources have the same name ({', '.join(names)}); name different ones")


def with_offsets(rig: Rig, prepared: PreparedFootage) -> tuple[Rig, list[str]]:
    """The rig with the frame offset of each camera, and notes; found pair by pair, starting at the first camera."""
    rates = [part.frame_rate for part in prepared.footage]
    late_s = {0: 0.0}
    notes = []
    for pair in prepared.matches:
        known, new = (pair.a, pair.b) if pair.a in late_s else (pair.b, pair.a)
        offset = frame_offset(rig, known, new, prepared.footage)
        if offset is None:
            notes.append(
                f"no clear motion where {rig.cameras[known].name} and {rig.cameras[new].name} overlap: "
                "they are assumed to be in sync (frame_offset = 0)"
            )
        late_s[new] = late_s[known] + (offset or 0) / rates[new]
    offsets = [round(late_s[i] * rate) for i, rate in enumerate(rates)]
    counts = any(offsets) or len({round(rate, 2) for rate in rates}) > 1
    cameras = tuple(
        replace(camera, frame_offset=offset, frame_rate=round(rate, 3) if counts else 0.0)
        for camera, offset, rate in zip(rig.cameras, offsets, rates, strict=True)
    )
    return replace(rig, cameras=cameras), notes


def _notes(fit: Fit, report: Report, scale: Scale) -> list[str]:
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
    if scale == "guess":
        notes.append(
            "neither a penalty area nor the centre circle was recognised: the scale is unknown, "
            f"a height of {GUESSED_HEIGHT_M:g} m is a guess"
        )
    elif scale == "players":
        notes.append(
            "neither a penalty area nor the centre circle was recognised: the scale is that of the players' "
            "height, to about a tenth"
        )
    elif fit.rig.pitch is None:
        notes.append("the outline of the pitch was not recognised: the rig has a scale but no [pitch] table")
    return notes
