"""Tests of the watch over cameras that are set up: on real pipelines, with a calibration that costs nothing."""

from __future__ import annotations

import os
from dataclasses import replace
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
from pipeline.optics.surface import Surface
from tests.films import CODED, make_film
from tests.gst.capture.peers import RtspCamera
from tests.gst.output.peers import free_port, wait_until

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
        camera = Rig.assume(*SIZE).cameras[0]
        cameras = tuple(replace(camera, name=part.name) for part in footage)
        return SimpleNamespace(verdict=self.verdict, rig=Rig(cameras, Surface("infinity")))


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


def network_film(folder: Path) -> Path:
    """Half a minute of a landscape with sound, as a network camera sends it."""
    still, video = folder / "still.png", folder / "network.mkv"
    cv2.imwrite(str(still), scene())
    picture = ("-loop", "1", "-framerate", str(RATE), "-i", str(still))
    tone = ("-f", "lavfi", "-i", "sine=sample_rate=48000")
    return make_film(video, *picture, *tone, "-vf", "noise=alls=6:allf=t", "-t", "30", *CODED)


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


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_two_network_cameras_are_watched_and_one_may_drop_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = Attempts(Verdict("usable", ("faint",)))
    monkeypatch.setattr(mounting_watch, "calibrate_and_judge", attempts)
    video = network_film(tmp_path)
    with RtspCamera(video, tmp_path) as left, RtspCamera(video, tmp_path) as right:
        sources = [SourceSpec.parse(camera.url) for camera in (left, right)]
        watch = MountingWatch(sources)

        def faults() -> list[tuple[str, ...]]:
            assert not watch.wait(0.0)
            return [camera.faults for camera in watch.state().cameras]

        with watch:
            wait_until(lambda: watch.state().verdict == "usable" and faults() == [(), ()], "a verdict")
            assert [camera.name for camera in watch.state().cameras] == ["camera 1", "camera 2"]
            right.stop()
            wait_until(lambda: faults() == [(), ("is offline",)], "the notice of the loss")
            right.start()
            wait_until(lambda: faults() == [(), ()], "the return")
    assert all(each.motion.shape[1:] == SIZE[::-1] for each in attempts.footage)


def test_a_network_camera_that_nobody_answers_for_ends_the_watch_with_its_reason() -> None:
    url = f"rtsp://127.0.0.1:{free_port()}/camera"
    with MountingWatch([SourceSpec.parse(url)]) as watch, pytest.raises(SourceError, match="no answer"):
        wait_until(lambda: watch.wait(0.0), "its end")
