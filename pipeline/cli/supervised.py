"""foresight run --supervise: the process that starts the run again and again, and the run's side of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.redaction import redact
from pipeline.supervision.notifier import SOCKET, Notifier
from pipeline.supervision.restarts import RestartLimits
from pipeline.supervision.supervisor import Supervisor
from pipeline.supervision.worker import COMPLETE, LIVE, WRITES, Worker, files_text
from pipeline.web.handed_socket import handed_descriptor

if TYPE_CHECKING:
    from pipeline.settings import Settings


def supervised(arguments: Sequence[str]) -> int:
    """Run this process's own command, whose `arguments` follow the interpreter, until its work is done; blocks.

    A run that was handed the socket of a page is given up if it fails before it is on air: the page says why.
    Main thread. Returns the exit status.
    """

    def say(line: str) -> None:
        sys.stderr.write(f"foresight: {redact(line)}\n")

    page = handed_descriptor()
    limits = RestartLimits() if page is None else RestartLimits(first_attempts=0)
    inherited = () if page is None else (page,)
    manager = Notifier.from_environment()
    return Supervisor([sys.executable, *arguments], say, manager, limits, inherited).run()


def continued(settings: Settings, worker: Worker) -> Settings:
    """`settings` for a run under the supervisor: in the first part that is free. Tells the supervisor its files.

    Raises StateError if the supervisor has ended, OutputError if nothing of the run is left.
    """
    from pipeline.errors import OutputError
    from pipeline.run.new_part import files_written, in_new_part

    worker.end_with_parent()
    has_camera = any(spec.is_live for spec in settings.source_specs)
    parent = Notifier(os.environ[SOCKET])
    parent.send(**{WRITES: files_text(files_written(settings))}, **({LIVE: 1} if has_camera else {}))
    try:
        return in_new_part(settings, worker)
    except OutputError:
        parent.send(**{COMPLETE: 1})
        raise
    finally:
        parent.close()
