"""Starts `random_use`, and expects that nothing is left of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.run.test_one_lifetime import IDLE_THREADS
from tests.soak.random_use import WARM_RUNS, environment

MAIN_THREADS = 12
"""What numpy, OpenCV and GStreamer keep for the whole process."""
MB_A_RUN = 0.25
"""The most by which memory may grow from run to run, over all of them: the allocator's own holes."""


def expect_nothing_left(folder: Path, *, seed: int, actions: int) -> None:
    """Fails if the process crashes, hangs, prints a traceback, or holds more after a run than before it."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.soak.random_use", str(seed), str(actions)],
        env=environment(folder / "tracer.log"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr[-5000:]}"
    assert "Traceback" not in ended.stderr, ended.stderr[-5000:]
    found = json.loads(ended.stdout.splitlines()[-1])
    holds = found["holds"]
    for kind in ("objects", "threads", "descriptors", "traced"):
        counts = [held[kind] for held in holds[WARM_RUNS - 1 :]]
        assert max(counts) <= counts[0], f"{kind}: {counts}"
    assert found["native_threads"] <= MAIN_THREADS + IDLE_THREADS
    if len(holds) > 5 * WARM_RUNS:
        memory = found["memory_mb"][2 * WARM_RUNS :]
        growth, _start = np.polyfit(range(len(memory)), memory, 1)
        assert growth <= MB_A_RUN, f"{growth:.2f} MB a run: {memory}"
