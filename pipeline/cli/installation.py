"""What is installed of the two parts, a run's and development's, and what each still lacks."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

PROGRAMS: dict[str, str] = {
    "gst-launch-1.0": "gstreamer1.0-tools",
    "ffmpeg": "ffmpeg",
    "openssl": "openssl",
    "nginx": "nginx",
    "/usr/lib/nginx/modules/ngx_rtmp_module.so": "libnginx-mod-rtmp",
    "srt-live-transmit": "srt-tools",
    "Xvfb": "xvfb",
    "chromium": "chromium",
}
"""What the tests start or load, each with its Debian package: those of scripts/packages-dev.txt."""

STUBS = "PyGObject-stubs"
"""Needed by the checks, but not in the extra: its own requirement would build PyGObject beside Debian's."""

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Part:
    """What a part still lacks: Debian packages and Python packages."""

    apt: tuple[str, ...]
    pip: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether it lacks nothing."""
        return not self.apt and not self.pip


def is_program(name: str) -> bool:
    """Whether a program is on the path, or where only root's path leads; or a file is there."""
    if name.startswith("/"):
        return Path(name).exists()
    return any(shutil.which(name, path=path) for path in (None, "/usr/sbin:/sbin"))


def is_package(name: str) -> bool:
    """Whether a Python package is installed."""
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def run_part(apt: Iterable[str], has_package: Test = is_package) -> Part:
    """What a run lacks; `apt` are the Debian packages of the features that it cannot do without."""
    return Part(tuple(sorted(set(apt))), _missing(required_packages(), has_package))


def development_part(has_program: Test = is_program, has_package: Test = is_package) -> Part:
    """What tests and checks lack beside what a run needs."""
    apt = tuple(package for program, package in PROGRAMS.items() if not has_program(program))
    return Part(apt, _missing([*required_packages("dev"), STUBS], has_package))


def required_packages(extra: str | None = None) -> list[str]:
    """The Python packages that Foresight requires, or those of an extra; itself where it is not installed."""
    try:
        requirements = metadata.requires("foresight") or []
    except metadata.PackageNotFoundError:
        return ["foresight"]
    of_extra = f'extra == "{extra}"'
    return [
        re.split(r"[^\w.-]", one, maxsplit=1)[0]
        for one in requirements
        if (of_extra in one if extra else "extra ==" not in one)
    ]


def _missing(names: Iterable[str], has_package: Test) -> tuple[str, ...]:
    return tuple(name for name in names if not has_package(name))
