"""A `foresight start` as a process, with small settings, and what its page answers."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, TimeoutExpired
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.processes import Process

SOURCE = "match?size=640x214&fps=5"
PATIENCE_S = 600.0
SMALL = f"""
sources = ["{SOURCE}"]
size = "320x180"
delay_s = 7

[detector]
kind = "none"

[clips]
tag_after_s = 1
"""


class Started:
    """The page of a folder, in a process of its own."""

    def __init__(self, home: Path, *arguments: str, address: str = "127.0.0.1:0") -> None:
        command = [sys.executable, "-m", "pipeline", "start", str(home), "--no-browser"]
        command += ["--address", address, *arguments]
        self.home = home
        environment = {**os.environ, "PYTHONFAULTHANDLER": "1"}  # what its threads do, should it hang
        self.process = Process(command, stdout=PIPE, stderr=PIPE, text=True, cwd=home, env=environment)
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        self.address = self.first_line.removeprefix("foresight: ").partition(" ")[0].strip()

    def close(self) -> int:
        """End it as Ctrl-C does; returns its exit status. Raises AssertionError with what it does if it hangs."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(PATIENCE_S)
        except TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            raise AssertionError(self.process.communicate()[1]) from None

    def state(self) -> Any:
        """What is at the address: the set-up, or a run; empty where nobody answers."""
        return got(f"{self.address}api/state")

    def until(self, holds: Callable[[Any], bool]) -> Any:
        """Wait until what is at the address holds."""
        return until(self.state, holds)

    def act(self, name: str, /, **body: Any) -> Any:
        return act(self.address, name, **body)


def got(address: str) -> Any:
    """The JSON at an address; empty where nobody answers."""
    try:
        with urlopen(address, timeout=60) as answer:
            return json.load(answer)
    except (URLError, OSError, ValueError):
        return {}


def act(address: str, name: str, /, **body: Any) -> Any:
    request = Request(f"{address}api/{name}", json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    with urlopen(request, timeout=60) as answer:
        return json.load(answer)["result"]


def until(read: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """Read until it holds; raises what was read at last."""
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        value = read()
        if holds(value):
            return value
        time.sleep(0.1)
    raise AssertionError(read())


@contextmanager
def started(home: Path, *arguments: str, address: str = "127.0.0.1:0") -> Iterator[Started]:
    """A page, whose match, if one runs, ends with the block."""
    (home / "match.toml").write_text(SMALL)
    page = Started(home, *arguments, address=address)
    with page.process:
        try:
            yield page
        finally:  # a match that runs still would run on without its page
            with suppress(OSError):
                act(page.address, "end_run")
            if page.process.poll() is None:
                page.close()
