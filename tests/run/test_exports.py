"""The data files of a run: each alone, in its order, and nothing of them kept in memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.analysis.jsonl import read_detections
from pipeline.errors import ForesightError
from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.optics.view import View
from pipeline.run.export_file import MOST_WAITING
from pipeline.run.exports import Exports
from pipeline.run.shown import Shown
from pipeline.run.wiring import TIMELINE_MARGIN_S, make_timeline
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_S, Nanoseconds

RIG = match_rig(MatchSettings())
FRAME_NS = NS_PER_S // 25
FRAMES = 25 * 60 * 8
FILES = ("path_out", "detections_out", "truth_out", "truth_tracks_out")


class Known:
    """A source whose truth is known: a row for each frame."""

    header = "time_ns"

    def __init__(self) -> None:
        self._next_ns = 0

    def truth(self, _kind: str) -> Known:
        return Known()

    def until(self, time_ns: int) -> Iterator[str]:
        while self._next_ns <= time_ns:
            yield str(self._next_ns)
            self._next_ns += FRAME_NS


class Unknown:
    """A source whose truth nobody knows."""

    def truth(self, _kind: str) -> None:
        return None


def run_of(folder: Path, failures: list[str], frames: int, **files: str) -> int:
    """Detect and show `frames` frames; returns the largest number of detection sets in memory."""
    export = {name: str(folder / name) for name in FILES} | files
    settings = Settings.parse({"sources": ["match"], "live": False, "delay_s": 2.0, "export": export})

    def failed(error: ForesightError) -> None:
        failures.append(str(error))

    exports = Exports(settings.export, failed, live=False)
    timeline = make_timeline(settings, exports.detected)
    shown = Shown(exports.shown)
    exports.begin([Unknown(), Known()], RIG)  # type: ignore[list-item]
    most = 0
    for index in range(frames):
        time_ns = Nanoseconds(index * FRAME_NS)
        timeline.add(DetectionSet(time_ns, (Detection("ball", 0.5, 1.0, 2.0, 0.1, 0.1),)))
        shown.note(time_ns, time_ns, View(1.0, 2.0, 50.0))
        if index % 1000 == 999:
            most = max(most, sum(isinstance(one, DetectionSet) for one in gc.get_objects()))
    exports.close(at_once=False)
    return most


def test_a_long_run_keeps_no_more_in_memory_than_a_short_one(tmp_path: Path) -> None:
    failures: list[str] = []
    most = run_of(tmp_path, failures, FRAMES)
    assert failures == []
    assert 0 < most <= 25 * (2 + TIMELINE_MARGIN_S) + 2 * MOST_WAITING + 100 < FRAMES
    times_ns = [index * FRAME_NS for index in range(FRAMES)]
    assert [seen.time_ns for seen in read_detections(tmp_path / "detections_out")] == times_ns
    for name in ("truth_out", "truth_tracks_out"):
        assert (tmp_path / name).read_text().splitlines() == ["time_ns", *map(str, times_ns)]
    header, *rows = (tmp_path / "path_out").read_text().splitlines()
    assert header == "time_s,yaw_deg,pitch_deg,hfov_deg"
    assert rows == [f"{time_ns / NS_PER_S:.9f},1.000000000,2.000000000,50.000000000" for time_ns in times_ns]


@pytest.mark.parametrize("failing", FILES)
@pytest.mark.parametrize("name", ["/dev/full", "none/file"])
def test_each_file_fails_alone(tmp_path: Path, failing: str, name: str) -> None:
    failures: list[str] = []
    run_of(tmp_path, failures, 20, **{failing: str(tmp_path / name)})
    (failure,) = failures
    assert str(tmp_path / name) in failure
    for other in FILES:
        assert other == failing or (tmp_path / other).read_text().count("\n") >= 20
