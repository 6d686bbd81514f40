"""Calibration with a person's help: control points, and beside them what the footage gives of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.errors import CalibrationError, RigError
from pipeline.optics.calibration.agreement import NO_AGREEMENT, Agreement, RidgeMap, agreement
from pipeline.optics.calibration.calibrate import Calibration, Progress, check_footage, with_offsets
from pipeline.optics.calibration.control_points import ControlPoints
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.first_rig import first_rig, match_all
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.gains import with_gains
from pipeline.optics.calibration.points_fit import SCALE, PointsFit, clicked, fit_points
from pipeline.optics.calibration.points_paint import WITHIN, field_pictures, paint
from pipeline.optics.calibration.points_verdict import judge_points, mistaken_point
from pipeline.optics.calibration.quality import Report, hold_out, table
from pipeline.optics.calibration.refine import AGREEING_PX, Fit, PreparedFootage, turf_grid
from pipeline.optics.calibration.residuals import match_errors_px
from pipeline.optics.calibration.ridges import turf_mask
from pipeline.optics.calibration.solve import Observations, Spread, solve
from pipeline.optics.calibration.ties import find_ties, warp
from pipeline.optics.calibration.verdict import Evidence
from pipeline.optics.rig import Blend, Rig

_PAINTED = 0.3
"""Painted less chance from which paint beside the markings is taken for theirs."""

_CLEARLY = 0.75
"""A lens whose markings are painted to this share, less chance, needs no other start of its kind."""

_STEPS = 8
_CLICKS_WORSE, _CLICKS_OFF, _CLICKS_OFF_PX = 1.6, 0.004, 8.0
"""Paint that takes the points farther off than this is that of something else: in terms of their median error
without it, as a fraction of the picture's width, or in pixels."""


def calibrate_by_points(
    footage: Sequence[Footage], points: ControlPoints, progress: Progress = lambda _stage: None
) -> Calibration:
    """The rig of cameras from control points, and from the matches and the paint that their footage shows.

    As ``calibrate``. Raises CalibrationError, one line, for points that give no rig, or whose rig is refused.
    """
    calibration = calibrate_by_points_and_judge(footage, points, progress)
    if calibration.verdict.grade == "refused":
        raise CalibrationError(calibration.verdict.reasons[0])
    return calibration


def calibrate_by_points_and_judge(
    footage: Sequence[Footage], points: ControlPoints, progress: Progress = lambda _stage: None
) -> Calibration:
    """As ``calibrate_by_points``, but a rig that is refused is returned with its verdict."""
    footage = tuple(footage)
    check_footage(footage)
    points.check()
    notes: list[str] = []
    matches: tuple[Matches, ...] = ()
    if len(footage) > 1:
        progress("matching the images")
        try:
            _, matches = first_rig(footage, match_all(footage))
        except CalibrationError as error:
            notes.append(f"the pictures are placed by the points alone: {error}")
    progress("fitting lenses and poses to the points")
    alone = fit_points(points, matches)
    mistaken = mistaken_point(points, alone)
    if mistaken is not None:
        raise CalibrationError(mistaken)
    far, ties, rejected = _tied(alone.rig, footage, matches)
    progress("looking for the painted lines")
    pictures = field_pictures(alone.rig, footage)
    fit, seen = with_paint(points, alone, Observations(matches=(*far, *ties)), pictures)
    turf = tuple(turf_mask(part.background) & part.picture for part in footage)
    whole = Fit(fit.rig, fit.observations, fit.free, far, ties, rejected, {}, True, True)
    progress("measuring the error on held-out blocks")
    held = hold_out(whole)
    names = [f"{name} ({camera.name})" for camera in points.cameras for name in camera.names]
    offs = tuple(zip(names, map(float, fit.held_out_px), strict=True))
    report = Report(held[: len(far)], held[len(far) :], rejected, {}, {}, offs)
    verdict = judge_points(points, fit, report, seen)
    outlined = (
        replace(camera, outline_px=part.outline_px)
        for camera, part in zip(fit.rig.cameras, footage, strict=True)
    )
    rig = replace(fit.rig, cameras=tuple(outlined))
    if verdict.grade != "refused":
        progress("comparing colours")
        rig = with_gains(rig, footage, turf)
        progress("comparing motion")
        prepared = PreparedFootage(footage, turf, pictures, (), matches)
        rig, timing = with_offsets(rig, prepared)
        notes += timing
    quality = table(report, True, "control points", verdict.grade, verdict.reasons)
    rig = replace(rig, blend=Blend(rig.seams_deg), quality=quality)
    evidence = Evidence(whole, report, seen, Spread(fit.open.height, fit.open.horizon_deg), turf)
    return Calibration(rig, report, replace(whole, rig=rig), tuple(notes), verdict, evidence)


def _tied(
    rig: Rig, footage: tuple[Footage, ...], matches: Sequence[Matches]
) -> tuple[tuple[Matches, ...], tuple[Matches, ...], int]:
    """Matches and tie points on the turf, located by the rig of the points, and how many agree with neither."""
    far, ties, rejected = [], [], 0
    for pair in matches:
        warped = warp(rig, pair.a, pair.b, footage)
        found = find_ties(rig, warped, pair.pixels_a, 12, 24)
        far.append(found.where(np.linalg.norm(match_errors_px(rig, found), axis=1) < 4 * AGREEING_PX))
        ties.append(find_ties(rig, warped, turf_grid(warped, turf_mask(footage[pair.a].background)), 24, 24))
        rejected += len(found) - len(far[-1])
    return tuple(far), tuple(ties), rejected


def with_paint(
    points: ControlPoints, alone: PointsFit, beside: Observations, pictures: Sequence[RidgeMap]
) -> tuple[PointsFit, Agreement]:
    """The fit with the paint in the pictures beside the markings, if it is theirs; its agreement with them."""
    placed = clicked(points)
    found: list[tuple[float, Rig]] = []
    clear: set[str] = set()
    for rig in alone.candidates:
        model = rig.cameras[0].lens.model
        if model in clear:
            continue
        try:
            for within in WITHIN:
                beside_it = replace(beside, placed=(*placed, *paint(rig, pictures, within)))
                rig = solve(rig, beside_it, alone.free, SCALE, _STEPS)
        except (RigError, np.linalg.LinAlgError):  # a lens or a place that no camera has
            continue
        seen = agreement(rig, pictures)
        found.append((seen.score, rig))
        if seen.share - seen.chance > _CLEARLY:
            clear.add(model)
    found.sort(key=lambda one: -one[0])
    if found:
        further = replace(beside, placed=paint(found[0][1], pictures, WITHIN[-1]))
        fit = fit_points(points, (), further, tuple(rig for _, rig in found))
        seen = agreement(fit.rig, pictures)
        before, after = float(np.median(alone.off_px)), float(np.median(fit.off_px))
        width = max(camera.size_px[0] for camera in points.cameras)
        keeps = after < max(_CLICKS_WORSE * before, _CLICKS_OFF * width, _CLICKS_OFF_PX)
        if seen.share - seen.chance > _PAINTED and keeps:
            return fit, seen
    if beside.matches:
        alone = fit_points(points, (), beside, alone.candidates)
    return alone, NO_AGREEMENT
