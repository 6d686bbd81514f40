"""A source whose video becomes another in mid-run, from outside: it goes on, fitted in, and is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface
from tests import videos
from tests.faults.record import Area, fault
from tests.once import made_once

RUN = [
    sys.executable,
    "-m",
    "pipeline",
    "run",
    "--detector",
    "none",
    "--delay",
    "1",
    "--size",
    "160x90",
    "--json",
]
FIRST, FRAMES = (320, 180), 75
PARTS = ("scale=320:180", "scale=640:360", "scale=144:288,setsar=2/1,tinterlace=interleave_top,fps=25")
"""What becomes of the first size: double in each direction, then upright with wide pixels and two fields."""

changed_video = fault(
    Area.CAMERAS,
    "the video of a source changes its size, shape, fields or frame rate",
    seen="it goes on, fitted into the size of the first frame with its proportions kept; a note",
)


@pytest.fixture(scope="session")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings of a second each, put together with cat."""

    def make(path: Path) -> None:
        with path.open("wb") as together:
            for index, shape in enumerate(PARTS):
                given = ["-f", "lavfi", "-i", "color=white:size=320x180:rate=25:duration=1", "-vf", shape]
                codec = [
                    "-pix_fmt",
                    "yuv420p",
                    "-c:v",
                    "libx264",
                    "-preset",
                    "ultrafast",
                    "-flags",
                    "+ildct+ilme",
                ]
                to = ["-output_ts_offset", str(index), "-f", "mpegts", "-"]
                made = subprocess.run(
                    ["ffmpeg", "-v", "error", *given, *(codec if index == 2 else codec[:-2]), *to],
                    check=True,
                    capture_output=True,
                )
                together.write(made.stdout)

    return made_once(tmp_path_factory, "changing.ts", make)


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    """Two cameras of the first size, side by side."""
    width, height = FIRST
    lens = RectilinearLens(FIRST, 260.0, ((width - 1) / 2, (height - 1) / 2))
    cameras = (Camera("left", lens, yaw_deg=-30.0), Camera("right", lens, yaw_deg=30.0))
    path = tmp_path / "rig.toml"
    Rig(cameras, Surface("infinity")).save(path)
    return path


def _run(*arguments: str | Path) -> dict[str, object]:
    run = subprocess.run(
        [*RUN, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    report: dict[str, object] = json.loads(run.stdout)
    return report


@changed_video
@pytest.mark.parametrize(
    ("mode", "more"),
    [
        ("panorama", ["--offline"]),
        ("virtualcam", ["--live"]),
        ("record", ["--offline", "--storage", "source"]),
        ("record", ["--live", "--storage", "encoded"]),
    ],
)
def test_one_source_changes(tmp_path: Path, changing: Path, mode: str, more: list[str]) -> None:
    output = tmp_path / "out.mp4"
    report = _run(changing, "--mode", mode, *more, "-o", output)
    assert report["frames_in"] == FRAMES
    assert report["frames_out"] == FRAMES - int(str(report["dropped"]))
    notes = str(report["notes"])
    assert "fitted into 320x180 (2 changes in all)" in notes
    assert "missing" not in notes
    frames = videos.pictures(output, 160, 90)
    assert len(frames) == report["frames_out"]
    # white stays white in the middle, whatever its size was
    assert np.all(frames[:, 40:50, 70:90] > 180)


@changed_video
@pytest.mark.parametrize("storage", ["raw", "source"])
def test_one_camera_of_two_changes(tmp_path: Path, changing: Path, rig: Path, storage: str) -> None:
    output, still = tmp_path / "out.mkv", tmp_path / "still.ts"
    steady = ["-f", "lavfi", "-i", "color=white:size=320x180:rate=25:duration=3", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *steady, "-c:v", "libx264", str(still)], check=True)
    report = _run(still, changing, "--rig", rig, "--offline", "--storage", storage, "-o", output)
    assert report["frames_out"] == FRAMES
    assert "fitted into 320x180" in str(report["notes"])
