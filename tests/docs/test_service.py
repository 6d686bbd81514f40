"""The unit for systemd, the container and the lock: hardened, valid and pinned, as docs/security.md says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.check_lock import differences, locked
from tests.docs.pages import ROOT

UNIT = ROOT / "examples" / "foresight.service"
MOST_EXPOSED = 2.0


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a command that exists here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/foresight/bin/foresight", "/bin/true"))
    return path


def test_the_unit_is_valid(unit: Path) -> None:
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_unit_is_as_little_exposed_as_the_page_says(unit: Path) -> None:
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager", unit]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= MOST_EXPOSED
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert f"exposure of {found[1]} " in page


def test_the_unit_runs_a_command_that_exists() -> None:
    (line,) = re.findall(r"^ExecStart=\S+ (.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    words = [sys.executable, "-m", "pipeline", *line.split()]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    assert done.returncode == 2
    assert "/etc/foresight/match.toml" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_container_runs_as_nobody_in_particular() -> None:
    text = (ROOT / "examples" / "Containerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] not in ("root", "0")


def test_every_package_is_pinned() -> None:
    pinned = locked((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert len(pinned) > 30
    with pytest.raises(ValueError, match="numpy>=2: not pinned"):
        locked("numpy>=2\n")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"numpy": "2.1", "foresight": "0.2", "pip": "25"}, []),
        ({"numpy": "2.0"}, ["numpy 2.0 is installed, and 2.1 in requirements.lock"]),
        ({"numpy": "2.1", "extra": "1"}, ["extra 1 is installed, and not in requirements.lock"]),
        ({}, []),
    ],
)
def test_what_differs_from_the_lock_is_named(found: dict[str, str], said: list[str]) -> None:
    assert [*differences(found, locked("# comment\nnumpy==2.1\n"))] == said
