"""Tests of detectors by name, a user's own included."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.analysis.detector import DetectionSet
from pipeline.analysis.factory import make_detector
from pipeline.analysis.jsonl import to_line
from pipeline.analysis.timeline import Timeline
from pipeline.analysis.worker import DetectorWorker
from pipeline.errors import ConfigError, DetectorError
from tests.analysis.fakes import BALL, FRAME, ms
from tests.analysis.models import build
from tests.analysis.pictures import one_camera
from tests.analysis.test_onnx import bright_spots

RIG = one_camera()


def test_every_built_in_detector_can_be_made(tmp_path: Path) -> None:
    recorded = tmp_path / "seen.jsonl"
    recorded.write_text(to_line(DetectionSet(ms(0), (BALL,))), encoding="utf-8")
    model = build(tmp_path / "m.onnx")
    made = [
        make_detector(kind, RIG, model=model, detections=recorded)
        for kind in ("motion", "onnx", "replay", "none")
    ]
    assert [detector.name for detector in made] == ["motion", "onnx", "replay", "none"]
    assert make_detector("motion", RIG, rate_hz=5.0).rate_hz == 5.0


def test_the_example_detector_works_from_the_worker_to_the_timeline() -> None:
    detector = make_detector("examples.own_detector:BrightestSpot", RIG)
    timeline = Timeline()
    worker = DetectorWorker(detector, timeline, live=False)
    worker.offer(bright_spots(RIG, [(12.0, -14.0)], radius_px=1), ms(0))
    worker.finish()
    (seen,) = timeline.between(0, 0)
    assert seen.detections[0].yaw_deg == pytest.approx(12.0, abs=0.2)
    assert seen.detections[0].tilt_deg == pytest.approx(-14.0, abs=0.2)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("no.such.package:Thing", "cannot import 'no.such.package'"),
        ("examples.own_detector:Missing", "no function 'Missing'"),
        (":Thing", "cannot import ''"),
        ("tests.analysis.own_detectors:fails", "failed to make a detector: KeyError: 'model'"),
        ("tests.analysis.own_detectors:returns_nothing", "its result has no method detect"),
        ("tests.analysis.own_detectors_that_fail:any", "cannot import .*: division by zero"),
    ],
)
def test_a_missing_detector_of_the_user_is_refused_in_one_line(kind: str, named: str) -> None:
    with pytest.raises(DetectorError, match=named):
        make_detector(kind, RIG)


def test_a_missing_dependency_is_named() -> None:
    with pytest.raises(ConfigError, match="'yolo' is neither one of motion, onnx, replay, none"):
        make_detector("yolo", RIG)
    with pytest.raises(ConfigError, match="--model"):
        make_detector("onnx", RIG)
    with pytest.raises(ConfigError, match="detections file"):
        make_detector("replay", RIG)


def test_the_none_detector_leaves_the_timeline_empty_and_complete() -> None:
    timeline = Timeline()
    worker = DetectorWorker(make_detector("none", RIG), timeline, live=False)
    worker.offer(FRAME, ms(0))
    worker.finish()
    assert timeline.finished
    assert not timeline.all()
