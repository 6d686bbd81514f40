"""Task: one piece of work beside the page, whose progress the page shows; Command: a process that it waits for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import ForesightError, StateError
from pipeline.foreign_code import Contained, describe
from pipeline.redaction import redact

Say = Callable[[str], object]
END_S = 15.0
"""A command that is to end has this long, then it is killed."""

TaskWord = Literal["idle", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class TaskState:
    """How a piece of work fares: `said` is its newest line, or why it failed."""

    state: TaskWord = "idle"
    said: str = ""


class Task:
    """Runs one piece of work at a time on a thread of its own. Any thread."""

    def __init__(self, name: str) -> None:
        """`name`: what it does, for people: "the search for cameras"."""
        self._name = name
        self._lock = threading.Lock()
        self._state = TaskState()
        self._thread: threading.Thread | None = None
        self._next: Callable[[Say], object] | None = None

    @property
    def state(self) -> TaskState:
        """How it fares."""
        return self._state

    def start(self, work: Callable[[Say], object]) -> None:
        """Begin `work(say)`; what it raises is its failure. Raises StateError while it is being done."""
        with self._lock:
            if self._state.state == "running":
                raise StateError(f"{self._name} is going on; wait for its end")
            self._begin(work)

    def start_or_repeat(self, work: Callable[[Say], object]) -> None:
        """Begin `work(say)`, or have it done once more after what goes on: something has changed meanwhile."""
        with self._lock:
            if self._state.state == "running":
                self._next = work
            else:
                self._begin(work)

    def _begin(self, work: Callable[[Say], object]) -> None:
        self._state = TaskState("running")
        self._thread = threading.Thread(target=self._do, args=[work], name=self._name, daemon=True)
        self._thread.start()

    def reset(self) -> None:
        """Forget how it ended; work that goes on is not touched."""
        with self._lock:
            if self._state.state != "running":
                self._state = TaskState()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end of the work; returns whether it has ended."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return True

    def _do(self, work: Callable[[Say], object]) -> None:
        following: Callable[[Say], object] | None = work
        while following is not None:
            ended = self._ended(following)
            with self._lock:
                following, self._next = self._next, None
                self._state = ended if following is None else TaskState("running", ended.said)

    def _ended(self, work: Callable[[Say], object]) -> TaskState:
        """Do the work; returns how it ended."""

        def say(line: str) -> None:
            self._state = TaskState("running", redact(line))

        with Contained() as call:
            work(say)
        error = call.error
        if error is None:
            return TaskState("done", self._state.said)
        if isinstance(error, ForesightError):
            return TaskState("failed", redact(str(error)))
        return TaskState("failed", redact(describe(error)))


def foresight(*arguments: str) -> list[str]:
    """The command line of a foresight command, run by this interpreter."""
    return [sys.executable, "-m", "pipeline", *arguments]


class Command:
    """A foresight command in a process of its own, which a fault of a library cannot take this one with.

    One thread reads its lines, any thread may call `stop`.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, output: Path | None = None) -> None:
        """Start it in `folder`. `output`: a file for what it prints. Raises OSError."""
        printed = subprocess.DEVNULL if output is None else output.open("wb")
        try:
            self._process = subprocess.Popen(
                foresight(*arguments),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=without_settings(os.environ),
            )
        finally:
            if not isinstance(printed, int):
                printed.close()

    def lines(self) -> Iterator[str]:
        """What it says, line by line, until its end."""
        said = self._process.stderr
        if said is None:
            return
        with said:
            for line in said:
                yield " ".join(line.decode(errors="replace").split())
        self._process.wait()

    @property
    def status(self) -> int | None:
        """Its exit status, None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ask it to end, at last kill it; blocks until it has ended. Idempotent."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without settings of a run, which would go before the file that the page writes."""
    return {name: value for name, value in environment.items() if not name.startswith("FORESIGHT_")}
