"""An on_progress that raises: a note in the report, and nothing else is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.config_builder import ConfigBuilder
from pipeline.run.progress import Progress
from pipeline.settings import Settings
from tests import videos
from tests.faults.record import Area, fault
from tests.faults.runs import SOURCE


def settings(video: Path) -> Settings:
    """A short live run."""
    flags = {"sources": [SOURCE], "outputs": [str(video)], "size": "160x90", "duration_s": 2, "delay_s": 0.5}
    return ConfigBuilder().flags(**flags, detector__kind="none", live=True).build()


class UnprintableError(Exception):
    """An error that cannot even be shown."""

    def __str__(self) -> str:
        raise self


@fault(Area.TELLING, "`on_progress` raises", seen="a note, once", lost="the display of the progress")
@pytest.mark.parametrize("error", [ValueError("no\nscreen"), SystemExit(3), UnprintableError()])
def test_a_progress_that_cannot_be_shown_does_not_end_the_run(tmp_path: Path, error: BaseException) -> None:
    video = tmp_path / "video.mkv"
    shown = []

    def on_progress(progress: Progress) -> None:
        shown.append(progress)
        raise error

    report = PanoramaWithVirtualCamera(settings(video)).run(on_progress)
    assert len(shown) > 3
    (note,) = (note for note in report.notes if "progress" in note)
    assert note.startswith(f"the progress could not be shown: {type(error).__name__}")
    assert "\n" not in note
    assert report.failures == ()
    assert len(videos.frame_times(video)) == report.frames_out > 0
    assert report.frames_out + report.dropped == report.frames_in > 40


@fault(
    Area.TELLING,
    "`on_progress` raises KeyboardInterrupt",
    seen="the run ends, and its caller gets the exception",
)
def test_ctrl_c_in_the_progress_ends_the_run(tmp_path: Path) -> None:
    def on_progress(_progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PanoramaWithVirtualCamera(settings(tmp_path / "video.mkv")).run(on_progress)
