"""RunProcess: the run of a match, in a process that goes on without the page's.

The run is supervised (`foresight run --supervise`) and in a session of its own: whatever happens to the page's
process, its terminal or its window, no frame is lost, and since the run has the page's socket, its dashboard stays
at the same address.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.setup_page.folder_lock import FolderLock
from pipeline.setup_page.matches import LOG, REPORT
from pipeline.setup_page.plan import MatchPlan
from pipeline.setup_page.plan_file import NAME
from pipeline.setup_page.task import foresight, without_settings
from pipeline.web.handed_socket import handed_variables


class RunProcess:
    """One run. The thread that starts it waits for it; any thread may call `end`."""

    def __init__(
        self,
        plan: MatchPlan,
        home: Path,
        folder: Path,
        listener: socket.socket,
        token: str | None,
        lock: FolderLock,
    ) -> None:
        """Start the run of `plan`, whose settings `home` keeps, into the match's `folder`. Raises OutputError.

        It serves its dashboard on `listener`, with `token` if that is not None, and holds `lock` to its end.
        """
        host, port = listener.getsockname()[:2]
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        command = foresight(
            "run",
            "--config",
            str(home / NAME),
            "--supervise",
            "--json",
            f"--web={address}",
            *plan.match_flags(folder),
        )
        secret = {} if token is None else {"FORESIGHT_WEB__TOKEN": token}
        try:
            with (folder / REPORT).open("wb") as report, (folder / LOG).open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    cwd=home,
                    env=without_settings(os.environ) | secret | dict(handed_variables(listener)),
                    stdin=subprocess.DEVNULL,
                    stdout=report,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(listener.fileno(), lock.fileno()),
                )
        except OSError as error:
            raise OutputError(f"the match could not be started ({error.strerror or error})") from error

    def wait(self) -> int:
        """Block until it has ended; returns its exit status, as subprocess does."""
        return self._process.wait()

    def end(self) -> None:
        """Ask it to end: the window is still played, and every file is completed."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
