"""Tests of calibration: a known rig is found from drawn footage; insufficient footage is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import CalibrationError
from pipeline.optics.calibration import Calibration, Footage, calibrate
from pipeline.optics.calibration.plot import plot_calibration
from pipeline.optics.calibration.rivals import CREDIBLE, rivals_of
from pipeline.optics.calibration.solve import Spread
from pipeline.optics.calibration.verdict import judge
from pipeline.optics.rig import Rig
from tests.optics.calibration.conftest import OFFSET
from tests.optics.calibration.scene import footage, make_rig

pytestmark = pytest.mark.xdist_group("calibration-of-a-painted-pitch")


@pytest.fixture(scope="module")
def pair(painted: list[Footage]) -> Calibration:
    return calibrate(painted)


def _agree(found: Rig, true: Rig, focal: float, angle_deg: float) -> None:
    for ours, theirs in zip(found.cameras, true.cameras, strict=True):
        assert ours.lens.focal_px == pytest.approx(theirs.lens.focal_px, rel=focal)
        for angle in ("yaw_deg", "tilt_deg", "roll_deg"):
            assert getattr(ours, angle) == pytest.approx(getattr(theirs, angle), abs=angle_deg)


def test_the_rig_of_a_pair_is_found(pair: Calibration) -> None:
    true, found = make_rig(OFFSET), pair.rig
    _agree(found, true, 0.002, 0.1)
    assert found.surface.height_m == pytest.approx(8.0, rel=0.01)
    assert found.surface.range_cap_m == pytest.approx(85.0, rel=0.02)
    for ours, theirs in zip(found.cameras, true.cameras, strict=True):
        assert ours.position_m == pytest.approx(theirs.position_m, abs=0.02)
        assert ours.lens.centre_px == pytest.approx(theirs.lens.centre_px, abs=2.0)


def test_the_time_offset_and_colour_gains_of_a_pair_are_found(pair: Calibration) -> None:
    for ours, theirs in zip(pair.rig.cameras, make_rig(OFFSET).cameras, strict=True):
        assert ours.frame_offset == theirs.frame_offset
        assert ours.gain_bgr == pytest.approx(theirs.gain_bgr, abs=0.02)


def test_the_pitch_is_found(pair: Calibration) -> None:
    found, true = pair.rig.pitch, make_rig().pitch
    assert found is not None
    assert true is not None
    assert found.length_m == pytest.approx(true.length_m, abs=0.5)
    assert found.width_m == pytest.approx(true.width_m, abs=0.5)
    assert found.centre_m == pytest.approx(true.centre_m, abs=0.3)


def test_the_errors_are_saved_with_the_rig(pair: Calibration) -> None:
    quality = pair.rig.quality
    assert float(quality["median_px"]) < 0.2
    assert float(quality["ground_p95_px"]) < 0.5
    assert quality["scale"] == "pitch markings"
    assert pair.notes == ()


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_errors_are_drawn(pair: Calibration, ending: str, tmp_path: Path) -> None:
    plot_calibration(tmp_path / f"errors.{ending}", pair)
    assert (tmp_path / f"errors.{ending}").stat().st_size > 10_000


def test_a_calibration_without_matches_is_drawn_too(pair: Calibration, tmp_path: Path) -> None:
    alone = replace(pair, report=replace(pair.report, far=(), ties=(), line_rms_px={}))
    plot_calibration(tmp_path / "errors.png", alone)
    assert (tmp_path / "errors.png").read_bytes().startswith(b"\x89PNG")


def test_a_single_camera_is_calibrated(painted: list[Footage]) -> None:
    found = calibrate(painted[:1])
    assert calibrate(painted[:1]).rig == found.rig, "the same footage gives the same rig"
    true = make_rig().cameras[0]
    ours = found.rig.cameras[0]
    assert ours.lens.focal_px == pytest.approx(true.lens.focal_px, rel=0.02)
    assert ours.tilt_deg == pytest.approx(true.tilt_deg, abs=0.3)
    assert ours.roll_deg == pytest.approx(true.roll_deg, abs=0.3)
    assert found.rig.surface.height_m == pytest.approx(8.0, rel=0.03)
    rivals = rivals_of(found.fit)
    assert rivals[0].excess == 0.0
    models = {one.rig.cameras[0].lens.model: one.excess for one in rivals}
    assert models["fisheye"] < CREDIBLE < models["cylindrical"], (
        "the lens that drew the lines, and another kind"
    )


@pytest.mark.parametrize(
    ("rival", "height", "share", "grade"),
    [(0.0, 0.003, 0.9, "good"), (0.02, 0.003, 0.9, "usable"), (0.02, 0.009, 0.9, "refused"),
     (0.016, 0.0066, 0.9, "usable"), (0.016, 0.0066, 0.59, "refused")],
)  # fmt: skip
def test_what_lenses_and_lines_leave_open_counts_together(
    rival: float, height: float, share: float, grade: str, pair: Calibration
) -> None:
    seen = replace(pair.evidence.agreement, share=share, chance=0.0)
    evidence = replace(pair.evidence, agreement=seen, rival=rival, spread=Spread(height, 0.05))
    assert judge(evidence).grade == grade


@pytest.fixture(scope="module")
def unmarked() -> list[Footage]:
    return footage(make_rig(), marked=False)


def test_an_unmarked_pitch_is_refused(unmarked: list[Footage]) -> None:
    with pytest.raises(CalibrationError, match=r"no pitch lines .* give the horizon"):
        calibrate(unmarked)


def test_the_verdict_is_saved_with_the_rig(pair: Calibration) -> None:
    assert pair.verdict.grade == "good"
    assert pair.rig.quality["verdict"] == "good"


def test_footage_without_overlap_is_refused(painted: list[Footage]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3)).astype(np.uint8)
    height, width = painted[1].background.shape[:2]
    elsewhere = replace(painted[1], background=cv2.resize(noise, (width, height)))
    with pytest.raises(CalibrationError, match="left and right do not show enough of the same scene"):
        calibrate([painted[0], elsewhere])


def test_footage_without_texture_is_refused(painted: list[Footage]) -> None:
    flat = replace(painted[1], background=np.full_like(painted[1].background, 90))
    with pytest.raises(CalibrationError, match="right shows too little texture"):
        calibrate([painted[0], flat])


def test_one_camera_without_lines_is_refused(unmarked: list[Footage]) -> None:
    with pytest.raises(CalibrationError, match="too few straight lines"):
        calibrate(unmarked[:1])


def test_one_still_picture_is_refused(painted: list[Footage]) -> None:
    flicker = np.arange(12, dtype=np.uint8)[:, None, None] % 3
    photo = replace(painted[1], motion=painted[1].motion[:1] + flicker)
    with pytest.raises(CalibrationError, match="right shows one still picture"):
        calibrate([painted[0], photo])


@pytest.mark.parametrize("count", [0, 2])
def test_unusable_lists_are_refused(painted: list[Footage], count: int) -> None:
    with pytest.raises(CalibrationError, match=r"no source|the same name"):
        calibrate([painted[0]] * count)


@pytest.mark.parametrize(
    ("players_m", "share", "grade"),
    [(1.8, 0.95, "good"), (2.9, 0.95, "usable"), (1.05, 0.95, "usable"), (3.6, 0.95, "refused"),
     (0.8, 0.95, "refused"), (2.9, 0.55, "refused")],
)  # fmt: skip
def test_players_of_an_odd_height_need_markings_that_vouch_for_the_scale(
    players_m: float, share: float, grade: str, pair: Calibration
) -> None:
    seen = replace(pair.evidence.agreement, share=share, chance=0.0)
    verdict = judge(replace(pair.evidence, agreement=seen, players_m=players_m))
    assert verdict.grade == grade
    assert any("tall" in reason for reason in verdict.reasons) == (not 1.1 <= players_m <= 2.7)


@pytest.mark.parametrize(
    ("thin", "rms_px", "grade"), [(5, 0.3, "usable"), (4, 0.3, "refused"), (5, 1.4, "refused")]
)
def test_thin_markings_vouch_for_a_rig_where_few_thick_ones_are_in_view(
    thin: int, rms_px: float, grade: str, pair: Calibration
) -> None:
    thick = dict(list(pair.evidence.agreement.markings.items())[:3])
    assert all(one.share > 0.5 for one in thick.values())
    names = [f"thin line {i}" for i in range(thin)]
    line = next(iter(pair.fit.named.values()))
    evidence = replace(
        pair.evidence,
        agreement=replace(pair.evidence.agreement, markings=thick),
        fit=replace(pair.evidence.fit, named=dict.fromkeys(names, line)),
        report=replace(pair.evidence.report, line_rms_px=dict.fromkeys(names, rms_px)),
    )
    verdict = judge(evidence)
    assert verdict.grade == grade
    assert any("only 3 markings" in reason for reason in verdict.reasons) == (grade == "refused")
