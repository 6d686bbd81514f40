"""What a run works with: rigs found, saved and assumed; the field as the user draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.analysis.motion import MotionDetector
from pipeline.errors import CalibrationError, ConfigError, RigError
from pipeline.optics.angles import rotation
from pipeline.optics.calibration import Footage
from pipeline.optics.calibration.level import rotated
from pipeline.optics.rig import Rig
from pipeline.run.rig_choice import assumed_rig, detector_for, kept_rig_path, known_rig
from pipeline.settings import Settings
from tests.optics.calibration.clicks import alone as alone_of
from tests.optics.calibration.conftest import painted as painted
from tests.optics.calibration.scene import make_rig
from tests.optics.rigs import two_cameras

MATCH = "match?size=720x240&fps=25"


def settings(**values: Any) -> Settings:
    """A run of the match."""
    return Settings.parse({"sources": [MATCH]} | values)


def match_rig() -> Rig:
    """The match's own rig."""
    _, rig, note = known_rig(settings())
    assert rig is not None
    assert note is None
    return rig


def test_the_match_has_a_rig_and_a_plain_video_has_none() -> None:
    assert match_rig().frame_size == (720, 240)
    assert known_rig(settings(sources=["video.mp4"]))[1:] == (None, None)
    rig, note = assumed_rig(2880, 960)
    assert rig.frame_size == (2880, 960)
    assert "cylindrical" in note


def test_a_rig_for_another_number_of_cameras_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    match_rig().save(path)
    assert known_rig(settings(rig=str(path))).rig is not None
    with pytest.raises(RigError, match="1 cameras but 2 sources"):
        known_rig(settings(sources=["left.mp4", "right.mp4"], rig=str(path)))


def test_a_calibrated_rig_is_saved_beside_the_video() -> None:
    assert kept_rig_path(settings(outputs=["videos/match.mp4"])) == Path("videos/match.rig.toml")
    assert kept_rig_path(settings()) == Path("foresight.rig.toml")


def test_the_field_is_that_of_the_rig_or_as_drawn(tmp_path: Path) -> None:
    rig = match_rig()
    picture = tmp_path / "mask.png"
    mask = np.zeros((240, 720), np.uint8)
    mask[120:200, 200:500] = 255
    cv2.imwrite(str(picture), mask)
    for detector in (
        {},
        {"field_mask": False},
        {"field_picture": str(picture)},
        {"field_polygon_deg": [[-20, -10], [20, -10], [20, -25], [-20, -25]]},
    ):
        assert isinstance(detector_for(settings(detector=detector), rig), MotionDetector)


