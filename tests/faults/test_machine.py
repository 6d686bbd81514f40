"""What the machine does to a run: kills it at any moment, stops it for a while, sets its clock."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests import videos
from tests.faults.record import Area, fault
from tests.faults.runs import COMMAND, LONGEST_S, SOURCE, start
from tests.gst.output.peers import RtmpServer

FPS = 25
LOST_S = 2.0
"""What a killed run may lose of a recording: a fragment, and what the encoder holds."""
PLAIN = ("--delay", "1", "--detector", "none", "--json")
KEYFRAMES = ("--set", "encoder.keyframe_interval_s=1")


@fault(
    Area.MACHINE,
    "the process is killed at any moment (SIGKILL, out of memory, a power cut)",
    seen="nothing; the next run takes the same names",
    lost="of a recording at most its last 2 s: what is there plays",
)
@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts", "a.m3u8"])
def test_a_run_that_is_killed_leaves_what_plays(tmp_path: Path, name: str) -> None:
    moments = random.Random(name)
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "path.csv"
        process = start("-o", folder / name, "--path-out", path, *KEYFRAMES, *PLAIN, "--duration", "60")
        threading.Event().wait(moments.uniform(0.1, 5.0))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=LONGEST_S)
        rows = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
        shown_s = [float(row.split(",")[0]) for row in rows]
        files = [file for file in sorted(folder.glob("a*")) if file.suffix != ".m3u8"]
        kept = sum(map(frames_of, files))
        late = [time_s for time_s in shown_s[kept:] if time_s < shown_s[-1] - LOST_S]
        assert late == [], f"{kept} frames play of {len(shown_s)} that were shown"


def frames_of(file: Path) -> int:
    """How many frames of the file play; 0 if not one of it is complete."""
    probed = subprocess.run(["ffprobe", "-v", "error", str(file)], capture_output=True, check=False)
    return 0 if probed.returncode else len(videos.frame_times(file))


@fault(
    Area.MACHINE,
    "the process is stopped and goes on (SIGSTOP, a machine asleep)",
    seen="no stall, no slow disk; the run goes on at the same delay",
    lost="what the sources could not keep",
)
@pytest.mark.slow
def test_a_run_that_is_stopped_for_a_while_goes_on(tmp_path: Path) -> None:
    video = tmp_path / "video.mkv"
    process = start("-o", video, *PLAIN, "--duration", "20")
    threading.Event().wait(2.0)
    process.send_signal(signal.SIGSTOP)
    threading.Event().wait(11.0)  # longer than a stall and a slow disk may take
    process.send_signal(signal.SIGCONT)
    said, logged = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, logged
    report = json.loads(said)
    times_s = videos.frame_times(video)
    assert len(times_s) == report["frames_out"]
    assert report["frames_out"] + report["dropped"] == report["frames_in"]
    assert times_s[-1] > 1, "it goes on after the stop"


STEPS = r"""
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <sys/time.h>
static long stepped(void) {  /* from the third second on an hour back, two hours ahead, a day back */
    static long begun;
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    if (!begun) begun = now.tv_sec;
    long second = now.tv_sec - begun;
    return second < 3 ? 0 : second % 3 == 0 ? -3600 : second % 3 == 1 ? 7200 : -86400;
}
int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += stepped();
    return result;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec, time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
"""


@fault(
    Area.MACHINE,
    "the system's clock is set while the run is on, hours forward or backward",
    seen="the times in the log; nothing else",
)
def test_a_clock_that_is_set_changes_nothing(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("setting the clock of one process alone needs a C compiler")
    source, library, video = tmp_path / "steps.c", tmp_path / "steps.so", tmp_path / "video.mkv"
    source.write_text(STEPS)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    command = [*COMMAND, SOURCE, "--size", "160x90", "--live", "--duration", "9", *PLAIN, "-o", str(video)]
    environment = os.environ | {"LD_PRELOAD": str(library)}
    shown = subprocess.run(["date", "+%s"], env=environment, capture_output=True, check=True)
    assert shown.stdout.strip().isdigit(), "the library loads"
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    times_s = videos.frame_times(video)
    assert len(times_s) == report["frames_out"] > 0
    assert report["frames_out"] + report["dropped"] == report["frames_in"]
    assert times_s[-1] - times_s[0] < 10, "playback's time goes on as it was"
    assert report["notes"] == []


@fault(
    Area.OUTPUTS,
    "the folder of an output is removed while the run is on",
    seen="a failure in the report, status 1; the others go on",
    lost="what was in that folder, and the rest of that output",
)
@pytest.mark.parametrize(
    ("name", "after_s"),
    [("a.mkv", 2), ("a.mp4", 2), ("a.m3u8", 2), ("parts.mkv", 2), ("a.m3u8", 0), ("parts.mkv", 0)],
)
def test_only_the_output_whose_folder_is_removed_ends(tmp_path: Path, name: str, after_s: float) -> None:
    folder, other = tmp_path / "removed", tmp_path / "other.ts"
    folder.mkdir()
    split = ("--set", "split_s=1") if name == "parts.mkv" else ()
    process = start(
        "-o", folder / name, "-o", other, *split, *KEYFRAMES, *PLAIN, "--duration", str(5 + after_s)
    )
    threading.Event().wait(after_s)  # at once: while the outputs start
    shutil.rmtree(folder)
    said, logged = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 1
    assert said, logged
    report = json.loads(said)
    (failure,) = report["failures"]
    assert failure.startswith(str(folder / Path(name).stem)), logged  # of parts, one may be named
    assert not folder.exists()
    files = sorted(tmp_path.glob("other*.ts"))
    assert sum(len(videos.frame_times(file)) for file in files) == report["frames_out"] > 0


@fault(
    Area.OUTPUTS,
    "a push's server stands still (SIGSTOP), then goes on",
    seen="nothing, or a note with the gap",
    lost="what could not be sent; the recording has no gap",
)
@pytest.mark.slow
def test_a_server_that_stands_still_for_a_while_holds_up_nothing(tmp_path: Path) -> None:
    video = tmp_path / "video.mkv"
    with RtmpServer(tmp_path) as server:
        process = start("-o", video, "--stream", server.url, *KEYFRAMES, *PLAIN, "--duration", "12")
        server.wait_received(10_000)
        server.pause()
        threading.Event().wait(5.0)
        server.resume()
        said, logged = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, logged
    report = json.loads(said)
    times_s = videos.frame_times(video)
    assert len(times_s) == report["frames_out"]
    assert report["frames_out"] + report["dropped"] == report["frames_in"]
    assert len(videos.frame_times(server.videos[-1])) > FPS
