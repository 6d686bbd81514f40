"""Standard streams that never end a command: missing ones are opened, and writes to stderr that fail are lost."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Any

_STDIN, _STDOUT, _STDERR = range(3)


class LossyFile(io.FileIO):
    """A file whose writes never raise: what a full disk or a closed pipe does not take is lost. Any thread.

    Used without a buffer, because a signal handler may write while the thread that it interrupted writes.
    """

    def write(self, data: Any, /) -> int:
        """Write all of `data`, or what can be written; returns its full length."""
        left = memoryview(data).cast("B")
        length = len(left)
        with suppress(OSError):
            while len(left):
                written = super().write(left)
                if not written:  # a pipe that may not block, and is full
                    break
                left = left[written:]
        return length


def secure_streams() -> None:
    """Make the process's standard streams safe to write to. Main thread, before any file is opened.

    A name that is not UTF-8 is shown with escapes. Errors of stdout are still raised: its text is the result.
    """
    for descriptor in (_STDIN, _STDOUT, _STDERR):
        _open_if_missing(descriptor)
    sys.stderr = _text(_STDERR)
    if sys.stdout is None:  # the descriptor was closed
        sys.stdout = _text(_STDOUT)
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def discard_stdout() -> None:
    """Discard what is still in stdout's buffer and all that follows, because its reader or its disk has gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _open_if_missing(descriptor: int) -> None:
    """Open a closed descriptor, so that no recording gets its number, and with it what libraries print."""
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        os.dup2(opened, descriptor)
        if opened != descriptor:
            os.close(opened)
        os.set_inheritable(descriptor, True)


def _text(descriptor: int) -> io.TextIOWrapper:
    raw: Any = LossyFile(descriptor, "w", closefd=False)
    return io.TextIOWrapper(raw, errors="backslashreplace", line_buffering=True, write_through=True)
