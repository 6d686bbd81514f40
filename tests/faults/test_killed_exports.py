"""A run that is killed leaves its data files as far as it had come, in whole lines that can be read."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from pipeline.media.track_rows import HEADER, row_of
from tests.faults.record import Area, fault
from tests.faults.runs import FRAMES, LONGEST_S, run, start
from tests.gst.output.peers import wait_until


def count(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n") if path.exists() else 0


@fault(
    Area.TELLING,
    "the process is killed while it writes exports (SIGKILL, out of memory)",
    seen="nothing",
    lost="the last half second of each export; its lines are whole, and `replay` reads them",
)
@pytest.mark.slow
def test_a_killed_run_leaves_what_it_had_detected_and_shown(tmp_path: Path) -> None:
    detections, path, truth = tmp_path / "seen.jsonl", tmp_path / "path.csv", tmp_path / "truth.csv"
    tracks, true_tracks = tmp_path / "tracks.csv", tmp_path / "true_tracks.csv"
    exports = ("--detections-out", detections, "--path-out", path, "--truth-out", truth)
    exports += ("--tracks-out", tracks, "--truth-tracks-out", true_tracks)
    process = start(*exports, "--detector", "motion", "--delay", "1", "--duration", "60")
    lines = {detections: 10, path: 10, truth: 300, tracks: 10, true_tracks: 300}
    wait_until(lambda: all(count(file) > least for file, least in lines.items()), "the first lines")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONGEST_S)
    times_s = [json.loads(line)["time_s"] for line in detections.read_text().splitlines()]
    assert times_s == sorted(set(times_s))
    assert path.read_text().endswith("\n")
    assert all(len(row.split(",")) == 4 for row in path.read_text().splitlines())
    assert (truth.read_text().count("\n") - 1) % 23 == 0, "whole frames"
    assert (true_tracks.read_text().count("\n") - 1) % 26 == 0, "whole frames"
    assert tracks.read_text().startswith(f"{HEADER}\n")
    assert tracks.read_text().endswith("\n")
    rows = [row_of(line) for line in tracks.read_text().splitlines()[1:]]
    keys = [(row.time_ns, row.track_id) for row in rows]
    assert keys == sorted(set(keys))
    replayed = run("--detector", "replay", "--model", detections, "--json")
    assert replayed.returncode == 0, replayed.stderr
    assert json.loads(replayed.stdout)["frames_out"] == FRAMES
