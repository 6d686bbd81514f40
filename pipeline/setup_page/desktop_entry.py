"""The desktop entry by which `foresight start` is found in a desktop's menu."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import OutputError

NAME = "foresight.desktop"
ICON = Path(__file__).resolve().parents[1] / "web" / "static" / "icon.svg"


def entry_text(interpreter: str, icon: Path) -> str:
    """The entry, as the desktop entry specification has it."""
    command = f"{_quoted(interpreter)} -m pipeline start"
    return (
        "[Desktop Entry]\nType=Application\nName=Foresight\n"
        "Comment=Film and stream a match with fixed cameras\n"
        f"Exec={command}\nIcon={icon}\nTerminal=false\nCategories=AudioVideo;Video;Recorder;\n"
    )


def install_desktop_entry(environment: Mapping[str, str] | None = None) -> Path:
    """Write the entry for this user; returns its path. Raises OutputError."""
    variables = os.environ if environment is None else environment
    home = Path(
        variables.get("XDG_DATA_HOME") or Path(variables.get("HOME", "~")).expanduser() / ".local/share"
    )
    path = home / "applications" / NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(entry_text(sys.executable, ICON), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    return path


def _quoted(text: str) -> str:
    """An argument of Exec: in double quotes, with \\ before what is special; % is doubled."""
    if shlex.quote(text) == text and "%" not in text:
        return text
    escaped = "".join(f"\\{sign}" if sign in '"`$\\' else sign for sign in text)
    return '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'
