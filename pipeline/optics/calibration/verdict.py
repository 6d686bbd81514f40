"""The verdict on a rig: good, usable or refused, each with its reasons, from everything that can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.calibration.agreement import Agreement
from pipeline.optics.calibration.quality import Report
from pipeline.optics.calibration.refine import Fit
from pipeline.optics.calibration.solve import FARTHEST_APART, Spread
from pipeline.optics.rig import Rig

Grade = Literal["good", "usable", "refused"]

HEIGHT_RANGE_M = (2.0, 60.0)
_MOST_TURF_ABOVE = 0.01
_SKYLINE_DEG = -0.2

GOOD_SHARE, USABLE_SHARE = 0.6, 0.45
"""Painted part of the predicted markings, less what chance would give."""

_GOOD_MARKINGS, _USABLE_MARKINGS = 5, 4
_WITH_THIN_ONES, _THIN_RMS_PX = 8, 1.0
"""Or so many together with those that are too thin to be expected, and yet were found as lines: small and very wide
pictures show few others."""

_GOOD_OFF, _USABLE_OFF = 0.0003, 0.0015
"""Median distance of markings from the paint as a fraction of the image width; at least 0.6 and 2 px."""

_GOOD_SCALE, _USABLE_SCALE = 0.0045, 0.015
_GOOD_RIVAL, _USABLE_RIVAL = 0.007, 0.025
_USABLE_OPEN, _USABLE_OPEN_FAINT = 0.03, 0.02
"""The difference to another lens and twice the standard deviation of the scale, together; and where fewer of the
predicted markings are painted than for a good rig."""

_GOOD_HORIZON_DEG, _USABLE_HORIZON_DEG = 0.2, 0.6
"""Standard deviations."""

_GOOD_MATCH, _USABLE_MATCH = 0.0008, 0.002
"""Held-out median error of matches as a fraction of the image width."""

_FEWEST_MATCHES, _LEAST_KEPT = 30, 0.3
_SAME_TURN = 1 + 2 * 0.9962
"""The trace of a turn of 5 degrees."""

_PLAYER_RANGE_M, _MOVING_RANGE_M = (1.1, 2.7), (1.0, 3.3)
"""The height of the players; and of what moves, where the markings vouch for the scale: shadows and boxes or names
drawn into the film make players higher."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grade and its reasons: why it is not better, the gravest first; none for a good rig."""

    grade: Grade
    reasons: tuple[str, ...] = ()

    def told(self) -> str:
        """The verdict for the user, with what keeps it from being better."""
        return f"{self.grade}: {'; '.join(self.reasons)}" if self.reasons else self.grade


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict is based on. ``players_m``: their height by the rig, None without players or scale."""

    fit: Fit
    report: Report
    agreement: Agreement
    spread: Spread
    turf: Sequence[NDArray[np.bool_]]
    players_m: float | None = None
    rival: float = 0.0
    """By how much the height differs, relatively, with another lens that explains the lines as well."""


def judge(evidence: Evidence) -> Verdict:
    """The verdict: refused by the first fault that no rig may have, usable if a rig is right but not exact."""
    refused = tuple(_faults(evidence))
    if refused:
        return Verdict("refused", refused)
    doubts = tuple(_doubts(evidence))
    return Verdict("usable", doubts) if doubts else Verdict("good")


def turf_above_horizon(rig: Rig, turf: Sequence[NDArray[np.bool_]]) -> float:
    """The share of the turf in the pictures that a rig puts above its horizon; 1.0 without turf."""
    above = total = 0
    for camera, mask in zip(rig.cameras, turf, strict=True):
        rows, columns = np.nonzero(mask[::8, ::8])
        pixels = 8.0 * np.stack([columns, rows], axis=1).astype(np.float64)
        rays = camera.lens.unproject(pixels) @ camera.rotation.T
        known = rays[np.isfinite(rays).all(axis=1)]
        above += int((known[:, 1] < np.sin(np.radians(_SKYLINE_DEG))).sum()) + len(rays) - len(known)
        total += len(rays)
    return above / total if total else 1.0


def _thin_ones(evidence: Evidence) -> list[str]:
    """The markings that lie where the rig has them, though they are thinner than what it expects to be seen."""
    rms_px, expected = evidence.report.line_rms_px, evidence.agreement.markings
    return [
        name
        for name in evidence.fit.named
        if name not in expected and rms_px.get(name, np.inf) <= _THIN_RMS_PX
    ]


def _faults(evidence: Evidence) -> Iterator[str]:
    """Why a rig must not be used."""
    fit, agreement, spread = evidence.fit, evidence.agreement, evidence.spread
    rig = fit.rig
    several = len(rig.cameras) > 1
    width = max(camera.size_px[0] for camera in rig.cameras)
    if several:
        kept = sum(map(len, fit.far))
        if kept < _FEWEST_MATCHES * len(fit.far) or kept < _LEAST_KEPT * (kept + fit.rejected):
            yield (
                f"only {kept} of {kept + fit.rejected} points that look alike agree with one scene; do the cameras "
                "show the same field, side by side?"
            )
        figures = evidence.report.percentiles(ground=False)
        if figures is not None and figures[0] > max(2.0, _USABLE_MATCH * width):
            yield f"the pictures do not fit together: {figures[0]:.1f} px apart in the median; did a camera move?"
        apart = max(float(np.linalg.norm(camera.position_m)) for camera in rig.cameras)
        if apart > 0.95 * FARTHEST_APART * rig.surface.height_m:
            yield "the cameras would stand farther apart than a mast allows; put them side by side"
        turns = [camera.rotation for camera in rig.cameras]
        if any(np.trace(a.T @ b) > _SAME_TURN for a, b in combinations(turns, 2)):
            yield "two cameras show the same part of the field; give one source for each camera"
    if not fit.level_known:
        yield "no pitch lines in two perpendicular directions give the horizon; show more of a marked pitch"
        return
    if not several and not fit.scale_known:
        yield "neither a penalty area nor the centre circle was recognised; show one of them whole"
        return
    if not several and rig.pitch is None:
        yield "the outline of the pitch was not recognised; show more of it, its lines a pixel thick or more"
        return
    share = agreement.share - agreement.chance
    seen = agreement.supported()
    many = len(seen) + len(_thin_ones(evidence)) >= _WITH_THIN_ONES
    # Hills and trees are green, too: paint where the rig predicts it is the better witness.
    painted = share >= GOOD_SHARE and (many or len(seen) >= _GOOD_MARKINGS)
    above = turf_above_horizon(rig, evidence.turf)
    if above > _MOST_TURF_ABOVE and not painted:
        yield f"the horizon would run through the turf ({above:.0%} of it above); show more of a marked pitch"
    if not fit.scale_known:
        if spread.horizon_deg > _USABLE_HORIZON_DEG:
            yield f"too few pitch lines: the horizon is uncertain by {spread.horizon_deg:.1f} degrees"
        return
    height_m = rig.surface.height_m
    if not HEIGHT_RANGE_M[0] <= height_m <= HEIGHT_RANGE_M[1]:
        yield f"the cameras would stand {height_m:.1f} m above the ground; show a whole penalty area"
    tall_m = evidence.players_m
    shortest_m, tallest_m = _PLAYER_RANGE_M if not painted else _MOVING_RANGE_M
    if tall_m is not None and not shortest_m <= tall_m <= tallest_m:
        yield f"the players would be {tall_m:.1f} m tall; show a whole penalty area"
    if rig.pitch is None:
        return
    if share >= USABLE_SHARE and len(seen) < _USABLE_MARKINGS and not many:
        yield f"only {len(seen)} markings of the pitch are seen ({_USABLE_MARKINGS} needed); show more of the pitch"
    elif share < USABLE_SHARE:
        yield (
            f"only {share:.0%} of the markings that the rig predicts are painted there; "
            "show more of a marked pitch, in daylight"
        )
    elif agreement.off_px > max(2.0, _USABLE_OFF * width):
        yield f"the markings lie {agreement.off_px:.1f} px off the painted lines"
    most_open = _USABLE_OPEN if share >= GOOD_SHARE else _USABLE_OPEN_FAINT
    if evidence.rival + 2 * spread.height > most_open:
        yield (
            f"the lines leave the scale open by {spread.height:.1%}, and another lens that fits them as well by "
            f"{evidence.rival:.1%}; show more of the pitch"
        )
    if evidence.rival > _USABLE_RIVAL:
        yield f"another lens, {evidence.rival:.1%} off in scale, explains the lines as well; show more of the pitch"
    if spread.height > _USABLE_SCALE or spread.horizon_deg > _USABLE_HORIZON_DEG:
        yield (
            f"the lines leave too much open: the scale by {spread.height:.1%}, the horizon by "
            f"{spread.horizon_deg:.1f} degrees; show more of the pitch"
        )


def _doubts(evidence: Evidence) -> Iterator[str]:
    """Why a rig is not exact."""
    fit, agreement, spread = evidence.fit, evidence.agreement, evidence.spread
    rig = fit.rig
    width = max(camera.size_px[0] for camera in rig.cameras)
    if not fit.scale_known:
        yield "the scale is unknown: no penalty area or centre circle was recognised"
        return
    if rig.pitch is None:
        yield "the outline of the pitch was not recognised"
        return
    figures = evidence.report.percentiles(ground=False)
    if figures is not None and figures[0] > max(1.0, _GOOD_MATCH * width):
        yield f"matched points are {figures[0]:.1f} px apart in the median"
    share = agreement.share - agreement.chance
    seen = agreement.supported()
    if share < GOOD_SHARE or len(seen) < _GOOD_MARKINGS:
        yield f"{share:.0%} of the predicted markings, {len(seen)} of them, are painted there"
    if agreement.off_px > max(0.6, _GOOD_OFF * width):
        yield f"the markings lie {agreement.off_px:.1f} px off the painted lines"
    if evidence.rival > _GOOD_RIVAL:
        yield f"another lens explains the lines as well, with a scale that differs by {evidence.rival:.1%}"
    if spread.height > _GOOD_SCALE:
        yield f"the scale is uncertain by {spread.height:.1%}"
    tall_m = evidence.players_m
    if tall_m is not None and not _PLAYER_RANGE_M[0] <= tall_m <= _PLAYER_RANGE_M[1]:
        yield f"the players would be {tall_m:.1f} m tall"
    if spread.horizon_deg > _GOOD_HORIZON_DEG:
        yield f"the horizon is uncertain by {spread.horizon_deg:.2f} degrees"
