"""FileLock: keeps a second run from writing the file that a first one still writes."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

from pipeline.errors import OutputError

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
"""What a file system reports that has no locks; such a file is written without one."""


class FileLock:
    """Holds the lock of one file that is written; it ends with `release` or with the process, SIGKILL included.

    The lock is an empty hidden file beside the real file (``.name.lock``), because a playlist is replaced while it
    is written. Any thread; never blocks.
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError while another run, or another output of this one, writes `path`."""
        self._descriptor: int | None = None
        self._beside: Path | None = None
        real = Path(os.path.realpath(path))
        if not _stores(real):
            return
        beside = real.with_name(f".{real.name}.lock")
        try:
            self._descriptor = _locked(beside)
            self._beside = beside
        except BlockingIOError:
            raise OutputError(
                f"{path}: another run is writing this file; name another file, or end that run first"
            ) from None
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, *_NO_LOCKS):
                raise OutputError(f"{path}: cannot be locked ({error.strerror})") from error

    def release(self) -> None:
        """Let others write the file. Idempotent."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        if self._beside is not None:
            self._beside.unlink(missing_ok=True)
        os.close(descriptor)


def _stores(path: Path) -> bool:
    """Whether `path` is, or will be, an ordinary file; a device or a pipe has no lock."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def _locked(path: Path) -> int:
    """Open and lock `path`; returns its descriptor. Raises BlockingIOError while it is locked, or OSError."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_at(path, os.fstat(descriptor)):
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the run before removed it between our open and our lock


def is_at(path: Path, file: os.stat_result) -> bool:
    """Whether `path` still names the opened `file`."""
    try:
        found = path.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (file.st_dev, file.st_ino)
