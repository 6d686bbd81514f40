"""A source that stops in the middle, without an end: the run ends with its name, and what came is shown."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests import videos
from tests.faults.record import Area, fault
from tests.faults.runs import COMMAND, LONGEST_S

WIDTH, HEIGHT, FRAMES = 320, 180, 60


@fault(
    Area.CAMERAS,
    "a source stops in the middle and does not end: a hung network folder, a pipe",
    seen="after 5 s a line with its name; status 1 with its name",
    lost="what it would have sent; what it has sent is shown",
)
def test_a_source_that_stops_is_named(tmp_path: Path) -> None:
    pipe, video = tmp_path / "pipe", tmp_path / "video.mkv"
    os.mkfifo(pipe)
    source = f"gst:filesrc location={pipe} ! rawvideoparse width={WIDTH} height={HEIGHT} format=i420 framerate=25/1"
    words = [*COMMAND, source, "--offline", "--size", "160x90", "--delay", "1", "--detector", "none"]
    process = subprocess.Popen([*words, "-o", str(video)], stderr=subprocess.PIPE, text=True)
    # open for reading too, because GStreamer opens the pipe twice, and it must not break in between
    with process, os.fdopen(os.open(pipe, os.O_RDWR), "wb") as writer:
        writer.write(bytes(WIDTH * HEIGHT * 3 // 2 * FRAMES))
        writer.flush()
        _, wrong = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 1
    last = wrong.splitlines()[-1]
    assert f"source {source} " in last
    assert "still" in last
    assert len(videos.frame_times(video)) >= FRAMES - 1


@fault(
    Area.CAMERAS,
    "opening a source hangs: a pipe without a writer, a network folder that is gone",
    seen="one line with its name after 30 s, status 1; Ctrl-C ends it before",
)
@pytest.mark.parametrize("is_asked", [True, False])
def test_a_source_that_hangs_when_it_is_opened_is_named(tmp_path: Path, is_asked: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    words = [*COMMAND, f"gst:filesrc location={pipe} ! decodebin", "-o", str(tmp_path / "video.mkv")]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    with process:
        if is_asked:
            wait_until_it_opens(process.pid)
            process.send_signal(signal.SIGINT)
        _, wrong = process.communicate(timeout=LONGEST_S)
    if is_asked:
        assert process.returncode == 130
        assert "stopping: " in wrong
    else:
        assert process.returncode == 1
        assert f"{pipe} ! decodebin: cannot be opened within 30 s" in wrong.splitlines()[-1]


def wait_until_it_opens(pid: int) -> None:
    """Wait until a thread of the process hangs in the opening of a pipe."""
    until_s = time.monotonic() + LONGEST_S
    while not any(one.read_text() == "wait_for_partner" for one in Path(f"/proc/{pid}/task").glob("*/wchan")):
        assert time.monotonic() < until_s
        time.sleep(0.1)
