"""The pages: command lines parse, files load, links have targets, and nothing is left out."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from docs.pictures import IMAGES, PICTURES
from pipeline.config_builder import check_file
from pipeline.fields import load_field
from pipeline.optics.calibration.control_points import read_points
from pipeline.optics.rig import Rig
from pipeline.scoring import load_sport
from tests.docs.pages import COMMAND, PAGES, ROOT, blocks, command_lines, commands, help_examples

LINK = re.compile(r"\]\(([^)\s]+)\)")
EXAMPLES = [(page.name, line) for page in PAGES for line in command_lines(page)]
HELP = [(words, line) for words, command in commands() for line in help_examples(command)]


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("place", "line"), EXAMPLES + HELP)
def test_every_command_line_parses(place: str, line: str) -> None:
    command: Any = COMMAND
    words = shlex.split(line, comments=True)
    words = [word for word in words[words.index("foresight") + 1 :] if word not in ("--debug", "&")]
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    command.make_context("foresight", words)  # parses the flags and runs nothing


def test_every_commands_help_has_examples() -> None:
    without = [
        words
        for words, command in commands()
        if not hasattr(command, "commands")
        and not any(line.startswith(words) for line in help_examples(command))
    ]
    assert without == []


def test_every_option_of_every_command_has_a_row() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    for words, command in commands():
        if hasattr(command, "commands"):
            continue
        group = " ".join(words.split()[:2])
        section = next((one for one in sections if one.startswith(group)), "")
        names = [name for option in command.params for name in (*option.opts, *option.secondary_opts)]
        rows = "\n".join(line for line in section.splitlines() if line.startswith("|"))
        assert [name for name in names if name.startswith("--") and f"`{name}" not in rows] == [], words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_or_heading_has_a_target(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_toml_block_in_a_page_loads(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Rig.assume(640, 360).save(Path("rig.toml"))  # a file that settings may name
    path = tmp_path / "block.toml"
    for block in blocks(page, "toml"):
        path.write_text(block, encoding="utf-8")
        if "[camera.points]" in block:
            read_points(path)
        elif "[[camera]]" in block:
            Rig.load(path)
        elif "line_m" in block:
            load_field(str(path))
        elif "[[period]]" in block:
            load_sport(str(path))
        else:
            assert check_file(path) == []
    for block in blocks(page, "json"):
        json.loads(block)


def _names_and_files() -> list[tuple[str, list[Path]]]:
    """Each name in the glossary and the table of interfaces, with the files that they give for it."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+)(?:\.\w+)?` \((`[\w/]+\.py`)\)", glossary)
    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for names, files in re.findall(r"^\| (`[A-Z][^|]*) \| (`[^|]*\.py`) \|", architecture, re.MULTILINE):
        named += [(name, files) for name in re.findall(r"`(\w+)`", names)]
    return [
        (name, [ROOT / "pipeline" / file for file in re.findall(r"`(.*?)`", files)]) for name, files in named
    ]


def test_every_name_that_a_page_gives_is_in_its_file() -> None:
    named = _names_and_files()
    assert len(named) > 50
    for name, files in named:
        sources = [file.read_text(encoding="utf-8") for file in files]
        defined = re.compile(rf"^(class |def )?{name}\b", re.MULTILINE)
        assert any(map(defined.search, sources)), f"{name} is not in {files}"


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = [path.stem for path in (ROOT / "docs").glob("*.md") if path.stem != "index"]
    assert [name for name in pages if not re.search(rf"^{name}$", index, re.MULTILINE)] == []


def test_every_image_is_shown_on_a_page_and_has_a_generator() -> None:
    shown = {
        Path(name).name for page in PAGES for name in re.findall(r"images/(\S+?)\)", page.read_text("utf-8"))
    }
    there = {path.name for path in IMAGES.iterdir()}
    assert there == shown == set(PICTURES)
    assert max(path.stat().st_size for path in IMAGES.iterdir()) < 1_500_000


def test_the_pages_have_examples() -> None:
    assert len(EXAMPLES) > 20
