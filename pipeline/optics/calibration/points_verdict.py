"""The verdict on a rig of control points: from what held-out points, paint, matches and the fit itself tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.errors import CalibrationError
from pipeline.optics.calibration.agreement import Agreement
from pipeline.optics.calibration.control_points import CameraPoints, ControlPoints
from pipeline.optics.calibration.points_fit import Leeway, PointsFit, fit_points
from pipeline.optics.calibration.quality import Report
from pipeline.optics.calibration.residuals import place_pixels
from pipeline.optics.calibration.solve import FARTHEST_APART
from pipeline.optics.calibration.verdict import GOOD_SHARE, USABLE_SHARE, Verdict

_GOOD_OPEN, _USABLE_OPEN = Leeway(0.005, 0.25, 0.0008), Leeway(0.014, 0.6, 0.002)
"""Standard deviations; the last, of the markings in the picture, as a fraction of its width."""

_GOOD_RIVAL, _USABLE_RIVAL = Leeway(0.007, 0.25, 0.0012), Leeway(0.015, 0.6, 0.003)
_GOOD_HELD, _USABLE_HELD = 0.0025, 0.006
"""Held-out median error of the points as a fraction of the picture's width; at least 4 and 8 px."""

_FAR_OFF, _FAR_OFF_PX, _FAR_OFF_M, _SURPRISING = 0.006, 12.0, 0.4, 5.0
"""A held-out point that is farther off is mistaken: as a fraction of the picture's width, in pixels, in metres of
the field, and in units of what is expected of it."""

_GOOD_MATCH, _USABLE_MATCH = 0.0008, 0.002
_HEIGHT_RANGE_M = (1.2, 80.0)
_FEWEST_SPARE_POINTS = 6


def judge_points(points: ControlPoints, fit: PointsFit, report: Report, agreement: Agreement) -> Verdict:
    """The verdict: refused by the first fault that no rig may have, usable if a rig is right but not exact."""
    refused = tuple(_faults(points, fit, report))
    if refused:
        return Verdict("refused", refused)
    doubts = tuple(_doubts(points, fit, report, agreement))
    return Verdict("usable", doubts) if doubts else Verdict("good")


def _width(fit: PointsFit) -> int:
    return max(camera.size_px[0] for camera in fit.rig.cameras)


def _faults(points: ControlPoints, fit: PointsFit, report: Report) -> Iterator[str]:
    rig, width = fit.rig, _width(fit)
    mistaken = mistaken_point(points, fit)
    if mistaken is not None:
        yield mistaken
    median = float(np.median(fit.held_out_px))
    if median > max(8.0, _USABLE_HELD * width):
        yield (
            f"the points are {median:.0f} px off in the median where they are held out; are the field, its size "
            f"({points.size} m) and the names right? more points help"
        )
    lowest, highest = _HEIGHT_RANGE_M
    if not lowest <= rig.surface.height_m <= highest:
        yield f"the cameras would stand {rig.surface.height_m:.1f} m above the ground; check the field's size"
    apart = max(float(np.linalg.norm(camera.position_m)) for camera in rig.cameras)
    if len(rig.cameras) > 1 and apart > 0.95 * FARTHEST_APART * rig.surface.height_m:
        yield "the cameras would stand farther apart than a mast allows; put them side by side"
    figures = report.percentiles(ground=False)
    if figures is not None and figures[0] > max(2.0, _USABLE_MATCH * width):
        yield f"the pictures do not fit together: {figures[0]:.1f} px apart in the median; did a camera move?"
    yield from _beyond(
        fit.open, _USABLE_OPEN, width, "the points leave too much open: ", "; add points, spread them"
    )
    yield from _beyond(fit.rival, _USABLE_RIVAL, width, "another lens fits as well: ", "; add points")


def _doubts(points: ControlPoints, fit: PointsFit, report: Report, agreement: Agreement) -> Iterator[str]:
    width = _width(fit)
    share = agreement.share - agreement.chance
    if share < GOOD_SHARE:
        yield (
            f"{share:.0%} of the predicted markings are painted there"
            if share >= USABLE_SHARE
            else "no paint was found where the rig has the markings: it rests on the points alone"
        )
    median = float(np.median(fit.held_out_px))
    if median > max(4.0, _GOOD_HELD * width):
        yield f"the points are {median:.1f} px off in the median where they are held out"
    figures = report.percentiles(ground=False)
    if figures is not None and figures[0] > max(1.0, _GOOD_MATCH * width):
        yield f"matched points are {figures[0]:.1f} px apart in the median"
    yield from _beyond(fit.open, _GOOD_OPEN, width, "uncertain: ", "")
    yield from _beyond(fit.rival, _GOOD_RIVAL, width, "another lens fits as well: ", "")


def _beyond(leeway: Leeway, most: Leeway, width: int, before: str, after: str) -> Iterator[str]:
    """What of a leeway is beyond the most that is allowed, in one sentence."""
    if (
        leeway.height > most.height
        or leeway.horizon_deg > most.horizon_deg
        or leeway.lines_px > most.lines_px * width
    ):
        yield (
            f"{before}the scale by {leeway.height:.1%}, the horizon by {leeway.horizon_deg:.2f} degrees, the "
            f"markings by {leeway.lines_px:.1f} px{after}"
        )


def mistaken_point(points: ControlPoints, fit: PointsFit, *, look_further: bool = True) -> str | None:
    """The point without which all others agree, or that none can be told; None where no point is far off."""
    limit = max(_FAR_OFF_PX, _FAR_OFF * _width(fit))
    far = (fit.surprise > _SURPRISING) & (fit.held_out_px > limit) & (fit.held_out_m > _FAR_OFF_M)
    if not far.any():
        return None
    worst = int(np.argmax(np.where(far, fit.surprise, 0.0)))
    owners = [(camera, i) for camera in points.cameras for i in range(len(camera))]
    if look_further and len(owners) > _FEWEST_SPARE_POINTS:
        for at in np.argsort(-fit.surprise)[:3]:
            camera, i = owners[int(at)]
            off_px = _off_without(points, camera, i)
            if off_px is not None and off_px > limit:
                x, y = camera.pixels[i]
                return (
                    f"{camera.name}: {camera.names[i]!r} at {x:.0f}, {y:.0f} lies {off_px:.0f} px from where the "
                    "other points put it; check its name and its pixel"
                )
    if len(owners) < _FEWEST_SPARE_POINTS:
        return f"{len(owners)} points leave nothing to check them by; add points: 6 or more, spread over the field"
    camera, i = owners[worst]
    return (
        f"the points disagree: without it, {camera.names[i]!r} of {camera.name} would be "
        f"{fit.held_out_px[worst]:.0f} px off; check names, pixels and the field's size ({points.size} m)"
    )


def _off_without(points: ControlPoints, camera: CameraPoints, i: int) -> float | None:
    """How far a point is off where the others are fitted without it; None if they do not agree then."""
    keep = [j != i for j in range(len(camera))]
    fewer = ControlPoints(
        points.field, points.size, tuple(one.where(keep) if one is camera else one for one in points.cameras)
    )
    try:
        fit = fit_points(fewer)
    except CalibrationError:
        return None
    if mistaken_point(fewer, fit, look_further=False) is not None:
        return None
    at = place_pixels(
        fit.rig, [one is camera for one in points.cameras].index(True), camera.places_m[i : i + 1]
    )[0]
    off = float(np.linalg.norm(at - camera.pixels[i]))
    return off if np.isfinite(off) else 1e4
