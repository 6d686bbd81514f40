"""FolderLock: that one page at a time works in a folder, or a run that such a page has started."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path

from pipeline.errors import OutputError

NAME = ".foresight.lock"


class FolderLock:
    """A lock that a process holds with whatever process it hands the descriptor to; it ends with the last of them.

    The file tells others at which address the page is.
    """

    def __init__(self, folder: Path) -> None:
        """Not held yet. Raises OutputError."""
        self._path = folder / NAME
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise OutputError(
                f"{self._path}: cannot be written ({error.strerror}); name another folder"
            ) from error

    def fileno(self) -> int:
        """The descriptor, for a process that inherits it."""
        return self._descriptor

    def take(self) -> bool:
        """Take it if nobody holds it; returns whether it is held. Never blocks."""
        with suppress(BlockingIOError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def wait(self) -> None:
        """Block until whoever holds it has ended, and take it."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def tell(self, address: str) -> None:
        """Write down where the page is, and which process serves it. The one who holds it only."""
        text = json.dumps({"address": address, "pid": os.getpid()}).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)

    def told(self) -> tuple[str, bool] | None:
        """The address that the holder has written, and whether its page's process is alive; None without one."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            values = json.loads(self._path.read_text(encoding="utf-8"))
            return str(values["address"]), Path(f"/proc/{int(values['pid'])}").exists()
        return None

    def close(self) -> None:
        """Let go of it; processes that inherited it hold it still. Idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
