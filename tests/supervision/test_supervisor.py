"""The supervisor, from outside, over small commands that fail in every way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import Process

SILENT_S = 1.5
HARNESS = f"""
import sys
from pipeline.supervision import supervisor
from pipeline.supervision.restarts import RestartLimits
from pipeline.supervision.supervisor import Supervisor
supervisor.POLL_S = 0.1
limits = RestartLimits(
    first_pause_s=0.05, longest_pause_s=0.2, attempts=2, silent_s={SILENT_S}, silent_start_s=20, farewell_s=1
)
say = lambda line: print(line, flush=True)
command = [sys.executable, "-c", sys.argv[1], *sys.argv[2:]]
assert "gi" not in sys.modules
sys.exit(Supervisor(command, say, limits=limits).run())
"""
TOLD = """
import os, signal, sys, time
from pathlib import Path
from pipeline.supervision.notifier import Notifier
manager = Notifier.from_environment()
count = Path(sys.argv[1])
number = len(count.read_text()) if count.exists() else 0
count.write_text("x" * (number + 1))
"""
"""The start of a command that counts its runs in a file."""


def supervisor(code: str, count: Path) -> Process:
    """A process that supervises `code`."""
    words = [sys.executable, "-c", HARNESS, TOLD + code, str(count)]
    return Process(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize(
    ("code", "status", "runs", "said"),
    [
        ("sys.exit(0)", 0, 1, ""),
        ("sys.exit(2)", 2, 1, ""),
        ("sys.exit(130)", 130, 1, ""),
        ("sys.exit(0 if number == 1 else 1)", 0, 2, "(status 1); restart 1 in 0.05 s"),
        ("sys.exit(1)", 1, 3, "(status 1) after 2 restarts; it is given up"),
        ("manager.send(X_FORESIGHT_COMPLETE=1); sys.exit(1)", 1, 1, ""),
        (
            "manager.send(X_FORESIGHT_LIVE=1); sys.exit(0 if number == 4 else 1)",
            0,
            5,
            "restart 4 in 0.2 s",
        ),
        ("number == 2 or os.kill(os.getpid(), signal.SIGKILL)", 0, 3, "(killed by SIGKILL); restart 2"),
        ("number == 1 or os.kill(os.getpid(), signal.SIGSEGV)", 0, 2, "(killed by SIGSEGV); restart 1"),
        ("number == 1 and sys.exit(); manager.send(WATCHDOG=1); time.sleep(60)", 0, 2, "gave no sign"),
        (
            "number == 1 and sys.exit(); manager.send(WATCHDOG=1); os.kill(os.getpid(), signal.SIGSTOP)",
            0,
            2,
            "gave no sign",
        ),
        (
            "manager.send(X_FORESIGHT_WRITES='[[\"/nowhere/match.mp4\"]]'); sys.exit(1 - number)",
            0,
            2,
            "restart 1 in 0.05 s, writing match.mp4",
        ),
    ],
)
def test_what_fails_is_started_again(tmp_path: Path, code: str, status: int, runs: int, said: str) -> None:
    count = tmp_path / "count"
    with supervisor(code, count) as process:
        lines, _ = process.communicate(timeout=60)
    assert process.returncode == status, lines
    assert len(count.read_text()) == runs
    assert said in lines
    assert len(lines.splitlines()) == (runs if "given up" in lines else runs - 1)


def test_the_next_part_is_named(tmp_path: Path) -> None:
    video = tmp_path / "match.mp4"
    code = f"""
from pipeline.supervision.worker import Files, files_text
names = {str(video)!r}, {str(tmp_path / "path.csv")!r}
manager.send(X_FORESIGHT_WRITES=files_text([Files(Path(name)) for name in names]))
Path({str(video)!r}).touch()
sys.exit(1 - number)
"""
    with supervisor(code, tmp_path / "count") as process:
        lines, _ = process.communicate(timeout=60)
    assert "writing match.part2.mp4, path.part2.csv" in lines


RUNNING = """
def on_signal(number, _frame):
    print(signal.Signals(number).name, flush=True)
    if number == signal.SIGTERM:
        sys.exit(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(one, on_signal)
print("pid", os.getpid(), flush=True)
while True:
    manager.send(WATCHDOG=1)
    time.sleep(0.1)
"""
"""The rest of a command that goes on until SIGTERM."""


@contextmanager
def started(code: str, tmp_path: Path) -> Iterator[tuple[Process, int]]:
    """A supervisor and the process id of its command, which runs."""
    with supervisor(code, tmp_path / "count") as process:
        yield process, int(said_by(process).split()[1])


def said_by(process: Process) -> str:
    """The next line of its output."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def is_alive(pid: int) -> bool:
    """Whether a process that is not ours runs."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int) -> None:
    """Wait, for ten seconds at most."""
    until_s = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_signals_are_passed_on_and_what_was_asked_to_end_is_not_started_again(tmp_path: Path) -> None:
    with started(RUNNING.replace("else 0", "else 1"), tmp_path) as (process, _):
        for number in (signal.SIGHUP, signal.SIGTERM):
            process.send_signal(number)
            assert said_by(process) == number.name
        assert process.wait(30) == 1
        assert said_by(process) == ""


def test_asked_twice_a_command_that_hangs_is_killed(tmp_path: Path) -> None:
    with started(RUNNING.replace("if number == signal.SIGTERM", "if False"), tmp_path) as (process, child):
        for number in (signal.SIGINT, signal.SIGTERM):
            process.send_signal(number)
            assert said_by(process) == number.name
        assert process.wait(30) == 1
        assert not is_alive(child)


def test_the_command_ends_with_its_supervisor(tmp_path: Path) -> None:
    dying = "from pipeline.supervision.worker import Worker; Worker.from_environment().end_with_parent()\n"
    with started(dying + RUNNING, tmp_path) as (process, child):
        process.kill()
        wait_until_gone(child)


def test_a_signal_during_the_pause_ends_it(tmp_path: Path) -> None:
    code = HARNESS.replace("first_pause_s=0.05, longest_pause_s=0.2", "first_pause_s=60, longest_pause_s=60")
    words = [sys.executable, "-c", code, "import sys; sys.exit(1)"]
    with Process(words, stdout=subprocess.PIPE, text=True) as process:
        assert "restart 1 in 60 s" in said_by(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 1


def test_a_supervisor_that_was_stopped_itself_kills_nobody(tmp_path: Path) -> None:
    with started(RUNNING, tmp_path) as (process, child):
        for pid in (process.pid, child):
            os.kill(pid, signal.SIGSTOP)
        time.sleep(SILENT_S + 0.5)
        for pid in (process.pid, child):
            os.kill(pid, signal.SIGCONT)
        time.sleep(1)
        assert is_alive(child)
        process.send_signal(signal.SIGTERM)
        lines, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "restart" not in lines
