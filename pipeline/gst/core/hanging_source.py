"""Start and end a pipeline whose sources may hang: in a device, a pipe, a network folder that is gone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pipeline.errors import SourceError, StateError
from pipeline.gst.core.shutdown import to_null
from pipeline.gst.runtime import Gst

logger = logging.getLogger("foresight")

OPEN_S = 30.0
"""How long to wait until every source is open."""
NULL_S = 5.0
"""How long to wait until the pipeline is in NULL."""


def to_playing(
    pipeline: Gst.Pipeline, changed: threading.Condition, is_given_up: Callable[[], bool], names: str
) -> Gst.StateChangeReturn:
    """Set `pipeline` to PLAYING on a thread of its own.

    `changed` is notified when `is_given_up` may have changed. Blocks, but not signal handlers. Raises SourceError,
    which calls the sources `names`, after OPEN_S, and StateError when it is given up meanwhile.
    """
    outcome: list[Gst.StateChangeReturn] = []

    def play() -> None:
        result = pipeline.set_state(Gst.State.PLAYING)
        with changed:
            outcome.append(result)
            changed.notify_all()

    threading.Thread(target=play, name="open-sources", daemon=True).start()
    with changed:
        changed.wait_for(lambda: outcome or is_given_up(), OPEN_S)
        if outcome:
            return outcome[0]
        if is_given_up():
            raise StateError(f"{names}: the run was stopped before the source was open")
        raise SourceError(f"{names}: cannot be opened within {OPEN_S:g} s; check the disk or the device")


def is_closed(pipeline: Gst.Pipeline, names: str) -> bool:
    """Set `pipeline` to NULL; False, with a line in the log, if a source hangs for NULL_S."""
    is_down = to_null(pipeline, NULL_S)
    if not is_down:
        logger.warning("%s: does not let go; the run ends without it", names)
    return is_down
