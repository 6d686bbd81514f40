"""foresight run --supervise: the process that starts the run again and again, and the run's side of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.redaction import redact
from pipeline.supervision.notifier import SOCKET, Notifier
from pipeline.supervision.supervisor import Supervisor
from pipeline.supervision.worker import COMPLETE, LIVE, WRITES, Worker, files_text

if TYPE_CHECKING:
    from pipeline.settings import Settings


def supervised(arguments: Sequence[str]) -> int:
    """Run this process's own command, whose `arguments` follow the interpreter, until its work is done; blocks.

    Main thread. Returns the exit status.
    """

    def say(line: str) -> None:
        sys.stderr.write(f"foresight: {redact(line)}\n")

    return Supervisor([sys.executable, *arguments], say, Notifier.from_environment()).run()


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
