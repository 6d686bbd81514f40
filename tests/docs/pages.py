"""The blocks of the pages, and the command lines in the pages and in the help texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from pipeline.cli import _app

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
COMMAND: Any = typer.main.get_command(_app())

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(r"(\w+=\S+ )*foresight ")
_SYNOPSIS = re.compile(r"\.\.\.|\[")


def blocks(page: Path, *languages: str) -> list[str]:
    """The text of a page's fenced blocks in these languages; an empty name is a block without one."""
    return [block for language, block in _FENCE.findall(page.read_text("utf-8")) if language in languages]


def command_lines(page: Path) -> list[str]:
    """The examples in a page's blocks, without synopses (those have brackets or an ellipsis)."""
    lines = [
        line.removeprefix("$ ").strip()
        for block in blocks(page, "", "sh", "bash", "console")
        for line in block.replace("\\\n", " ").splitlines()
    ]
    return [line for line in lines if _EXAMPLE.match(line) and not _SYNOPSIS.search(line)]


def transcripts(page: Path) -> list[tuple[str, str]]:
    """Each command after a prompt in a block, and what it prints according to the page."""
    found = []
    for block in blocks(page, "", "console"):
        if block.startswith("$ "):
            for part in block.removeprefix("$ ").split("\n$ "):
                line, _, output = part.partition("\n")
                found.append((line, output.strip()))
    return found


def commands() -> Iterator[tuple[str, Any]]:
    """Every command and group, with its words."""

    def walk(words: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield words, command
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(f"{words} {name}", below)

    yield from walk("foresight", COMMAND)


def help_examples(command: Any) -> list[str]:
    """The command lines in a command's help text."""
    return re.findall(r"^ *(foresight .*)$", command.help or "", re.MULTILINE)
