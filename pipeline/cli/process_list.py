"""Keeps secrets out of the process list, which shows a command's arguments to every user of the machine."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from pipeline.redaction import redact_address

_ARG_START, _ARG_END = 45, 46
"""Where proc(5) tells the arguments' place in memory: fields 48 and 49, counted after the name."""


def hide_secrets() -> None:
    """Overwrite stream keys and passwords in what ``ps`` shows of this process; on Linux only.

    What was shown in the moment before cannot be taken back: an environment variable or a settings file
    never shows.
    """
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        shown = Path("/proc/self/cmdline").read_bytes()
    except OSError:
        return
    start, end = int(fields[_ARG_START]), int(fields[_ARG_END])
    hidden = b"\0".join(map(_hidden, shown.split(b"\0")))
    if hidden != shown and start and end - start == len(hidden):
        ctypes.memmove(start, hidden, len(hidden))


def _hidden(argument: bytes) -> bytes:
    """The argument without secrets, in as many bytes."""
    clean = os.fsencode(redact_address(os.fsdecode(argument)))
    return clean[: len(argument)].ljust(len(argument))
