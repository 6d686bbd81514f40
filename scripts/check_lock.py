"""Checks that the packages in .venv are those of requirements.lock: a line for each other one, and status 1."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
OWN = {"foresight", "pip", "setuptools"}
"""The package itself, and what every virtual environment begins with."""


def normal(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(text: str) -> dict[str, str]:
    """The versions of a lock file. Raises ValueError for a line that pins none."""
    versions = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, equals, version = line.partition("==")
        if not equals:
            raise ValueError(f"{line}: not pinned to a version")
        versions[normal(name)] = version
    return versions


def installed(folder: Path) -> dict[str, str]:
    """The versions of the packages in a virtual environment's site-packages."""
    return {normal(one.metadata["Name"]): one.version for one in distributions(path=[str(folder)])}


def differences(found: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    """A line for each package that is not in the lock, or not in its version."""
    for name, version in sorted(found.items()):
        if name not in wanted and name not in OWN:
            yield f"{name} {version} is installed, and not in requirements.lock"
        elif wanted.get(name, version) != version:
            yield f"{name} {version} is installed, and {wanted[name]} in requirements.lock"


if __name__ == "__main__":
    site = next(Path(sys.prefix).glob("lib/python3*/site-packages"))
    lines = [*differences(installed(site), locked(LOCK.read_text(encoding="utf-8")))]
    sys.stderr.write("".join(f"lock: {line}; run: make setup\n" for line in lines))
    sys.exit(bool(lines))
