"""Starts the real command on a small match, and reads what it wrote."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO

SOURCE = "match?size=320x108&fps=25"
SMALL = (SOURCE, "--size", "160x90", "--duration", "2")
FRAMES = 50
"""How many frames an offline run of SMALL shows."""
COMMAND = (sys.executable, "-m", "pipeline", "run")
LONGEST_S = 120


def foresight(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command with these arguments alone, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )


def run(
    *arguments: str | Path, stdout: IO[bytes] | int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run the command offline to its end."""
    return subprocess.run(
        [*COMMAND, *SMALL, "--offline", *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )


def start(*arguments: str | Path, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start the command live, with `before` in front of it; returns when playback has begun."""
    process = subprocess.Popen(
        [*before, *COMMAND, *SMALL, "--live", "--set", "log_level=debug", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    read_until(process, "[PLAYBACK] first frame sent")
    return process


def read_until(process: subprocess.Popen[str], said: str) -> str:
    """Read its stderr up to the line with these words; returns that line. Fails if it ends before."""
    assert process.stderr is not None
    for line in process.stderr:
        if said in line:
            return line
    raise AssertionError(f"it ended without saying {said!r}, with status {process.wait()}")
