"""Signals: SIGHUP and SIGTERM end a run as Ctrl-C does, and a second one ends it at once."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests import videos
from tests.faults.record import Area, fault
from tests.faults.runs import LONGEST_S, read_until, start

DELAYED = ("--duration", "60", "--delay", "2", "--detector", "none", "--json")


@fault(
    Area.MACHINE,
    "SIGTERM, SIGHUP or Ctrl-C",
    seen="`stopping: ...`; the window is played out; status 0",
)
@fault(
    Area.MACHINE,
    "a second signal",
    seen="the run ends at once; status 130; the SIGHUP that the kernel sends after the shell's does not count",
    lost="the window",
)
@pytest.mark.parametrize("first", [signal.SIGHUP, signal.SIGTERM])
@pytest.mark.parametrize("second", [None, signal.SIGTERM])
def test_the_first_signal_plays_the_window_out_and_the_second_ends_at_once(
    tmp_path: Path, first: signal.Signals, second: signal.Signals | None
) -> None:
    video = tmp_path / "video.mkv"
    process = start("-o", video, *DELAYED)
    process.send_signal(first)
    read_until(process, "stopping: ")
    if second is not None:
        process.send_signal(second)
    said, wrong = process.communicate(timeout=LONGEST_S)
    assert process.returncode == (130 if second else 0)
    assert "Traceback" not in wrong
    report = json.loads(said)
    assert len(videos.frame_times(video)) == report["frames_out"]
    if second is None:
        assert report["frames_out"] + report["dropped"] == report["frames_in"]


@fault(Area.MACHINE, "SIGHUP under `nohup`", seen="nothing")
def test_a_run_under_nohup_ignores_a_hang_up(tmp_path: Path) -> None:
    video = tmp_path / "video.mkv"
    process = start("-o", video, "--delay", "0.5", "--detector", "none", "--json", before=("nohup",))
    process.send_signal(signal.SIGHUP)
    said, wrong = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0
    assert "stopping" not in wrong
    report = json.loads(said)
    assert len(videos.frame_times(video)) == report["frames_out"]
    assert report["frames_out"] + report["dropped"] == report["frames_in"] > 40
