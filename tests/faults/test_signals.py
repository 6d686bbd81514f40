"""Signals: SIGHUP and SIGTERM end a run as Ctrl-C does, and a second one ends it at once."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests import videos
from tests.faults.record import Area, fault
from tests.faults.runs import LONGEST_S, read_until, start
from tests.gst.output.peers import free_port, wait_until

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


@fault(
    Area.MACHINE,
    "Ctrl-C or SIGTERM while the video is frozen on the dashboard",
    seen="as without: the run resumes, the window is played out, and Freeze is refused from then on",
)
@pytest.mark.parametrize("duration_s", [60, 4])
def test_a_signal_ends_a_paused_run_whose_source_goes_on_or_has_ended(
    tmp_path: Path, duration_s: int
) -> None:
    video, port = tmp_path / "video.mkv", free_port()
    process = start("-o", video, *DELAYED, "--duration", str(duration_s), "--web", f"127.0.0.1:{port}")
    ask(port, "pause")
    before = state(port)["frames_in"]
    longest = 25 * duration_s - 5
    wait_until(lambda: state(port)["frames_in"] >= min(longest, before + 25), "frames in the pause")
    assert state(port)["transport"] == "paused"
    process.send_signal(signal.SIGTERM)
    read_until(process, "stopping: ")
    said, wrong = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0
    assert "Traceback" not in wrong
    report = json.loads(said)
    shown = (
        report["frames_in"] - report["frames"]["skipped"] - report["dropped"]
    )  # by a busy machine's source
    assert len(videos.frame_times(video)) == report["frames_out"] == shown


def ask(port: int, action: str) -> None:
    headers = {"content-type": "application/json"}
    urlopen(Request(f"http://127.0.0.1:{port}/api/{action}", b"{}", headers), timeout=LONGEST_S).close()


def state(port: int) -> dict[str, Any]:
    with urlopen(f"http://127.0.0.1:{port}/api/state", timeout=LONGEST_S) as answer:
        return dict(json.load(answer))


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
