"""Keeps secrets out of the process list, which shows a command's arguments to every user of the machine."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.redaction import MASK, redact_address

_SECRET_FLAG = "--web-token"
_SECRET_SETTING = re.compile(rf"(?P<name>{_SECRET_FLAG}|(--set=)?\s*(web\.token|streams)\s*)=")
"""Arguments whose value is a secret, whatever it looks like."""

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
    hidden = b"\0".join(_all_hidden(shown.split(b"\0")))
    if hidden != shown and start and end - start == len(hidden):
        ctypes.memmove(start, hidden, len(hidden))


def _all_hidden(arguments: Iterable[bytes]) -> Iterator[bytes]:
    """The arguments without secrets, each in as many bytes."""
    before = ""
    for argument in arguments:
        text = os.fsdecode(argument)
        setting = _SECRET_SETTING.match(text)
        if before == _SECRET_FLAG:
            clean = MASK
        elif setting is not None:
            clean = f"{setting['name']}={MASK}"
        else:
            clean = redact_address(text)
        yield os.fsencode(clean)[: len(argument)].ljust(len(argument))
        before = text
