"""The recipes that are files, as far as they can be checked here: a systemd unit, a container's file."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks

CONTAINERFILE = (ROOT / "examples" / "Containerfile").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    (unit,) = blocks(ROOT / "docs" / "recipes.md", "ini")
    path = tmp_path / "foresight.service"
    path.write_text(unit, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert [
        line for line in done.stderr.splitlines() if path.name in line
    ] == []  # others' units may be wrong


def test_the_unit_leaves_time_to_play_out_the_window() -> None:
    (unit,) = blocks(ROOT / "docs" / "recipes.md", "ini")
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert int(seconds) > 7 + 10


def test_what_the_container_is_made_of_is_there() -> None:
    copied = [
        word for line in re.findall(r"^COPY (.*)$", CONTAINERFILE, re.MULTILINE) for word in line.split()[:-1]
    ]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_container_has_the_packages_of_a_run_and_none_of_the_tests() -> None:
    ((sed, file),) = re.findall(r"sed '([^']+)' /src/(\S+)", CONTAINERFILE)
    done = subprocess.run(["sed", sed, str(ROOT / file)], capture_output=True, text=True, check=True)
    packages = done.stdout.split()
    assert {"python3-gst-1.0", "gstreamer1.0-libav"} <= set(packages)
    assert not {"chromium", "nginx", "ffmpeg"} & set(packages)
