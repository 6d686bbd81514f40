"""Processes that tests start, and that end with them."""

from __future__ import annotations

import signal
import subprocess
from types import TracebackType

PATIENCE_S = 10.0
"""How long a process that is asked to end has, before it is killed."""


class Process(subprocess.Popen[str]):
    """A process for a `with` block, which a block that fails ends.

    Popen itself would wait for its end, for ever if the failed test has not asked for it yet.
    """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._end()
        super().__exit__(kind, value, traceback)

    def _end(self) -> None:
        """Ask in each way, which makes a supervisor kill what it supervises; then kill."""
        for number in (signal.SIGCONT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.send_signal(number)
        try:
            self.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
