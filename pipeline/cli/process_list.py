"""Hides secrets in the process list, which shows a command's arguments to all users of the machine."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.redaction import MASK, redact_address

_SECRET_FLAG = "--web-token"
_SECRET_SETTING = re.compile(rf"(?P<name>{_SECRET_FLAG}|(--set=)?\s*(web\.token|streams)\s*)=")
"""Arguments whose value is always a secret."""

_ARG_START, _ARG_END = 45, 46
"""The fields of proc(5) with the address of the arguments in memory: 48 and 49, counted after the name."""


def hide_secrets() -> None:
    """Overwrite stream keys and passwords in the arguments that ``ps`` shows for this process; on Linux only.

    They are visible for a moment before; an environment variable or a settings file never is.
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
    """The arguments without secrets, each padded to its original length in bytes."""
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
