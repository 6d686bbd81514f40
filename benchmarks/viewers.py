"""The cost of viewers: processor time of a live run with no, one and ten viewers of its dashboard.

    foresight bench viewers          or: python -m benchmarks.viewers [--json FILE]

The run is a separate process that plays the built-in match at 1280x720 without a detector or a recording. A viewer
requests what the page requests: the preview video, the panorama, the state. Each turn measures every phase; the
median of the turns counts.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.harness import Row, main

TURNS, PHASE_S, SETTLE_S = 3, 8.0, 4.0
"""SETTLE_S is longer than the 3 s for which the preview's encoders keep running without viewers."""
SIZE = "1280x720"
GOAL_PERCENT = 15.0
POLL_S = 0.25
POLLED = "/panorama.jpg", "/api/state"
"""What the page polls; the preview video is a stream."""


@contextmanager
def watched_run(port: int) -> Iterator[int]:
    """Start a live run with its dashboard at `port`; yields its process id."""
    length_s = TURNS * 3 * (PHASE_S + SETTLE_S) + 60
    command = [sys.executable, "-m", "pipeline", "run", "match", "--size", SIZE, "--detector", "none"]
    command += ["--delay", "2", "--duration", str(length_s), "--web", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not is_well(port):
            if process.poll() is not None:
                raise SystemExit("the run ended immediately; try its command by hand: " + " ".join(command))
            time.sleep(0.2)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def is_well(port: int) -> bool:
    """Whether the run is playing."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


@contextmanager
def receive_video(port: int) -> Iterator[None]:
    """Receive the preview video."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(b"GET /preview.mp4 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def take() -> None:
        while connection.recv(1 << 16):
            pass

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield
    finally:
        connection.shutdown(socket.SHUT_RDWR)
        thread.join()
        connection.close()


@contextmanager
def poll(port: int, path: str) -> Iterator[None]:
    """Request `path` as often as the page does."""
    connection = HTTPConnection("127.0.0.1", port)
    over = threading.Event()

    def ask() -> None:
        while not over.wait(POLL_S):
            connection.request("GET", path)
            connection.getresponse().read()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        connection.close()


def processor_s(pid: int) -> float:
    """Processor time of the process and its threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percent_of_core(pid: int, port: int, viewers: int) -> float:
    """Processor load in percent of a core with `viewers` viewers, over PHASE_S."""
    with ExitStack() as watching:
        for _viewer in range(viewers):
            watching.enter_context(receive_video(port))
            for path in POLLED:
                watching.enter_context(poll(port, path))
        time.sleep(SETTLE_S)
        begin_s, used_s = time.monotonic(), processor_s(pid)
        time.sleep(PHASE_S)
        return 100 * (processor_s(pid) - used_s) / (time.monotonic() - begin_s)


def run() -> Sequence[Row]:
    """The preview's encode against the run without it; ten viewers against one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with watched_run(port) as pid:
        turns = [[percent_of_core(pid, port, viewers) for viewers in (0, 1, 10)] for _ in range(TURNS)]
    nobody, one, ten = (statistics.median(values) for values in zip(*turns, strict=True))
    more = ten - one
    return [
        Row("no viewer", nobody, "% of a core"),
        Row("one viewer", one, "% of a core", "no viewer", one / nobody),
        Row("ten viewers", ten, "% of a core", "one viewer", ten / one),
        Row("ten beyond one", more, "% of a core", goal=f"under {GOAL_PERCENT:g} %", met=more < GOAL_PERCENT),
    ]


if __name__ == "__main__":
    main(run)
