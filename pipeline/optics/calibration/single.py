"""The first rig of a single camera: every kind of lens is tried, and its picture of the pitch chooses.

Straight chains tell how a lens bends, and for panoramas also how wide it is; right angles on the ground give the
focal length of the others; the pitch that is then recognised tells which candidate is right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.errors import CalibrationError, RigError
from pipeline.optics.angles import Array
from pipeline.optics.calibration.agreement import RidgeMap, agreement
from pipeline.optics.calibration.chains import straight_lines
from pipeline.optics.calibration.circle import find_circle, pitch_of_circle
from pipeline.optics.calibration.first_rig import FIRST_SURFACE
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.level import axis_of, find_level, rotated
from pipeline.optics.calibration.lines import LinePoints
from pipeline.optics.calibration.markings import find_pitch, merged
from pipeline.optics.calibration.residuals import Axis, GroundLine, LineTable, straightness_errors_px
from pipeline.optics.calibration.solve import FreeParameters, Observations, solve
from pipeline.optics.lens import CylindricalLens, EquirectangularLens, FisheyeLens, Lens, RectilinearLens
from pipeline.optics.rig import Camera, Rig

LENS_GRIDS: tuple[tuple[type[Lens], tuple[int, ...]], ...] = (
    (FisheyeLens, (45, 55, 65, 75, 85, 95, 110, 130, 155, 180)),
    (RectilinearLens, (50, 65, 80, 95, 110, 122, 133, 141, 147, 152)),
    (CylindricalLens, (60, 80, 105, 130, 160, 190)),
    (EquirectangularLens, (60, 80, 105, 130, 160, 190)),
)
"""The lenses and the fields of view, in degrees, that a fit starts from."""

_MISFIT = 30.0
_MOST_LEVELLED, _MOST_COST = 16, 4.0
"""So many lenses are tried further, if their lines are not bent so much more than those of the best."""

_SLACK = 10.0
_QUICK_STEPS = 10
_STRAIGHT_SCALE_PX = 2.0
_FEWEST_CHAINS = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A level rig of one camera: whether pitch findings are missing, its agreement and the misfit of its lines."""

    rig: Rig
    missing: int
    score: float
    misfit: float


def candidates_of_one(footage: Footage, picture: RidgeMap, chains: list[Array]) -> list[Candidate]:
    """Level rigs of one camera, the most credible first.

    Raises CalibrationError if the lines are not sufficient.
    """
    found: list[Candidate] = []
    if len(chains) >= _FEWEST_CHAINS:
        for rig in _straightened(footage, chains):
            try:
                candidate = _levelled(rig, picture, chains)
            except (RigError, np.linalg.LinAlgError):  # a lens that no camera has
                continue
            if candidate is not None:
                found.append(candidate)
    if not found:
        raise CalibrationError(
            f"{footage.name} shows too few straight lines in two perpendicular directions to determine lens and "
            "level; show more of a marked pitch, or calibrate together with an overlapping camera"
        )
    found.sort(key=lambda one: (one.missing > 1, -one.score, one.misfit))
    return found


def lens_of(kind: type[Lens], size_px: tuple[int, int], hfov_deg: float) -> Lens:
    """A lens of a kind without distortion, with a horizontal field of view of `hfov_deg`."""
    width, height = size_px
    half = math.radians(hfov_deg) / 2
    reach = math.tan(half) if kind is RectilinearLens else half
    k = (0.0, 0.0) if kind.max_k else ()
    return kind(size_px, width / 2 / reach, ((width - 1) / 2, (height - 1) / 2), k)


def _straightened(footage: Footage, chains: list[Array]) -> Iterator[Rig]:
    """Rigs whose lens makes the chains straight, best first; a panorama's width comes with that."""
    fitted: list[tuple[float, Rig]] = []
    table = LineTable.of_straight([LinePoints(0, chain) for chain in chains])
    for kind, grid in LENS_GRIDS:
        seen: list[float] = []
        for hfov_deg in grid:
            lens = lens_of(kind, footage.size_px, hfov_deg)
            rig = Rig((Camera(footage.name, lens, outline_px=footage.outline_px),), FIRST_SURFACE)
            straight = tuple(LinePoints(0, chain) for chain in chains)
            free = FreeParameters(focal=kind.max_k == 0)
            try:
                rig = solve(rig, Observations(straight=straight), free, _STRAIGHT_SCALE_PX, _QUICK_STEPS)
            except (RigError, np.linalg.LinAlgError):
                continue
            focal_px = rig.cameras[0].lens.focal_px
            if any(abs(focal_px / other - 1) < 0.05 for other in seen):
                continue
            seen.append(focal_px)
            errors = straightness_errors_px(rig, table)
            fitted.append((float(np.log1p((errors / _STRAIGHT_SCALE_PX) ** 2).sum()), rig))
    fitted.sort(key=lambda one: one[0])
    worst = _MOST_COST * (fitted[0][0] + _SLACK) if fitted else 0.0
    yield from (rig for cost, rig in fitted[:_MOST_LEVELLED] if cost <= worst)


def _levelled(rig: Rig, picture: RidgeMap, chains: list[Array]) -> Candidate | None:
    """The rig levelled by its lines; None without a level."""
    lines = straight_lines(0, chains, rig.cameras[0].lens, 3.0)
    level = find_level(rig, lines)
    if level is None:
        return None
    rig = rotated(rig, level.axes)
    ground = _ground(lines, level.line_axes)
    free = FreeParameters(first_camera=True)
    rig = solve(rig, Observations(ground=ground), free, 1.5, _QUICK_STEPS)
    lines = straight_lines(0, chains, rig.cameras[0].lens, 2.5)
    ground = _ground(lines, [axis_of(rig, line) for line in lines])
    if {one.axis for one in ground} != {"x", "z"}:
        return None
    observations = Observations(ground=ground)
    rig = solve(rig, observations, free, 1.5, _QUICK_STEPS)
    on_axis = sum(len(one.parts[0].pixels) for one in ground)
    misfit = float(np.minimum(observations.errors_px(rig) ** 2, _MISFIT).sum()) / max(on_axis, 1) ** 2
    joined = merged(rig, ground, 0.02)
    metres, pitch = find_pitch(rig, joined)
    circle = find_circle(rig, joined, [chains]) if pitch is None else None
    if circle is not None:
        metres, pitch = pitch_of_circle(rig, circle, joined, [picture])
    if pitch is None:
        return Candidate(rig, 1 + int(np.isnan(metres)), 0.0, misfit)
    score = agreement(replace(rig.scaled(metres), pitch=pitch), [picture]).score
    return Candidate(rig, 0, score, misfit)


def _ground(lines: Sequence[LinePoints], axes: Sequence[Axis | None]) -> tuple[GroundLine, ...]:
    return tuple(GroundLine(axis, (line,)) for line, axis in zip(lines, axes, strict=True) if axis)
