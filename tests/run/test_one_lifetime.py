"""What a run held is free when it has ended: its objects, pipelines, descriptors and threads."""

from __future__ import annotations

import gc
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from pipeline.analysis.motion import MotionDetector
from pipeline.analysis.timeline import Timeline
from pipeline.analysis.worker import DetectorWorker
from pipeline.application import PanoramaWithVirtualCamera
from pipeline.buffer_manager import BufferManager
from pipeline.direction.director import Director
from pipeline.errors import SourceError
from pipeline.gst.capture.analysis_pipeline import AnalysisPipeline
from pipeline.gst.output.output_board import OutputBoard
from pipeline.gst.output.recording import Recording
from pipeline.gst.output.rtsp_server import RtspServer
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.gst.playback.view_element import ViewElement
from pipeline.gst.runtime import Gst
from pipeline.run.progress import Progress
from pipeline.settings import Settings
from pipeline.web.server import Dashboard
from tests.gst.output.peers import free_port, wait_until

KINDS = (
    PanoramaWithVirtualCamera,
    BufferManager,
    Timeline,
    AnalysisPipeline,
    PlaybackPipeline,
    OutputBoard,
    Recording,
    RtspServer,
    ViewElement,
    DetectorWorker,
    MotionDetector,
    Director,
    Dashboard,
)
PIPELINE = "Pipeline"
IDLE_THREADS = 8
"""GLib keeps at most this many threads of its pools for later."""


def settings(folder: Path, **values: Any) -> Settings:
    return Settings.parse(
        {
            "sources": ["match?size=720x240&fps=25"],
            "outputs": [str(folder / "match.mkv")],
            "size": "320x180",
            "delay_s": 0.6,
            "duration_s": 1.0,
        }
        | values
    )


