"""A bound of memory that cannot hold the delay, from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests import videos
from tests.faults.record import Area, fault
from tests.faults.runs import SOURCE, foresight


def bounded_run(path: Path, *arguments: str) -> dict[str, Any]:
    """The report of a run with a delay of 3 s and 1 MB to hold it; the note that it gives is checked."""
    run = foresight(
        *("run", SOURCE, "-o", path, "--delay", "3", "--size", "320x108", "--json", *arguments),
        *("--set", "buffer.max_bytes=1000000"),
    )
    assert run.returncode == 0, run.stderr
    report: dict[str, Any] = json.loads(run.stdout)
    (note,) = [note for note in report["notes"] if "buffer.max_bytes = 1000000" in note]
    assert "a delay of 3 s needs about" in note
    assert note in run.stderr
    return report


@fault(
    Area.MACHINE,
    "`buffer.max_bytes` cannot hold the delay (live)",
    seen="a note that names the bound and what the delay needs; a shorter delay",
    lost="look-ahead",
)
def test_a_bound_below_the_delay_is_named_and_the_video_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "match.mkv"
    report = bounded_run(path, "--live", "--duration", "6", "--detector", "none")
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
    report = bounded_run(path, "--offline", "--duration", "4")
    assert (report["frames_in"], report["frames_out"], report["dropped"]) == (100, 100, 0)
    assert len(videos.frame_times(path)) == 100
