"""Worker: what a run that the supervisor started knows of it, and tells it. Its side is `Supervisor`."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import time
from collections.abc import Collection, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StateError
from pipeline.media.part_names import next_part, part_path

VARIABLE = "_FORESIGHT_SUPERVISED"
"""The environment variable by which a process knows that it is a worker."""

WRITES, LIVE, COMPLETE = "X_FORESIGHT_WRITES", "X_FORESIGHT_LIVE", "X_FORESIGHT_COMPLETE"
"""What a worker sends besides the protocol's own names: its files, that its sources are live, that its video has
reached its end."""

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Worker:
    """A run under the supervisor with process id `parent`."""

    parent: int
    on_air_s: float | None = None
    """Monotonic time (of the machine) at which the first of its runs was on air; None: none was yet."""

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str] | None = None) -> Worker | None:
        """The worker that this process is, None if it is none. The variable is removed."""
        variables = os.environ if environment is None else environment
        text = variables.pop(VARIABLE, "")
        return cls(**json.loads(text)) if text else None

    def variables(self) -> Mapping[str, str]:
        """The environment by which the process that is started knows."""
        return {VARIABLE: json.dumps({"parent": self.parent, "on_air_s": self.on_air_s})}

    def end_with_parent(self) -> None:
        """From now on the end of the supervisor, SIGKILL included, is a SIGTERM to this process. Linux only.

        Main thread. Raises StateError if it has ended already.
        """
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != self.parent:
            raise StateError("the process that supervises this run has ended; start it again")

    def remaining_s(self, duration_s: float, delay_s: float) -> float:
        """What is left of a live run of `duration_s`, since the capture of its first part began, in seconds."""
        if self.on_air_s is None:
            return duration_s
        return self.on_air_s - delay_s + duration_s - time.monotonic()


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one output by its name, and what else its files may end in, as numbered parts or segments do."""

    path: Path
    suffixes: tuple[str, ...] = ()


def files_text(files: Collection[Files]) -> str:
    """`files` as one line, for WRITES."""
    return json.dumps([[str(one.path.absolute()), *one.suffixes] for one in files])


def files_of(text: str) -> list[Files]:
    """The files of a line that `files_text` made."""
    return [Files(Path(path), tuple(suffixes)) for path, *suffixes in json.loads(text)]


def free_part(files: Collection[Files]) -> int:
    """The number of the first part for which none of `files` exists, nor one of a later part. Reads the folders."""
    return max((next_part(one.path, one.suffixes, _names(one.path.parent)) for one in files), default=1)


def part_names(files: Collection[Files]) -> str:
    """The names of the files of the next part, for people."""
    number = free_part(files)
    return ", ".join(part_path(one.path, number).name for one in files)


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
