"""The locks of all files that a run writes, held from before its sources open until its files are complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pipeline.media.file_lock import FileLock
from pipeline.settings import Settings
from pipeline.settings.check import claimed_files


@contextmanager
def output_locks(settings: Settings) -> Iterator[None]:
    """Hold the lock of each file that `settings` writes. Raises OutputError while another run writes one."""
    with ExitStack() as held:
        for path in claimed_files(settings):
            held.callback(FileLock(path).release)
        yield
