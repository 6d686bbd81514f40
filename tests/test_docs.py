"""The pages: their `foresight` lines are ones that the command takes, and their links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from pipeline.cli import _app

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def _command_lines(page: Path) -> list[str]:
    """The examples in a page's blocks; a synopsis, which holds brackets or an ellipsis, is none."""
    lines = []
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if language in ("", "sh", "bash", "console"):
            lines += block.replace("\\\n", " ").splitlines()
    examples = [line.removeprefix("$ ").strip() for line in lines]
    return [line for line in examples if line.startswith("foresight ") and not re.search(r"\.\.\.|\[", line)]


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


EXAMPLES = [(page.name, line) for page in PAGES for line in _command_lines(page)]


@pytest.mark.parametrize(("page", "line"), EXAMPLES)
def test_every_command_line_is_one_that_the_command_takes(page: str, line: str) -> None:
    command: Any = typer.main.get_command(_app())
    words = [word for word in shlex.split(line, comments=True)[1:] if word not in ("--debug", "&")]
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    command.make_context("foresight", words)  # reads the flags and runs nothing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_or_a_heading_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 20
