"""A detector that hangs holds up neither the end of a run nor its abort, and the end says what it waits for."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.run.limits import DetectorLimits, RunLimits
from pipeline.run.progress import Progress
from pipeline.settings import Settings

HANG_S = 3600.0
"""A run that waits for this never ends."""
LEFT = "detector hanging has not answered for 0.2 s; the run ends without it"


def make_run(folder: Path, *, live: bool) -> PanoramaWithVirtualCamera:
    settings = Settings.parse(
        {
            "sources": ["match?size=720x240&fps=25"],
            "outputs": [str(folder / "match.mkv")],
            "size": "320x180",
            "live": live,
            "delay_s": 0.6,
            "duration_s": 1.0 if live else 0.12,
            "detector": {"kind": "tests.analysis.detectors_in_trouble:Hanging"},
        }
    )
    return PanoramaWithVirtualCamera(settings, RunLimits(detector=DetectorLimits(hang_s=HANG_S, end_s=0.2)))


@pytest.mark.parametrize("live", [True, False], ids=["live", "offline"])
def test_a_run_ends_without_a_detector_that_hangs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, live: bool
) -> None:
    caplog.set_level(logging.WARNING)
    report = make_run(tmp_path, live=live).run()
    assert report.frames_out + report.dropped == report.frames_in > 0
    lines = [line for line in caplog.messages if line.startswith("detector")]
    assert lines == ["detector hanging is still busy; the end waits for up to 0.2 s for each frame", LEFT]


@pytest.mark.parametrize("end", ["stop", "abort"])
def test_a_run_can_be_ended_while_its_detector_hangs(tmp_path: Path, end: str) -> None:
    run = make_run(tmp_path, live=True)

    def on_progress(progress: Progress) -> None:
        if progress.position_s > 0.2:
            getattr(run, end)()

    assert run.run(on_progress).frames_out > 0
