"""A bound of memory that cannot hold the delay, from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests import videos
from tests.faults.record import Area, fault


@fault(
    Area.MACHINE,
    "`buffer.max_bytes` cannot hold the delay (live)",
    seen="a note that names the bound and what the delay needs; a shorter delay",
    lost="look-ahead",
)
def test_a_bound_below_the_delay_is_named_and_the_video_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "match.mkv"
    arguments = [
        "--live",
        "--delay",
        "3",
        "--duration",
        "6",
        "--size",
        "320x108",
        "--detector",
        "none",
        "--json",
    ]
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pipeline", "run", "match?size=320x108&fps=25", "-o", str(path)),
            *(*arguments, "--set", "buffer.max_bytes=1000000"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    (note,) = [note for note in report["notes"] if "buffer.max_bytes = 1000000" in note]
    assert "a delay of 3 s needs about" in note
    assert note in run.stderr
    assert report["frames_out"] >= report["frames_in"] / 2
    assert report["frames_out"] + report["dropped"] == report["frames_in"]


@fault(
    Area.MACHINE,
    "`buffer.max_bytes` cannot hold the look-ahead (offline)",
    seen="a note that names the bound and what the delay needs; every frame",
    lost="look-ahead",
)
def test_a_bound_below_the_look_ahead_offline_is_named_and_every_frame_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "match.mkv"
    arguments = ["--offline", "--delay", "3", "--duration", "4", "--size", "320x108", "--json"]
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pipeline", "run", "match?size=320x108&fps=25", "-o", str(path)),
            *(*arguments, "--set", "buffer.max_bytes=1000000"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    (note,) = [note for note in report["notes"] if "buffer.max_bytes = 1000000" in note]
    assert "a delay of 3 s needs about" in note
    assert (report["frames_in"], report["frames_out"], report["dropped"]) == (100, 100, 0)
    assert len(videos.frame_times(path)) == 100
