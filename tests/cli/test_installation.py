"""The two parts of an installation: what a run needs, and what development needs beside it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pipeline.cli.installation import PROGRAMS, STUBS, development_part, required_packages, run_part

ROOT = Path(__file__).resolve().parents[2]


def packages(part: str) -> set[str]:
    """The Debian packages of scripts/packages-PART.txt."""
    lines = (ROOT / "scripts" / f"packages-{part}.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_the_two_package_lists_are_disjoint_and_a_run_needs_no_test_tool() -> None:
    assert not packages("run") & packages("dev")
    assert not packages("run") & {"nginx", "chromium", "xvfb", "srt-tools", "ffmpeg", "openssl"}


def test_doctor_looks_for_every_package_that_setup_installs_for_development() -> None:
    assert set(PROGRAMS.values()) == packages("dev")


def test_the_locked_requirements_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra, named in ((None, project["dependencies"]), ("dev", project["optional-dependencies"]["dev"])):
        assert required_packages(extra) == [one.partition(">")[0] for one in named]


def test_every_requirement_is_bounded_and_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    locked = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    assert STUBS.lower() in locked
    assert "pygobject" not in locked
    for one in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        name, _, bounds = one.partition(">=")
        assert ",<" in bounds, one
        assert name.lower() in locked


def test_each_part_names_its_missing_packages() -> None:
    assert run_part(["b", "a", "b"], lambda name: name != "scipy").apt == ("a", "b")
    assert run_part([], lambda name: name != "scipy").pip == ("scipy",)
    assert run_part([], lambda _name: True).is_complete
    bare = development_part(lambda _name: False, lambda _name: False)
    assert set(bare.apt) == packages("dev")
    assert {"pytest", STUBS} <= set(bare.pip)
    assert "scipy" not in bare.pip
    assert not bare.is_complete
