"""--supervise: whatever ends the run, the next part follows, and nothing is overwritten."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests import videos
from tests.faults.record import Area, fault
from tests.faults.runs import COMMAND, LONGEST_S, SMALL, SOURCE, read_until
from tests.processes import Process

SUPERVISED = (*COMMAND, SOURCE, "--size", "160x90", "--detector", "none", "--delay", "0.5", "--supervise")


def supervised(*arguments: str | Path, **more: str) -> Process:
    return Process(
        [*SUPERVISED, *map(str, arguments), "--set", "log_level=debug"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
    )


def child_of(process: Process) -> int:
    """The process id of the run."""
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


def wait_until_written(video: Path) -> None:
    until_s = time.monotonic() + LONGEST_S
    while not video.exists() or video.stat().st_size < 10_000:
        assert time.monotonic() < until_s
        time.sleep(0.1)


@fault(
    Area.MACHINE,
    "the run crashes or is killed (SIGSEGV, SIGKILL), with `--supervise`",
    seen="a line with the reason; it starts again after 1 s, then 2, ... 30 s",
    lost="the window, and the video until it is on air again; earlier parts play up to their last second",
)
@fault(
    Area.MACHINE,
    "the run hangs, with `--supervise`",
    seen="it is killed after 15 s without a sign of life, and starts again",
    lost="the same",
)
def test_each_end_is_followed_by_a_new_part(tmp_path: Path) -> None:
    video = tmp_path / "video.mkv"
    with supervised("-o", video, "--path-out", tmp_path / "path.csv") as process:
        for number, (kill, said) in enumerate(
            ((signal.SIGSEGV, "SIGSEGV"), (signal.SIGKILL, "SIGKILL"), (signal.SIGSTOP, "no sign")), 2
        ):
            part = video if number == 2 else video.with_suffix(f".part{number - 1}.mkv")
            wait_until_written(part)
            os.kill(child_of(process), kill)
            line = read_until(process, "restart")
            assert said in line
            assert f"video.part{number}.mkv, path.part{number}.csv" in line
        wait_until_written(tmp_path / "video.part4.mkv")
        process.send_signal(signal.SIGINT)
        _, wrong = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0
    assert "stopping: " in wrong
    assert "restart" not in wrong
    for part in ("video", "video.part2", "video.part3", "video.part4"):
        assert len(videos.frame_times(tmp_path / f"{part}.mkv")) > 5


@fault(
    Area.MACHINE,
    "the supervisor itself is killed (SIGKILL)",
    seen="the run ends as on SIGTERM: the window is played out",
    lost="what would have followed",
)
def test_no_run_is_left_without_its_supervisor(tmp_path: Path) -> None:
    video = tmp_path / "video.mkv"
    with supervised("-o", video) as process:
        wait_until_written(video)
        child = child_of(process)
        process.kill()
        process.wait(LONGEST_S)
        _, wrong = process.communicate(timeout=LONGEST_S)  # the run's own end closes the pipe
    assert "stopping: " in wrong
    assert not Path(f"/proc/{child}/exe").exists()
    assert len(videos.frame_times(video)) > 5


@fault(
    Area.MACHINE,
    "two signals to a run with `--supervise`",
    seen="it ends at once; status 130; nothing is started again",
    lost="the window",
)
def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with supervised("-o", tmp_path / "video.mkv", "--delay", "5") as process:
        read_until(process, "[PLAYBACK] first frame sent")
        process.send_signal(signal.SIGINT)
        read_until(process, "stopping: ")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST_S)
    assert process.returncode == 130


@fault(
    Area.MACHINE,
    "arguments that are unusable, with `--supervise`",
    seen="one line, once; status 2",
)
@pytest.mark.parametrize("wrong", [("--delay", "-1"), ("-o", "video.xyz"), ("--no-such-flag",)])
def test_what_cannot_work_is_not_started_again(wrong: tuple[str, ...]) -> None:
    with supervised(*wrong) as process:
        _, said = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 2
    assert len(said.splitlines()) == 1


@fault(
    Area.MACHINE,
    "a camera that is not there at the start, with `--supervise`",
    seen="one line each time, and a restart, until it is there",
)
def test_a_source_that_fails_is_tried_again(tmp_path: Path) -> None:
    words = [*COMMAND, "gst:videotestsrc num-buffers=0", "-o", str(tmp_path / "v.mkv"), "--supervise"]
    with Process(words, stderr=subprocess.PIPE, text=True) as process:
        assert "status 1); restart 1 in 1 s, writing v.mkv" in read_until(process, "restart")
        assert "status 1); restart 2 in 2 s" in read_until(process, "restart")
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST_S) == 1


@fault(
    Area.MACHINE,
    "a run as a service of systemd",
    seen="`READY=1` on air, `STATUS=` lines, `WATCHDOG=1`, `STOPPING=1`",
)
@pytest.mark.parametrize("more", [(), ("--supervise",)])
def test_a_service_manager_hears_of_the_run(tmp_path: Path, more: tuple[str, ...]) -> None:
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(0.2)
        variables = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
        words = [
            *COMMAND,
            *SMALL,
            "--duration",
            "6",
            "--live",
            "--delay",
            "0.5",
            "-o",
            str(tmp_path / "v.mkv"),
            *more,
        ]
        with Process(words, stderr=subprocess.PIPE, text=True, env={**os.environ, **variables}) as process:
            while process.poll() is None or heard[-1:] != [b""]:
                try:
                    heard += manager.recv(4096).splitlines()
                except TimeoutError:
                    heard += [b""] if process.poll() is not None else []
    assert process.returncode == 0
    assert heard.count(b"READY=1") == 1
    assert heard.count(b"WATCHDOG=1") >= 2
    assert any(line.startswith(b"STATUS=playing: at ") for line in heard)
    assert more or b"STOPPING=1" in heard
