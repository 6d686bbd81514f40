"""What a release states: its version, changelog, stable names and packages."""

from __future__ import annotations

import re
import tomllib

import pipeline
from tests.docs.pages import ROOT

STABLE = (ROOT / "docs" / "stable-api.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_package_project_and_changelog_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = re.findall(r"^## (\S+)", CHANGELOG, re.MULTILINE)[0]
    assert pipeline.__version__ == project["version"] == newest


def test_the_page_lists_exactly_the_stable_names() -> None:
    (names,) = re.findall(r"^`Annotation`.*?(?=\n\n)", STABLE, re.MULTILINE | re.DOTALL)
    assert re.findall(r"`(\w+)`", names) == pipeline.__all__


def test_the_modules_named_in_the_changelog_exist() -> None:
    notes = CHANGELOG.partition("### Upgrade notes")[2].partition("\n## ")[0]
    modules = set(
        re.findall(r"`(pipeline(?:\.\w+)+)`", " ".join(re.findall(r"\| ([^|]*) \|$", notes, re.MULTILINE)))
    )
    assert modules
    for module in modules:
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file(), module


def test_the_readmes_line_for_debian_has_every_package_of_a_run() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    (line,) = re.findall(r"^sudo apt-get install (.*)$", readme, re.MULTILINE)
    lines = (ROOT / "scripts" / "packages-run.txt").read_text(encoding="utf-8").splitlines()
    assert set(line.split()) == {"pipx", *(one for one in lines if one and not one.startswith("#"))}
