"""A stage of a real run that stands still is named, and ends the run with its name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.config_builder import ConfigBuilder
from pipeline.errors import PipelineError
from pipeline.run.limits import DetectorLimits, RunLimits, ShutdownLimits, StageLimits
from tests.faults.record import Area, fault

LIMITS = RunLimits(
    stages=StageLimits(notice_s=1, margin_s=1),
    shutdown=ShutdownLimits(standstill_s=1),
    detector=DetectorLimits(end_s=0.5),
)


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """An event that what hangs waits for; set at the end, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()


class HangingDetector:
    """Answers once, then never."""

    name, rate_hz = "hanging", 0.0

    def __init__(self, held: threading.Event) -> None:
        self._held = held

    def detect(self, _frame: Any, _time_ns: int) -> Any:
        self._held.wait()

    def close(self) -> None: ...


def run(folder: Path, limits: RunLimits = LIMITS, **flags: Any) -> PanoramaWithVirtualCamera:
    usual = {
        "sources": ["match?size=320x108&fps=25"],
        "outputs": [str(folder / "v.mkv")],
        "size": "160x90",
        "delay_s": 1,
        "live": True,
        "detector__kind": "none",
    }
    settings = ConfigBuilder().flags(**usual | flags).build()
    return PanoramaWithVirtualCamera(settings, limits)


@fault(
    Area.DETECTION,
    "a stage stands still: a source, a decoder, the window, the view, the encoder, an output",
    seen="after 5 s a line with its name, a note, `standing` in the state and the metrics; "
    "after the delay and 10 s status 1 with its name",
    lost="what it would have done; what was captured is shown if it can be",
)
def test_a_view_that_hangs_is_named(tmp_path: Path, held: threading.Event) -> None:
    application = run(tmp_path, buffer__stall_timeout_s=2)
    application.onlooker = lambda _came, _shown, time_ns: time_ns > 10**9 and held.wait() and None
    seen: set[str] = set()
    with pytest.raises(PipelineError, match=r"the view (stands still|has stood still)"):
        application.run(lambda progress: seen.update(progress.standing))
    assert seen == {"view"}
    assert any(note.startswith("the view stands still") for note in application.notes)


def test_a_source_that_stops_is_named(tmp_path: Path) -> None:
    source = (
        "gst:videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1 ! identity name=i"
    )
    application = run(tmp_path, sources=[source], delay_s=3, buffer__stall_timeout_s=1)
    stopped = threading.Event()

    def stop_source(progress: Any) -> None:
        analysis = application._parts.analysis
        if analysis is not None and progress.buffer_s > 1 and not stopped.is_set():
            stopped.set()
            analysis.pipeline.get_by_name("i").set_property("drop-probability", 1.0)

    with pytest.raises(PipelineError, match=r"the source gst:videotestsrc .* (stands still|has stood still)"):
        application.run(stop_source)
    assert (tmp_path / "v.mkv").stat().st_size > 1000


@fault(
    Area.DETECTION,
    "a detector stands still for a minute, in a run that systemd or `--supervise` starts again",
    seen="status 1 with its name; without them a note, and the run goes on without it",
    lost="nothing but the restart",
)
@pytest.mark.parametrize("is_restarted", [True, False])
def test_a_detector_ends_the_run_only_if_somebody_starts_it_again(
    tmp_path: Path, held: threading.Event, monkeypatch: pytest.MonkeyPatch, is_restarted: bool
) -> None:
    monkeypatch.setattr("pipeline.run.wiring.detector_for", lambda *_: HangingDetector(held))
    aside_s = 2 if is_restarted else None
    limits = replace(LIMITS, stages=replace(LIMITS.stages, aside_s=aside_s))
    application = run(tmp_path, limits, detector__kind="motion", duration_s=30 if is_restarted else 5)
    if is_restarted:
        with pytest.raises(PipelineError, match="the detector hanging has stood still for 2 s"):
            application.run()
    else:
        report = application.run()
        assert any(note.startswith("the detector hanging stands still") for note in report.notes)
