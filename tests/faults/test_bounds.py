"""With the real command: idle connections under few descriptors, and Ctrl-C while a detector hangs."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.faults.record import Area, fault
from tests.processes import Process

FORESIGHT = [
    sys.executable,
    "-m",
    "pipeline",
    "run",
    "match?size=720x240&fps=25",
    "--size",
    "320x180",
    "--delay",
    "1",
]
ROOT = Path(__file__).resolve().parents[2]


def read_until(run: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """The first line of the run's standard error that matches."""
    assert run.stderr is not None
    for line in run.stderr:
        found = re.search(pattern, line)
        if found:
            return found
    raise AssertionError(f"the run ended without {pattern!r}")


@fault(
    Area.DASHBOARD,
    "idle connections to the dashboard, few descriptors",
    seen="nothing; the surplus is closed",
)
def test_idle_connections_take_no_descriptor_that_the_run_needs(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    command = [*FORESIGHT, "--live", "--duration", "6", "--web", "127.0.0.1:0", "-o", str(video)]
    limited = ["bash", "-c", 'ulimit -n 80 && exec "$@"', "bash", *command]
    with (
        Process(limited, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run,
        ExitStack() as stack,
    ):
        port = int(read_until(run, r"dashboard: http://127\.0\.0\.1:(\d+)/")[1])
        for _ in range(120):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
        out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    assert f"written: {video}" in out
    assert "Traceback" not in err


@fault(
    Area.DETECTION,
    "a detector hangs at the end",
    seen="two lines within 3 s; on a second Ctrl-C the run ends at once, status 130",
    lost="its last detections",
)
def test_a_second_ctrl_c_ends_a_run_whose_detector_hangs(tmp_path: Path) -> None:
    detector = ["--detector", "tests.analysis.detectors_in_trouble:Hanging"]
    command = [*FORESIGHT, "--live", *detector, "-o", str(tmp_path / "video.mp4")]
    with Process(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        read_until(run, "^playing")
        run.send_signal(signal.SIGINT)
        read_until(run, "stopping: .* press Ctrl-C again")
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=20)  # it waited for 31 s
    assert run.returncode == 130, err
    assert "Traceback" not in err
