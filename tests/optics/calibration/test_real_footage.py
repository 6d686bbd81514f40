"""Tests of calibration with the two real recordings, against the documented errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.gst.capture.footage import read_footage
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.calibration import Calibration, calibrate
from pipeline.optics.calibration.preview import draw_preview
from pipeline.optics.rig import Rig

pytestmark = pytest.mark.xdist_group("calibration-of-the-real-footage")


@pytest.fixture(scope="module")
def real(shared_data: Path) -> tuple[Calibration, np.ndarray]:
    footage = read_footage([SourceSpec.parse(str(shared_data / name)) for name in ("left.mp4", "right.mp4")])
    calibration = calibrate(footage)
    return calibration, draw_preview(calibration, footage, 960)


def test_held_out_matches_and_ties_fit(real: tuple[Calibration, np.ndarray]) -> None:
    report = real[0].report
    matches, ground = report.percentiles(ground=False), report.percentiles(ground=True)
    assert matches is not None
    assert ground is not None
    assert matches[0] <= 0.8
    assert matches[1] <= 2.0
    assert ground[0] <= 0.5
    assert ground[1] <= 1.5


def test_every_pitch_line_fits(real: tuple[Calibration, np.ndarray]) -> None:
    lines = real[0].report.line_rms_px
    assert len(lines) >= 8
    assert max(lines.values()) <= 1.5


def test_lengths_agree_with_the_laws_of_the_game(real: tuple[Calibration, np.ndarray]) -> None:
    lengths = real[0].report.lengths_m
    assert len(lengths) >= 4
    assert all(abs(length / law - 1) <= 0.02 for length, law in lengths.values())


def test_right_runs_four_frames_ahead(real: tuple[Calibration, np.ndarray]) -> None:
    assert [camera.frame_offset for camera in real[0].rig.cameras] == [0, -4]


def test_the_result_agrees_with_the_known_rig(
    real: tuple[Calibration, np.ndarray], shared_data: Path
) -> None:
    known, found = Rig.load(shared_data / "rig.toml"), real[0].rig
    assert found.surface.height_m == pytest.approx(known.surface.height_m, rel=0.03)
    for ours, theirs in zip(found.cameras, known.cameras, strict=True):
        assert ours.lens.focal_px == pytest.approx(theirs.lens.focal_px, rel=0.005)
        assert ours.tilt_deg == pytest.approx(theirs.tilt_deg, abs=0.3)
        assert ours.roll_deg == pytest.approx(theirs.roll_deg, abs=0.3)
        assert np.allclose(ours.gain_bgr, theirs.gain_bgr, atol=0.03)
    assert found.pitch is not None
    assert found.pitch.length_m == pytest.approx(105.0, abs=2.0)
    assert found.pitch.width_m == pytest.approx(68.0, abs=2.0)


def test_the_rig_is_read_back_from_its_file(real: tuple[Calibration, np.ndarray], tmp_path: Path) -> None:
    real[0].rig.save(tmp_path / "rig.toml")
    assert Rig.load(tmp_path / "rig.toml") == real[0].rig


def test_the_preview_shows_the_panorama(real: tuple[Calibration, np.ndarray]) -> None:
    _, picture = real
    assert picture.shape[1] == 960
    assert picture[picture.shape[0] // 2].mean() > 50
