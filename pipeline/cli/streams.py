"""Standard streams that never end or hold up a command: missing ones are opened, stderr loses what nobody reads."""

from __future__ import annotations

import atexit
import io
import os
import select
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

_STDIN, _STDOUT, _STDERR = range(3)

MOST_WAITING = 1000
"""Texts that wait for a reader that is slow; what comes then is lost, and counted."""
LEAVE_S = 1.0
"""At the end of the process its last texts are waited for this long."""
READ_WITHIN_S = 5.0
"""A result that nobody reads for this long is lost."""
CHUNK = 1000
"""Characters that are written at once: at most 4000 bytes, for which a pipe has room if it has any."""


class LossyFile(io.RawIOBase):
    """A descriptor to which `write` never raises and never waits: a thread of its own writes.

    What a full disk or a closed pipe does not take is lost; so is what comes while MOST_WAITING texts wait, because
    a pipe is full or a terminal is stopped. How many lines that were is told once there is room. Any thread may
    call, also a signal handler that has interrupted a call: it has no lock and no buffer.
    """

    def __init__(self, descriptor: int, most_waiting: int = MOST_WAITING) -> None:
        """Starts the thread. The descriptor stays open."""
        super().__init__()
        self._descriptor = descriptor
        self._most_waiting = most_waiting
        self._waiting: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        self._lost_lines = 0
        threading.Thread(target=self._work, name="stderr", daemon=True).start()

    def write(self, data: Any, /) -> int:
        """Let all of `data` be written soon; returns its length."""
        text = bytes(data)
        if self._waiting.qsize() < self._most_waiting:
            self._waiting.put(text)
        else:
            self._lost_lines += text.count(b"\n") or 1
        return len(text)

    def drain(self, timeout_s: float) -> bool:
        """Block until all has been written or lost, for at most `timeout_s`; returns whether it was."""
        is_done = threading.Event()
        self._waiting.put(is_done)
        return is_done.wait(timeout_s)

    def writable(self) -> bool:
        """True."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    def _work(self) -> None:
        while True:
            text = self._waiting.get()
            if isinstance(text, threading.Event):
                text.set()
                continue
            with suppress(OSError):
                _write_all(self._descriptor, text)
            lost, self._lost_lines = self._lost_lines, 0
            if lost:
                with suppress(OSError):
                    _write_all(
                        self._descriptor, b"foresight: %d lines are lost, because nobody read them\n" % lost
                    )


def _write_all(descriptor: int, text: bytes) -> None:
    """Write all of `text`; waits for room, also where a descriptor may not block. Raises OSError."""
    left = memoryview(text)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def drain_stderr() -> None:
    """Block until what was said so far has been written, so that stdout's text follows it; for LEAVE_S at most."""
    raw = getattr(sys.stderr, "buffer", None)
    if isinstance(raw, LossyFile):
        raw.drain(LEAVE_S)


def write_result(text: str) -> None:
    """Write `text` to standard output. Raises OSError, also TimeoutError: nobody reads it for READ_WITHIN_S."""
    for begin in range(0, len(text), CHUNK):
        _wait_for_room(READ_WITHIN_S)
        sys.stdout.write(text[begin : begin + CHUNK])
        sys.stdout.flush()


def _wait_for_room(timeout_s: float) -> None:
    """Block until stdout takes CHUNK characters without blocking. Raises TimeoutError."""
    try:
        descriptor = sys.stdout.fileno()
    except OSError:  # a test's
        return
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    if not room.poll(1000 * timeout_s):
        raise TimeoutError(0, f"nobody has read it for {timeout_s:g} s")


def secure_streams() -> None:
    """Make the process's standard streams safe to write to. Main thread, before any file is opened.

    A name that is not UTF-8 is shown with escapes. Errors of stdout are still raised: its text is the result.
    """
    for descriptor in (_STDIN, _STDOUT, _STDERR):
        _open_if_missing(descriptor)
    lossy = LossyFile(_STDERR)
    atexit.register(lossy.drain, LEAVE_S)
    sys.stderr = _text(lossy)
    if sys.stdout is None:  # the descriptor was closed
        sys.stdout = _text(io.FileIO(_STDOUT, "w", closefd=False))
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


def _text(raw: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, errors="backslashreplace", line_buffering=True, write_through=True)
