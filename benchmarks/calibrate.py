"""Rigs drawn at random and rendered by independent code: what calibration makes of them, and what it refuses.

    foresight bench calibrate            or: python -m benchmarks.calibrate [--json FILE]

The sources are the two real films with their known rig and the built-in match, whose truth is exact. Each case is a
camera or a pair of any lens; the footage is a still background and frames of motion. FORESIGHT_DATA names the
folder of the films, FORESIGHT_BENCH_CACHE one for rendered stills, FORESIGHT_BENCH_SEEDS other seeds: 0-9,40-49.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import cKDTree

from benchmarks.calibration_draws import Case, draw, refusals
from benchmarks.calibration_scenes import Array
from benchmarks.harness import Row, main
from pipeline.errors import CalibrationError
from pipeline.optics.calibration.calibrate import Calibration, calibrate_and_judge
from pipeline.optics.rig import Rig

SEEDS = range(100, 140)
"""The seeds reported; thresholds were chosen on 0 to 39."""

SCALE, HORIZON_DEG, LINES_PX = 0.01, 0.5, 3.0
BAD_SCALE, BAD_HORIZON_DEG, BAD_LINES_PX = 0.03, 1.5, 10.0
"""A rig that is off by more than this and yet not refused is a bad rig."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case: the verdict, and how far off height, horizon and lines are (nan if not told)."""

    grade: str
    reason: str
    scale: float = float("nan")
    horizon_deg: float = float("nan")
    lines_px: float = float("nan")

    @property
    def within(self) -> bool:
        """Whether everything is within the goal."""
        return abs(self.scale) <= SCALE and self.horizon_deg <= HORIZON_DEG and self.lines_px <= LINES_PX

    @property
    def bad(self) -> bool:
        """Whether a rig was given that should have been refused."""
        if self.grade == "refused":
            return False
        off = (abs(self.scale) > BAD_SCALE, self.horizon_deg > BAD_HORIZON_DEG, self.lines_px > BAD_LINES_PX)
        return any(off)


def outcome_of(case: Case) -> tuple[Outcome, Calibration | None]:
    """Calibrate a case and compare the result with what it was made from."""
    try:
        found = calibrate_and_judge(case.footage)
    except CalibrationError as error:
        return Outcome("refused", str(error)), None
    verdict = found.verdict
    reason = "; ".join(verdict.reasons)
    if case.scene is None:
        return Outcome(verdict.grade, reason), found
    scale = found.rig.surface.height_m / case.scene.height - 1 if found.fit.scale_known else float("nan")
    return Outcome(
        verdict.grade, reason, scale, _horizon_off(found.rig, case), _lines_off(found.rig, case)
    ), found


def _horizon_off(rig: Rig, case: Case) -> float:
    """The largest difference in tilt at pixels on the true horizon, or at those of the picture nearest to it."""
    worst = 0.0
    for i, camera in enumerate(case.cameras):
        grid = camera.grid(16)[:, ::4]
        rays = camera.rays(grid)
        tilt = np.degrees(np.arcsin(np.clip(-rays[..., 1], -1, 1)))
        nearest = np.argmin(np.where(np.isfinite(tilt), np.abs(tilt), np.inf), axis=0)
        columns = np.arange(grid.shape[1])
        pixels, true = grid[nearest, columns], tilt[nearest, columns]
        own = rig.cameras[i]
        found = np.degrees(np.arcsin(np.clip(-(own.lens.unproject(pixels) @ own.rotation.T)[:, 1], -1, 1)))
        off = np.abs(found - true)[np.isfinite(true)]
        worst = max(worst, float(np.percentile(np.nan_to_num(off, nan=90.0), 90)))
    return worst


