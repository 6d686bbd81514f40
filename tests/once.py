"""Files that take seconds to make, made once for all processes of a test run."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The file `name`, written with `make(path)` by the first process that asks; the others wait for it."""
    base = factory.getbasetemp()
    # pytest-xdist: one folder for each process, below one that all share
    shared = base.parent if base.name.startswith("popen-") else base
    path = shared / "once" / name
    path.parent.mkdir(exist_ok=True)
    done = path.with_name(f"{name}.done")
    with _locked(path.with_name(f"{name}.lock")):
        if not done.exists():
            make(path)
            done.touch()
    return path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of this file; other processes, and other threads of this one, wait for it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
