"""Patching: bytes appended to a finished file, or written over as many of its own."""

from __future__ import annotations

import os


def append(descriptor: int, data: bytes) -> None:
    """Write `data` behind the end of an open file, to the disk; the file is as before if that fails.

    Raises OSError.
    """
    end = os.fstat(descriptor).st_size
    try:
        write_at(descriptor, data, end)
        os.fsync(descriptor)  # a power cut must not take what is referred to next
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def write_at(descriptor: int, data: bytes, at: int) -> None:
    """Write all of `data` at a place of an open file. Raises OSError."""
    while data:
        written = os.pwrite(descriptor, data, at)
        data, at = data[written:], at + written
