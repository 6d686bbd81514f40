"""Tests of calibration by points: the rig that was clicked on is found, or the reason is given why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import CalibrationError, ConfigError
from pipeline.fields import FieldSize, load_field
from pipeline.optics.calibration import Footage
from pipeline.optics.calibration.agreement import NO_AGREEMENT
from pipeline.optics.calibration.by_points import calibrate_by_points
from pipeline.optics.calibration.control_points import (
    ControlPoints,
    PointsFile,
    control_points,
    read_points,
)
from pipeline.optics.calibration.points_fit import fit_points
from pipeline.optics.calibration.points_verdict import judge_points
from pipeline.optics.calibration.quality import Report
from pipeline.optics.rig import Rig
from tests.optics.calibration.clicks import alone, click, draw_rig, errors, football_case
from tests.optics.calibration.conftest import OFFSET
from tests.optics.calibration.scene import make_rig

NO_REPORT = Report((), (), 0, {}, {})
GOOD = """
version = 1
field = "football"
size_m = [100.0, 64.0]

[[camera]]
name = "left"
size_px = [1600, 900]
[camera.points]
"centre spot" = [1388.6, 353.2]
"left near corner" = [40.0, 700.5]
"""


def check_case(rig: Rig, points: ControlPoints) -> str:
    """The grade of the points; a rig that is not refused is the one that was clicked on."""
    fit = fit_points(points)
    verdict = judge_points(points, fit, NO_REPORT, NO_AGREEMENT)
    if verdict.grade != "refused":
        scale, horizon_deg, lines_px = errors(rig, fit.rig)
        assert scale < 0.04
        assert horizon_deg < 1.5
        assert lines_px < 12 * points.cameras[0].size_px[0] / 1920
    else:
        assert verdict.reasons[0]
    return verdict.grade


@pytest.mark.parametrize("seed", range(3))
def test_the_clicks_alone_give_the_rig_or_are_refused(seed: int) -> None:
    case = football_case(seed, 12, 1.0 + seed)
    assert case is not None
    check_case(*case)


@pytest.mark.slow
def test_of_many_rigs_none_is_wrong_and_most_of_those_with_many_clicks_are_found() -> None:
    grades = []
    for seed in range(40):
        rng = np.random.default_rng((seed, 1))
        count = int(rng.choice([5, 7, 9, 12, 16]))
        case = football_case(1000 + seed, count, float(rng.uniform(1, 3)))
        if case is not None:
            grades.append((count, check_case(*case)))
    many = [grade for count, grade in grades if count >= 12]
    assert sum(grade != "refused" for grade in many) >= 0.4 * len(many)


@pytest.mark.parametrize("name", ["handball", "basketball", "ice_hockey", "rugby"])
def test_other_fields_work_as_football_does(name: str) -> None:
    field = load_field(name)
    rng = np.random.default_rng(5)
    rig = draw_rig(rng, field, field.sized(None))
    points = click(rng, rig, [12], 0.3)
    assert points is not None
    assert check_case(rig, points) != "refused"


def test_four_clicks_and_the_paint_beside_them_give_a_good_rig(painted: list[Footage]) -> None:
    rig = alone(make_rig(OFFSET), 0)
    points = click(np.random.default_rng(1), rig, [4], 2.0)
    assert points is not None
    calibration = calibrate_by_points(painted[:1], points)
    assert calibration.verdict.grade == "good"
    scale, horizon_deg, lines_px = errors(rig, calibration.rig)
    assert scale < 0.005
    assert horizon_deg < 0.1
    assert lines_px < 1.0
    assert calibration.rig.quality["points"] == 4
    assert calibration.rig.quality["scale"] == "control points"


@pytest.mark.slow
@pytest.mark.parametrize("counts", [[5, 5], [6, 0]])
def test_matches_place_the_other_camera(painted: list[Footage], counts: list[int]) -> None:
    rig = make_rig(OFFSET)
    points = click(np.random.default_rng(1), rig, counts, 2.0)
    assert points is not None
    calibration = calibrate_by_points(painted, points)
    assert calibration.verdict.grade == "good"
    assert max(errors(rig, calibration.rig)) < 1.0
    assert calibration.rig.cameras[1].frame_offset == OFFSET
    assert errors(rig, calibration.rig)[0] < 0.005


def case_of_left() -> tuple[Rig, ControlPoints]:
    rig = alone(make_rig(), 0)
    points = click(np.random.default_rng(3), rig, [9], 1.0)
    assert points is not None
    return rig, points


def changed(points: ControlPoints, pixels: np.ndarray) -> ControlPoints:
    return replace(points, cameras=(replace(points.cameras[0], pixels=pixels),))


def test_mirrored_points_are_refused() -> None:
    _, points = case_of_left()
    mirrored = points.cameras[0].pixels * (-1, 1) + (1599, 0)
    with pytest.raises(CalibrationError, match="left: the points are mirrored"):
        fit_points(changed(points, mirrored))


def test_a_point_with_the_wrong_name_is_named() -> None:
    _, points = case_of_left()
    pixels = points.cameras[0].pixels.copy()
    pixels[2] += (90, -60)
    fit = fit_points(changed(points, pixels))
    verdict = judge_points(changed(points, pixels), fit, NO_REPORT, NO_AGREEMENT)
    assert verdict.grade == "refused"
    assert repr(points.cameras[0].names[2]) in verdict.reasons[0]


@pytest.mark.slow
def test_a_field_of_another_size_is_refused() -> None:
    _, points = case_of_left()
    names, camera = points.cameras[0].names, points.cameras[0]
    size = FieldSize(75.0, 64.0)
    markings = points.field.markings(*size)
    places = np.array([(*point.at, 0.0) for name in names if (point := markings.point(name)) is not None])
    wrong = ControlPoints(points.field, size, (replace(camera, places_m=places),))
    verdict = judge_points(wrong, fit_points(wrong), NO_REPORT, NO_AGREEMENT)
    assert verdict.grade == "refused"


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        (lambda names: [i < 3 for i in range(len(names))], "3 points give no pose: 4"),
        (lambda names: [False for _ in names], "0 points give no pose"),
    ],
)
def test_too_few_points_are_refused(keep: object, said: str) -> None:
    _, points = case_of_left()
    fewer = replace(points, cameras=(points.cameras[0].where(keep(points.cameras[0].names)),))  # type: ignore[operator]
    with pytest.raises(CalibrationError, match=said):
        fit_points(fewer)


def test_points_on_one_line_of_the_field_are_refused() -> None:
    rig = alone(make_rig(), 0)
    file_points = {
        name: (100.0 + 90 * i, 500.0 - 11 * i)
        for i, name in enumerate(
            [
                "left near corner",
                "left penalty area near back corner",
                "left goal near post",
                "left far corner",
            ]
        )
    }
    points = control_points(
        _file({"left": file_points}), ["left"], [rig.cameras[0].size_px], "football", FieldSize(100, 64)
    )
    with pytest.raises(CalibrationError, match="on one line of the field"):
        fit_points(points)


def test_two_points_at_one_pixel_and_a_heap_of_points_are_refused() -> None:
    _, points = case_of_left()
    pixels = points.cameras[0].pixels.copy()
    pixels[1] = pixels[0]
    with pytest.raises(CalibrationError, match="at the same pixel"):
        fit_points(changed(points, pixels))
    heap = points.cameras[0].pixels / 100 + (800, 450)
    with pytest.raises(CalibrationError, match=r"close together|same pixel"):
        fit_points(changed(points, heap))


def _file(cameras: dict[str, dict[str, tuple[float, float]]]) -> PointsFile:
    return PointsFile(None, None, tuple((name, None, points) for name, points in cameras.items()))


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "points.toml"
    path.write_text(GOOD, encoding="utf-8")
    points = control_points(
        read_points(path), ["left", "right"], [(3200, 1800), (640, 480)], "handball", None
    )
    assert points.field.name == "football"
    assert points.size == (100.0, 64.0)
    left, right = points.cameras
    assert left.names == ("centre spot", "left near corner")
    assert left.pixels[0] == pytest.approx(((1388.6 + 0.5) * 2 - 0.5, (353.2 + 0.5) * 2 - 0.5))
    assert len(right) == 0


def read_all(path: Path) -> ControlPoints:
    return control_points(read_points(path), ["left", "right"], [(1600, 900)] * 2, "football", None)


TABLE = "[[camera]]\n[camera.points]\n"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("version = 1", "version = 3", "version"),
        ('field = "football"', 'field = "footbal"', "there is no field 'footbal'"),
        ('field = "football"', "fields = 1", "fields"),
        ("[100.0, 64.0]", "[100.0]", "size_m"),
        ("[100.0, 64.0]", "[100.0, -64.0]", "size_m"),
        ("[100.0, 64.0]", "[20.0, 64.0]", "no room"),
        ('name = "left"', 'name = "middle"', "the cameras are left, right"),
        ('"centre spot"', '"center spot"', "did you mean 'centre spot'"),
        ('"centre spot"', '"the moon"', "has no point 'the moon'"),
        ("[1388.6, 353.2]", "[1388.6]", "centre spot"),
        ("[1388.6, 353.2]", "[1388.6, nan]", "centre spot"),
        ("[1388.6, 353.2]", '["a", 3]', "centre spot"),
        ("[1388.6, 353.2]", "[2000, 353.2]", "outside the picture of 1600x900"),
        ("[1600, 900]", "[1600, 400]", "are of a picture of (1600, 400)"),
        ("[camera.points]", "[camera.point]", "camera.1.points"),
        ("[[camera]]", TABLE + TABLE + "[[camera]]", "3 cameras"),
        ("[[camera]]", "[[camera]", "not TOML"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "points.toml"
    assert before in GOOD
    path.write_text(GOOD.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_all(path)
    assert said in str(caught.value)


def test_a_file_that_is_missing_is_told() -> None:
    with pytest.raises(ConfigError, match="cannot read the points"):
        read_points(Path("/nowhere/points.toml"))