class Made:
    """Weak references to what was made of KINDS, and of pipelines, by their names.

    Not gc.get_objects(): while it lists them, other threads are still building some of the tuples in it.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.references: list[tuple[str, Callable[[], object]]] = []
        for kind in KINDS:
            patch.setattr(kind, "__init__", self._noting(kind.__init__, kind.__name__))
        new = Gst.Pipeline.new
        patch.setattr(Gst.Pipeline, "new", staticmethod(lambda name=None: self._pipeline(new(name))))

    def _noting(self, init: Callable[..., None], name: str) -> Callable[..., None]:
        def noting(made: object, *given: Any, **named: Any) -> None:
            self.references.append((name, weakref.ref(made)))
            init(made, *given, **named)

        return noting

    def _pipeline(self, pipeline: Gst.Pipeline) -> Gst.Pipeline:
        self.references.append((PIPELINE, pipeline.weak_ref()))
        return pipeline

    def alive(self) -> Counter[str]:
        """How many of each kind are not freed."""
        gc.collect()
        return Counter(name for name, reference in self.references if reference() is not None)

    @property
    def pipelines(self) -> int:
        """How many pipelines were made."""
        return sum(name == PIPELINE for name, _ in self.references)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    return Made(monkeypatch)


def one_run(given: Settings, is_watched: bool = False) -> None:
    """A run, with a recording and a clip if it is watched."""
    run = PanoramaWithVirtualCamera(given)
    dashboard = Dashboard(run, given.web, "0") if is_watched else None
    if dashboard is not None:
        dashboard.start()
    is_used = False

    def on_progress(progress: Progress) -> None:
        nonlocal is_used
        if dashboard is not None:
            dashboard.publish(progress)
        if is_used or progress.state != "playing":
            return
        is_used = True
        if dashboard is not None and given.live:
            dashboard.control.save_footage(0.5, 0.0)
            dashboard.control.record()

    try:
        run.run(on_progress)
    finally:
        if dashboard is not None:
            dashboard.stop()


def entries(folder: str) -> int:
    return len(list(Path("/proc/self", folder).iterdir()))


def descriptors() -> int:
    return entries("fd")


@pytest.mark.slow
def test_ten_runs_leave_nothing(tmp_path: Path, made: Made) -> None:
    web = {"address": "127.0.0.1:0", "clips": str(tmp_path / "clips")}
    one_run(settings(tmp_path, live=True, web=web), is_watched=True)  # loads what stays for the next runs
    objects, files = made.alive(), descriptors()
    threads, native = set(threading.enumerate()), entries("task")
    cases = [
        *product((True, False), (True, False), ("motion", "none")),
        (True, True, "none"),
        (True, True, "motion"),
    ]
    before = made.pipelines
    for live, is_watched, detector in cases:
        given = settings(tmp_path, live=live, detector={"kind": detector}, web=web)
        one_run(given, is_watched)
        case = f"live={live} web={is_watched} {detector}"
        assert made.alive() - objects == Counter(), case
        assert descriptors() == files, case
    assert made.pipelines - before >= 2 * len(cases), "each run has two pipelines at least"
    assert {one for one in set(threading.enumerate()) - threads if not one.name.startswith("Dummy")} == set()
    wait_until(lambda: entries("task") <= native + IDLE_THREADS, "the end of the last run's threads")


@pytest.mark.parametrize("output", ["video.m3u8", "video.ts", "rtsp"])
def test_every_kind_of_output_is_freed(tmp_path: Path, made: Made, output: str) -> None:
    counts = []
    for _ in range(2):
        name = f"rtsp://127.0.0.1:{free_port()}/live" if output == "rtsp" else str(tmp_path / output)
        one_run(settings(tmp_path, outputs=[name], live=True, detector={"kind": "none"}))
        assert made.alive() == Counter()
        counts.append(descriptors())
    assert counts[0] == counts[1]


@pytest.mark.parametrize("storage", ["raw", "source"])
def test_two_cameras_are_freed(tmp_path: Path, made: Made, shared_data: Path, storage: str) -> None:
    cameras = [str(shared_data / f"{side}.mp4") for side in ("left", "right")]
    counts = []
    for _ in range(2):
        rig = shared_data / "rig.toml"
        one_run(settings(tmp_path, sources=cameras, rig=rig, storage=storage, live=False))
        assert made.alive() == Counter()
        counts.append(descriptors())
    assert counts[0] == counts[1]


def aborted_run(given: Settings) -> None:
    run = PanoramaWithVirtualCamera(given)
    run.run(lambda progress: run.abort() if progress.state == "playing" else None)


@pytest.mark.parametrize("live", [True, False])
def test_an_aborted_run_is_freed(tmp_path: Path, made: Made, live: bool) -> None:
    aborted_run(settings(tmp_path, live=live, duration_s=60.0, detector={"kind": "none"}))
    assert made.alive() == Counter()


@pytest.mark.parametrize("live", [True, False])
def test_a_run_that_is_ended_before_it_starts_is_freed(tmp_path: Path, made: Made, live: bool) -> None:
    for end in (PanoramaWithVirtualCamera.stop, PanoramaWithVirtualCamera.abort):
        run = PanoramaWithVirtualCamera(settings(tmp_path, live=live))
        end(run)
        assert run.run().frames_out == 0
        del run
    assert made.alive() == Counter()


def test_a_run_whose_camera_does_not_answer_is_freed(tmp_path: Path, made: Made) -> None:
    counts = []
    for _ in range(2):
        with pytest.raises(SourceError):
            one_run(settings(tmp_path, sources=["rtsp://127.0.0.1:9/none"], live=True))
        assert made.alive() == Counter()
        counts.append(descriptors())
    assert counts[0] == counts[1]


@pytest.mark.parametrize("live", [True, False])
def test_a_run_whose_source_has_no_video_is_freed(tmp_path: Path, made: Made, live: bool) -> None:
    source = "gst:audiotestsrc num-buffers=20 ! audioconvert"
    for _ in range(3):
        with pytest.raises(SourceError, match="no video"):
            one_run(settings(tmp_path, sources=[source], live=live))
        assert made.alive() == Counter()
    assert made.pipelines