def _lines_off(rig: Rig, case: Case) -> float:
    """The median distance of the true markings in the pictures from those that the rig draws, in pixels."""
    if rig.pitch is None or case.scene is None:
        return float("nan")
    offs: list[Array] = []
    length, width = rig.pitch.length_m, rig.pitch.width_m
    scene = case.scene
    for i, camera in enumerate(case.cameras):
        own = rig.cameras[i]
        drawn = []
        for line in type(scene)("", rig.surface.height_m, 1e5, (), (length, width, 0.0, 0.0)).lines(0.1):
            x, z = rig.pitch.to_world(line[:, 0], line[:, 2])
            points = np.stack([x, np.full_like(x, rig.surface.height_m), z], axis=1) - own.position_m
            drawn.append(own.lens.project(points @ own.rotation))
        known = np.concatenate(drawn)
        known = known[np.isfinite(known).all(axis=1)]
        if not len(known):
            return float("inf")
        true = np.concatenate(
            [camera.to_pixels(line - np.asarray(camera.place)) for line in scene.lines(0.5)]
        )
        wide, high = camera.size
        with np.errstate(invalid="ignore"):
            seen = (true > 0).all(axis=1) & (true[:, 0] < wide) & (true[:, 1] < high)
        offs.append(cKDTree(known).query(true[seen])[0])
    return float(np.median(np.concatenate(offs)))


def cases() -> Iterator[Case]:
    """The cases of all seeds, one after another."""
    for seed in seeds():
        yield draw(seed, data_folder(), cache_folder())


def seeds() -> list[int]:
    """SEEDS, or those of FORESIGHT_BENCH_SEEDS."""
    text = os.environ.get("FORESIGHT_BENCH_SEEDS")
    if not text:
        return list(SEEDS)
    ends = [part.split("-") for part in text.split(",")]
    return [seed for part in ends for seed in range(int(part[0]), int(part[-1]) + 1)]


def data_folder() -> Path:
    """The folder of the real films."""
    return Path(os.environ.get("FORESIGHT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def cache_folder() -> Path:
    """The folder of rendered stills."""
    return Path(
        os.environ.get("FORESIGHT_BENCH_CACHE", Path(tempfile.gettempdir()) / "foresight-bench-calibrate")
    )


def run() -> Sequence[Row]:
    """How good the rigs are that are called good, and whether everything else is refused."""
    cv2.setNumThreads(1)
    outcomes = []
    for case in cases():
        began = time.process_time()
        outcome, _ = outcome_of(case)
        outcomes.append(outcome)
        print(_told(case.name, outcome, time.process_time() - began), flush=True)
    wrongly = []
    refused = refusals(data_folder(), cache_folder())
    for case in refused:
        began = time.process_time()
        outcome, _ = outcome_of(case)
        if outcome.grade != "refused":
            wrongly.append(case.name)
        print(_told(case.name, outcome, time.process_time() - began), flush=True)
    good = [one for one in outcomes if one.grade == "good"]
    usable = [one for one in outcomes if one.grade == "usable"]
    right = 100.0 * sum(one.within for one in good) / max(len(good), 1)
    bad = sum(one.bad for one in outcomes)
    rows = [
        Row("rigs drawn", len(outcomes), "", goal=">= 40", met=len(outcomes) >= 40),
        Row("called good", len(good), ""),
        Row("of these within 1 %, 0.5 deg and 3 px", right, "%", goal=">= 95 %", met=right >= 95),
        Row("called usable", len(usable), ""),
        Row("refused", len(outcomes) - len(good) - len(usable), ""),
        Row("bad rigs that were not refused", bad, "", goal="0", met=bad == 0),
        Row("footage without a rig, refused", len(refused) - len(wrongly), f"of {len(refused)}",
            goal="all", met=not wrongly),
    ]  # fmt: skip
    for name, values in (
        ("scale, good ones", [100 * abs(one.scale) for one in good]),
        ("horizon, good ones", [one.horizon_deg for one in good]),
        ("lines, good ones", [one.lines_px for one in good]),
    ):
        unit = {"s": "%", "h": "deg", "l": "px"}[name[0]]
        for label, part in (("median", 50), ("95th percentile", 95)):
            if values:
                rows.append(Row(f"{name}: {label}", float(np.percentile(values, part)), unit))
    return rows


def _told(name: str, outcome: Outcome, seconds: float) -> str:
    figures = f"scale {outcome.scale:+.2%} horizon {outcome.horizon_deg:.2f} lines {outcome.lines_px:.1f}"
    mark = "BAD " if outcome.bad else "off " if outcome.grade == "good" and not outcome.within else ""
    return f"{mark}{outcome.grade:8}{figures:44}{seconds:5.1f} s  {name}  {outcome.reason[:110]}"


if __name__ == "__main__":
    main(run)