@pytest.mark.parametrize(
    ("corners", "words"),
    [([[0, -10], [5, -10]], "three or more"), ([[0, 10], [5, -10], [9, -12]], "above the horizon")],
)
def test_an_impossible_field_is_refused_with_the_reason(corners: list[list[float]], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        detector_for(settings(detector={"field_polygon_deg": corners}), match_rig())


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, painted: list[Footage]) -> Settings:
    """A run of two cameras with a kept rig, whose footage is that of the painted pitch."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipeline.run.rig_choice.refuse_same_view", lambda *_args, **_names: None)
    monkeypatch.setattr("pipeline.run.rig_choice.read_footage", lambda *_args: painted)
    return settings(sources=["left.mp4", "right.mp4"])


def test_a_kept_rig_that_fits_is_used(two: Settings) -> None:
    make_rig().save(kept_rig_path(two))
    _, rig, note = known_rig(two)
    assert rig == make_rig()
    assert note is not None
    assert "earlier calibration" in note


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (lambda rig: replace(rig, cameras=rig.cameras[:1]), "1 cameras, and there are 2 sources"),
        (lambda rig: rotated(rig, rotation(0, 4, 0)), "not where the rig has them"),
        (lambda rig: replace(rotated(rig, rotation(0, 12, 0)), pitch=None), "horizon runs through the turf"),
        (lambda rig: replace(rig, cameras=(rig.cameras[0], replace(rig.cameras[1], yaw_deg=39.0)), pitch=None),
         "no longer shows"),
        (lambda rig: two_cameras(), "1600x900, the rig is made for 1024x576"),
    ],
)  # fmt: skip
def test_a_kept_rig_that_does_not_fit_is_calibrated_anew_or_one_camera_is_shown(
    kept: Callable[[Rig], Rig], words: str, two: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept_rig_path(two)
    kept(make_rig()).save(path)
    before = path.read_bytes()

    def refused(*_args: object) -> None:
        raise CalibrationError("no overlap")

    monkeypatch.setattr("pipeline.run.rig_choice.calibrate_sources", refused)
    alone, rig, note = known_rig(two)
    assert rig is None
    assert alone.sources in (two.sources[:1], two.sources[1:])
    assert alone.is_live == two.is_live
    assert note is not None
    for said in (words, "no overlap", "alone, without the other cameras"):
        assert said in note
    assert path.read_bytes() == before, "what was kept is not overwritten"


def test_a_kept_rig_that_cannot_be_read_is_told_and_not_used(
    two: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_rig_path(two).write_text("version = 1\n[[camera]\n", encoding="utf-8")

    def refused(*_args: object) -> None:
        raise CalibrationError("no overlap")

    monkeypatch.setattr("pipeline.run.rig_choice.calibrate_sources", refused)
    note = known_rig(two).note
    assert note is not None
    assert "is not TOML" in note


def test_one_camera_uses_the_rig_that_was_kept_for_it_if_it_fits(
    two: Settings, monkeypatch: pytest.MonkeyPatch, painted: list[Footage]
) -> None:
    one = settings(sources=["left.mp4"])
    monkeypatch.setattr("pipeline.run.rig_choice.read_footage", lambda *_args: painted[:1])
    rig = alone_of(make_rig(), 0)
    rig.save(kept_rig_path(one))
    assert known_rig(one).rig == rig
    rotated(rig, rotation(0, 4, 0)).save(kept_rig_path(one))
    _, found, note = known_rig(one)
    assert found is None
    assert note is not None
    assert "not where the rig has them" in note


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda rig: rig, None),
        (lambda rig: rotated(rig, rotation(0, 4, 0)), "the pitch lines are not where the rig has them"),
        (lambda rig: replace(rotated(rig, rotation(0, 12, 0)), pitch=None), "its horizon runs through the turf"),
    ],
)  # fmt: skip
def test_a_given_rig_that_does_not_fit_is_used_and_told(
    given: Callable[[Rig], Rig], words: str | None, two: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "given.toml"
    given(make_rig()).save(path)
    used, rig, note = known_rig(two.model_copy(update={"rig": path}))
    assert rig == given(make_rig())
    assert used.sources == two.sources
    if words is None:
        assert note is None
    else:
        assert note is not None
        assert words in note
        assert "given.toml does not fit the footage" in note


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda rig: two_cameras(), "left sends 1600x900, the rig is made for 1024x576"),
        (lambda rig: replace(rig, cameras=rig.cameras[::-1]), "give the sources as right.mp4 left.mp4"),
    ],
)
def test_a_given_rig_that_cannot_be_that_of_the_sources_is_refused(
    given: Callable[[Rig], Rig], words: str, two: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "given.toml"
    given(make_rig()).save(path)
    with pytest.raises(RigError, match=words):
        known_rig(two.model_copy(update={"rig": path}))


def test_a_very_wide_film_is_not_taken_for_a_whole_turn() -> None:
    rig = Rig.assume(6500, 1000)
    assert rig.coverage().yaw_max_deg - rig.coverage().yaw_min_deg == pytest.approx(160, abs=1)


def test_a_rig_without_a_scale_gets_a_guessed_height(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    unscaled = replace(make_rig(), pitch=None).scaled(1 / 8.0)
    replace(unscaled, quality={"scale": "unknown: height_m = 1.0 is assumed"}).save(path)
    _, rig, note = known_rig(settings(sources=["left.mp4", "right.mp4"], rig=str(path)))
    assert rig is not None
    assert rig.surface.height_m == pytest.approx(8.0)
    assert rig.cameras[0].position_m == pytest.approx(make_rig().cameras[0].position_m)
    assert note is not None
    assert "guess" in note


def test_a_black_bar_beside_a_picture_of_usual_shape_stays(
    monkeypatch: pytest.MonkeyPatch, painted: list[Footage]
) -> None:
    beside = ((200.0, 0.0), (1599.0, 0.0), (1599.0, 899.0), (200.0, 899.0))
    one = replace(painted[0], outline_px=beside)
    monkeypatch.setattr("pipeline.run.rig_choice.read_footage", lambda *_args: [one])
    assert known_rig(settings(sources=["camera.mp4"]))[1:] == (None, None)


def test_a_file_with_a_black_border_gets_the_rig_of_its_picture(
    monkeypatch: pytest.MonkeyPatch, painted: list[Footage]
) -> None:
    bars = ((0.0, 120.0), (1599.0, 120.0), (1599.0, 780.0), (0.0, 780.0))
    one = replace(painted[0], outline_px=bars)
    monkeypatch.setattr("pipeline.run.rig_choice.read_footage", lambda *_args: [one])
    _, rig, note = known_rig(settings(sources=["panorama.mp4"]))
    assert rig is not None
    assert rig.cameras[0].outline_px == bars
    assert rig == assumed_rig(1600, 900, bars)[0]
    assert note is not None
    assert "black border of panorama.mp4 is left out" in note
