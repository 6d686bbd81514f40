"""The error report of a rig, by cross-validation: spatial blocks of matches are held out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.markings import law_lengths
from pipeline.optics.calibration.refine import Fit
from pipeline.optics.calibration.residuals import (
    LineTable,
    ground_line_error_px,
    match_errors_px,
    straightness_errors_px,
)
from pipeline.optics.calibration.solve import solve

Scale = Literal["pitch markings", "control points", "players", "guess"]
"""What a rig's metres come from; see ``Rig.scale_is_guess``."""

FOLDS = 4
_BLOCK_PX = 256


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Matches, and their errors (n, 2) in pixels in a rig that was fitted without their blocks of the image."""

    matches: Matches
    errors_px: Array

    @property
    def distances_px(self) -> Array:
        """The lengths of the errors in pixels, (n,)."""
        distances: Array = np.linalg.norm(self.errors_px, axis=1)
        return distances


@dataclass(frozen=True, slots=True)
class Report:
    """The errors of a calibration: held-out matches and ties, rms of each line, lengths compared with the laws'."""

    far: tuple[HeldOut, ...]
    ties: tuple[HeldOut, ...]
    rejected: int
    line_rms_px: dict[str, float]
    lengths_m: dict[str, tuple[float, float]]
    points_px: tuple[tuple[str, float], ...] = ()
    """The control points with their held-out errors."""

    def percentiles(self, *, ground: bool) -> tuple[float, float] | None:
        """Median and 95th percentile in pixels, of the ties on the ground or of all matches, ties included; None
        without any."""
        chosen = self.ties if ground else (*self.far, *self.ties)
        distances = np.concatenate([np.empty(0), *(part.distances_px for part in chosen)])
        if not len(distances):
            return None
        median, p95 = np.percentile(distances, [50, 95])
        return float(median), float(p95)

    def lines(self) -> list[str]:
        """The report as text for users, one line per figure."""
        text = []
        for name, ground in (("all matches", False), ("ground ties", True)):
            figures = self.percentiles(ground=ground)
            if figures is not None:
                text.append(f"{name}, held out: median {figures[0]:.2f} px, p95 {figures[1]:.2f} px")
        text += [f"{name}, held out: {off_px:.1f} px" for name, off_px in self.points_px]
        text += [f"{name}: {rms_px:.2f} px rms" for name, rms_px in self.line_rms_px.items()]
        text += [
            f"{name}: {length_m:.2f} m, by law {law_m:.2f} m ({length_m / law_m - 1:+.1%})"
            for name, (length_m, law_m) in self.lengths_m.items()
        ]
        return text


def assess(fit: Fit) -> Report:
    """Hold out the blocks of each fold, fit to the rest, and measure the held-out errors. Lines stay in every
    fit."""
    held = hold_out(fit)
    split = len(fit.far)
    named = {name: ground_line_error_px(fit.rig, line)[0] for name, line in fit.named.items()}
    if not named:
        named = _unnamed(fit)
    return Report(
        held[:split],
        held[split:],
        fit.rejected,
        {name: float(np.sqrt(np.mean(errors**2))) for name, errors in named.items()},
        law_lengths(fit.rig, fit.named),
    )


def _unnamed(fit: Fit) -> dict[str, Array]:
    """The errors of lines that are not recognised as markings: ground lines, or else straight lines, by number."""
    ground = {
        f"line {i}": ground_line_error_px(fit.rig, line)[0]
        for i, line in enumerate(fit.observations.ground, 1)
    }
    straight = {
        f"line {i}": straightness_errors_px(fit.rig, LineTable.of_straight([line]))
        for i, line in enumerate(fit.observations.straight, 1)
    }
    return ground or straight


def hold_out(fit: Fit) -> tuple[HeldOut, ...]:
    everything = (*fit.far, *fit.ties)
    folds = [_folds(matches) for matches in everything]
    errors = [np.zeros((len(matches), 2)) for matches in everything]
    for fold in range(FOLDS if any(map(len, everything)) else 0):
        kept = tuple(matches.where(of != fold) for matches, of in zip(everything, folds, strict=True))
        rig = solve(fit.rig, replace(fit.observations, matches=kept), fit.free, 1.0)
        for matches, of, into in zip(everything, folds, errors, strict=True):
            into[of == fold] = match_errors_px(rig, matches.where(of == fold))
    return tuple(HeldOut(matches, error) for matches, error in zip(everything, errors, strict=True))


def _folds(matches: Matches) -> NDArray[np.intp]:
    """The fold of each match, (n,): that of its block in the image of camera a; neighbours have different folds."""
    columns, rows = (matches.pixels_a // _BLOCK_PX).astype(int).T
    folds: NDArray[np.intp] = (columns + 2 * rows) % FOLDS
    return folds


def table(
    report: Report, level_known: bool, scale: Scale, grade: str, reasons: Sequence[str]
) -> dict[str, float | int | str | bool]:
    """The verdict and the report as the rig file's [quality] table."""
    quality: dict[str, float | int | str | bool] = {"verdict": grade}
    if reasons:
        quality["reasons"] = "; ".join(reasons)
    for prefix, ground in (("", False), ("ground_", True)):
        figures = report.percentiles(ground=ground)
        if figures is not None:
            quality[f"{prefix}median_px"], quality[f"{prefix}p95_px"] = (
                round(figure, 3) for figure in figures
            )
    if report.line_rms_px:
        quality["line_rms_px"] = round(max(report.line_rms_px.values()), 3)
    quality["matches"] = sum(len(part.matches) for part in report.far)
    quality["ground_ties"] = sum(len(part.matches) for part in report.ties)
    quality["matches_left_out"] = report.rejected
    if report.points_px:
        offs = [off_px for _, off_px in report.points_px]
        quality["points"] = len(offs)
        quality["points_median_px"], quality["points_worst_px"] = (
            round(float(np.median(offs)), 2),
            round(max(offs), 2),
        )
    quality["level"] = "pitch lines" if level_known else "assumed"
    quality["scale"] = scale
    for name, rms_px in report.line_rms_px.items():
        quality[f"{_key(name)}_rms_px"] = round(rms_px, 3)
    for name, (length_m, law_m) in report.lengths_m.items():
        quality[f"{_key(name)}_m"] = round(length_m, 2)
        quality[f"{_key(name)}_of_law"] = round(length_m / law_m, 4)
    return quality


def _key(name: str) -> str:
    return name.replace(" ", "_")
