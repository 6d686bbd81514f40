"""ExportFile: a data file that grows during the run, so that a killed run leaves all but the last moment."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from pipeline.errors import OutputError
from pipeline.foreign_code import Contained
from pipeline.media.file_lock import is_at

EVERY_S = 0.5
"""What has been added is written this often."""
MOST_WAITING = 2000
"""Items that wait to be written; more mean that the disk does not keep up."""
PATIENCE_S = 10.0
"""A file that takes nothing for this long is given up."""

Item = TypeVar("Item")
OnFailed = Callable[[OutputError], object]


class ExportFile(Generic[Item]):
    """Writes items as whole lines of text, in the order in which they are added, from a thread of its own.

    Any thread may call; only `close` and, offline, `add` block. A failure is reported once; then nothing more is
    written, and the lines before it stay. Lock: `_changed`, held neither for the disk nor for `make_lines`.
    """

    def __init__(
        self,
        path: Path,
        header: str,
        make_lines: Callable[[Item], Iterable[str]],
        on_failed: OnFailed,
        *,
        live: bool,
        last_lines: Callable[[], Iterable[str]] = tuple,
        complete: Callable[[Path], object] = lambda _path: None,
    ) -> None:
        """The file is opened, and `header` written without its newline ("" for none), by the file's thread.

        `make_lines` returns an item's lines, `last_lines` those after the last item, and `complete` finishes the
        closed file; all are called on the file's thread, and may raise OSError. `on_failed(error)` is called on
        that thread, or on the one that calls `add` or `close`. `live`: an item that would have to wait ends the
        file; otherwise `add` waits for room.
        """
        self._path = path
        self._make_lines = make_lines
        self._on_failed = on_failed
        self._live = live
        self._last_lines = last_lines
        self._complete = complete
        self._header = f"{header}\n" if header else ""
        self._written_bytes = self._whole_bytes = 0  # all, and up to the end of the last whole line
        self._changed = threading.Condition(threading.Lock())
        self._waiting: list[Item] = []
        self._is_closing = self._has_failed = False
        self._steps = 0
        """Items of which the lines were made, and writes; the file's thread counts them."""
        self._thread = threading.Thread(target=self._work, name=f"export-{path.name}", daemon=True)
        self._thread.start()

    def add(self, item: Item) -> None:
        """Write `item` soon. Never raises; after `close` or a failure it does nothing."""
        with self._changed:
            if not self._live:
                self._changed.wait_for(self._has_room, PATIENCE_S)
            is_stuck = not self._has_room()
            if not is_stuck:
                self._waiting.append(item)
        if is_stuck:
            self._fail("the disk does not keep up")

    def close(self, timeout_s: float = PATIENCE_S) -> None:
        """Write what waits, and close the file; gives up after `timeout_s` without progress. Idempotent.

        Blocks for at most three times that long.
        """
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        for _ in range(3):  # what is slow to make may take longer than what is slow to write
            steps = self._steps
            self._thread.join(timeout_s)
            if self._steps == steps:
                break
        if self._thread.is_alive():
            self._fail("the disk does not answer")

    def _has_room(self) -> bool:
        return len(self._waiting) < MOST_WAITING or self._is_closing or self._has_failed

    # On the file's thread

    def _work(self) -> None:
        with Contained() as call:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
            try:
                self._write(descriptor, self._header)
                while self._write_what_waits(descriptor):
                    pass
                if not self._has_failed:
                    self._write(descriptor, "".join(f"{line}\n" for line in self._last_lines()))
                if _is_regular(descriptor) and not is_at(self._path, os.fstat(descriptor)):
                    self._fail("it was deleted, moved or replaced meanwhile")
            finally:
                os.close(descriptor)
            self._complete(self._path)
        if isinstance(call.error, OSError):
            self._fail(call.error.strerror or str(call.error))
        elif call.error is not None:
            self._fail(f"a fault in Foresight: {call.error!r}")

    def _write_what_waits(self, descriptor: int) -> bool:
        """Wait for items and write them; False after the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing or self._has_failed, EVERY_S)
            if self._has_failed:
                return False
            items, self._waiting = self._waiting, []
            is_last = self._is_closing and not items
            self._changed.notify_all()
        for item in items:
            self._write(descriptor, "".join(f"{line}\n" for line in self._make_lines(item)))
            self._steps += 1
        return not is_last

    def _write(self, descriptor: int, text: str) -> None:
        """Write whole lines, or what fits of them. Raises OSError."""
        left = memoryview(text.encode("utf-8"))
        try:
            while left:
                written = os.write(descriptor, left)
                end = bytes(left[:written]).rfind(b"\n") + 1
                self._whole_bytes = self._written_bytes + end if end else self._whole_bytes
                self._written_bytes += written
                left = left[written:]
        except OSError:
            if _is_regular(descriptor):
                os.ftruncate(descriptor, self._whole_bytes)
            raise

    def _fail(self, why: str) -> None:
        """Report the first failure; drop what waits."""
        with self._changed:
            is_first, self._has_failed = not self._has_failed, True
            self._waiting = []
            self._changed.notify_all()
        if is_first:
            self._on_failed(
                OutputError(f"{self._path}: cannot be written ({why}); what was written before stays")
            )


def _is_regular(descriptor: int) -> bool:
    """Whether it is a file on a disk; a pipe can neither be cut nor replaced."""
    return stat.S_ISREG(os.fstat(descriptor).st_mode)
