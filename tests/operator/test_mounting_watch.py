"""Tests of the watch over cameras that are set up: on real pipelines, with a calibration that costs nothing."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.errors import CalibrationError, SourceError
from pipeline.media.source_spec import SourceSpec
from pipeline.operator import mounting_watch
from pipeline.operator.mounting_watch import MountingWatch
from pipeline.optics.calibration import Footage
from pipeline.optics.calibration.verdict import Verdict
from pipeline.optics.rig import Rig

SIZE = (640, 360)
RATE = 25


class Attempts:
    """In place of calibration: notes what it is given."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.footage: list[Footage] = []
        self.priority = 0

    def __call__(self, footage: list[Footage], progress: Any) -> Any:
        progress("fitting")
        self.footage.append(footage[0])
        self.priority = os.getpriority(os.PRIO_PROCESS, 0)
        return SimpleNamespace(verdict=self.verdict, rig=Rig.assume(*SIZE))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounting_watch, "STEADY_S", 0.4)
    monkeypatch.setattr(mounting_watch, "AGAIN_S", 0.2)


def film(path: Path, moments: list[np.ndarray]) -> SourceSpec:
    """A film of still pictures with grain."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, SIZE)
    grain = np.random.default_rng(1)
    for moment in moments:
        noisy = moment.astype(int) + grain.integers(-7, 8, moment.shape[:2])[..., None]
        writer.write(np.clip(noisy, 0, 255).astype(np.uint8))
    writer.release()
    return SourceSpec.parse(str(path))


def scene(right_px: int = 0) -> np.ndarray:
    """A landscape, seen by a camera that is turned so many pixels to the right."""
    noise = np.random.default_rng(3).integers(0, 255, (45, 160)).astype(np.uint8)
    wide = cv2.resize(noise, (4 * SIZE[0], SIZE[1]), interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(np.ascontiguousarray(wide[:, right_px : right_px + SIZE[0]]), cv2.COLOR_GRAY2BGR)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("verdict", "kept"), [(Verdict("good"), True), (Verdict("usable", ("faint",)), False)]
)
def test_the_verdict_comes_and_only_a_good_rig_is_kept(
    verdict: Verdict, kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = Attempts(verdict)
    monkeypatch.setattr(mounting_watch, "calibrate_and_judge", attempts)
    with MountingWatch([film(tmp_path / "camera.avi", [scene()] * 20)]) as watch:
        while not watch.wait(0.1):
            pass
        state, rig = watch.state(), watch.rig()
    assert (state.verdict, state.reasons) == (verdict.grade, verdict.reasons)
    assert state.mounting is not None
    assert state.cameras[0].name == "camera"
    assert state.cameras[0].tilt_deg == pytest.approx(-10.0)
    assert (rig is not None) is kept
    assert attempts.priority >= mounting_watch.NICE


@pytest.mark.usefixtures("quick")
def test_what_was_seen_before_a_camera_was_turned_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = Attempts(Verdict("good"))
    monkeypatch.setattr(mounting_watch, "calibrate_and_judge", attempts)
    before, after = scene(), scene(40)
    with MountingWatch([film(tmp_path / "camera.avi", [before] * 30 + [after] * 45)]) as watch:
        while not watch.wait(0.1):
            pass
    background = attempts.footage[-1].background.astype(int)
    assert np.abs(background - after).mean() < 12 < np.abs(background - before).mean()


@pytest.mark.usefixtures("quick")
def test_footage_that_is_refused_has_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise CalibrationError("too few lines")

    monkeypatch.setattr(mounting_watch, "calibrate_and_judge", refuse)
    with MountingWatch([film(tmp_path / "camera.avi", [scene()] * 20)]) as watch:
        while not watch.wait(0.1):
            pass
        state = watch.state()
    assert (state.verdict, state.reasons) == ("refused", ("too few lines",))
    assert watch.rig() is None


def test_a_source_that_fails_ends_the_watch(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("no video")
    with MountingWatch([SourceSpec.parse(str(path))]) as watch, pytest.raises(SourceError):  # noqa: PT012
        while not watch.wait(0.1):
            pass
