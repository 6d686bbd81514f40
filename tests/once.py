"""Files that take seconds to make, made once for all processes of a test run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The file `name`, written with `make(path)` by the first process that asks; the others wait for it."""
    base = factory.getbasetemp()
    # pytest-xdist: one folder for each process, below one that all share
    shared = base.parent if base.name.startswith("popen-") else base
    path = shared / "once" / name
    path.parent.mkdir(exist_ok=True)
    done = path.with_name(f"{name}.done")
    with FileLock(path.with_name(f"{name}.lock")):
        if not done.exists():
            make(path)
            done.touch()
    return path
