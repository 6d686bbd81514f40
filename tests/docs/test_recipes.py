"""The recipes that are files, as far as they can be checked here: a systemd unit and a container file."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks

CONTAINERFILE = (ROOT / "examples" / "Containerfile").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    (unit,) = blocks(ROOT / "docs" / "recipes.md", "ini")
    path = tmp_path / "foresight.service"
    path.write_text(unit, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    # other units may have errors
    assert [line for line in done.stderr.splitlines() if path.name in line] == []


def test_the_stop_timeout_of_the_unit_is_long_enough_to_drain() -> None:
    (unit,) = blocks(ROOT / "docs" / "recipes.md", "ini")
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert int(seconds) > 7 + 10


def test_the_files_of_the_container_exist() -> None:
    copied = [
        word for line in re.findall(r"^COPY (.*)$", CONTAINERFILE, re.MULTILINE) for word in line.split()[:-1]
    ]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_container_has_the_packages_of_a_run_and_no_others() -> None:
    ((sed, file),) = re.findall(r"sed '([^']+)' /src/(\S+)", CONTAINERFILE)
    done = subprocess.run(["sed", sed, str(ROOT / file)], capture_output=True, text=True, check=True)
    packages = done.stdout.split()
    assert {"python3-gst-1.0", "gstreamer1.0-libav"} <= set(packages)
    assert not {"chromium", "nginx", "ffmpeg"} & set(packages)
