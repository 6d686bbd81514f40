"""Every frame that came in is accounted for, in every kind of run and however it ends."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.buffer_manager import BufferManager
from pipeline.run.progress import Progress, RunReport
from pipeline.settings import Settings
from tests.once import made_once

Act = Callable[[PanoramaWithVirtualCamera], object]


def made(folder: Path, acts: tuple[Act, ...] = (), **values: Any) -> RunReport:
    """The report of a small run; each tick of its playback does the next of `acts`."""
    given = {
        "sources": ["match?size=320x108&fps=25"],
        "outputs": [str(folder / "video.mkv")],
        "size": "160x90",
        "delay_s": 0.6,
        "duration_s": 1.6,
        "detector": {"kind": "none"},
        "buffer": {"keep_behind_s": 1.0},
    }
    run = PanoramaWithVirtualCamera(Settings.parse(given | values))
    waiting = list(acts)

    def on_progress(progress: Progress) -> None:
        if progress.state in ("playing", "draining") and waiting:
            waiting.pop(0)(run)

    return run.run(on_progress)


def check(report: RunReport) -> None:
    """The report's own figures and its account agree, and nothing is missing."""
    frames = report.frames
    assert frames is not None
    assert frames.missing == 0
    assert report.failures == ()
    assert frames.came_in == report.frames_in
    assert frames.shown == report.frames_out - report.duplicated
    assert frames.dropped >= report.dropped
    assert not any("fault in Foresight" in note for note in report.notes)


def manager(act: Callable[[BufferManager], object]) -> Act:
    return lambda run: act(run.buffer_manager)


PAUSE, RESUME = manager(BufferManager.pause), manager(BufferManager.resume)
BACK = manager(lambda one: one.seek((one.playhead_ns or 0) - 300_000_000))
AHEAD = manager(lambda one: one.seek((one.playhead_ns or 0) + 200_000_000))


@pytest.mark.parametrize(
    "acts",
    [
        (),
        (PAUSE, RESUME, BACK),
        (BACK, AHEAD, BACK),
        (PAUSE, BACK, RESUME),
        (manager(lambda one: one.set_delay(0.5)), manager(lambda one: one.set_delay(0.6))),
        (PanoramaWithVirtualCamera.stop,),
        (BACK, PanoramaWithVirtualCamera.abort),
        (PAUSE, PanoramaWithVirtualCamera.stop, RESUME),
        (PanoramaWithVirtualCamera.stop, PanoramaWithVirtualCamera.abort),
    ],
    ids=[
        "nothing",
        "replay",
        "seeks",
        "frozen seek",
        "delays",
        "stop",
        "abort",
        "frozen stop",
        "stop, abort",
    ],
)
def test_a_live_run_accounts_for_every_frame(tmp_path: Path, acts: tuple[Act, ...]) -> None:
    check(made(tmp_path, acts, live=True))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"storage": "encoded"},
        {"buffer": {"max_bytes": 1_000_000}, "delay_s": 1.2},
        {"detector": {"kind": "tests.analysis.detectors_in_trouble:Killed"}},
    ],
    ids=["raw", "encoded", "few bytes", "a failing detector"],
)
@pytest.mark.parametrize("live", [True, False], ids=["live", "offline"])
def test_each_kind_of_window_accounts_for_every_frame(
    tmp_path: Path, live: bool, values: dict[str, Any]
) -> None:
    check(made(tmp_path, live=live, **values))


@pytest.mark.parametrize("storage", ["raw", "source"])
def test_a_damaged_recording_accounts_for_every_frame(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, storage: str
) -> None:
    def damage(path: Path) -> None:
        whole = path.with_suffix(".whole.ts")
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=3",
             "-c:v", "libx264", "-g", "25", str(whole)],
            check=True,
        )  # fmt: skip
        data = bytearray(whole.read_bytes())
        for begin, step in itertools.product((len(data) // 3, len(data) // 2), range(0, 6000, 7)):
            data[begin + step] ^= 0x5A
        path.write_bytes(data)

    source = made_once(tmp_path_factory, "damaged.ts", damage)
    check(made(tmp_path, sources=[str(source)], storage=storage, live=False, duration_s=None))
