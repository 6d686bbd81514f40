"""A run as a service: what systemd, or the supervisor, hears of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.run.progress import Progress
from pipeline.run.run_state import RunState
from pipeline.supervision.notifier import Notifier

TICK_S = 1.0
STATUS_EVERY_S = 5.0
PATIENCE_S = 30
"""By how much the manager's patience is extended at a time, while a run starts or ends."""
ENDING_S = 90.0
"""An end that takes longer than the window and this gets no more patience."""

_NOT_YET_ON_AIR = (RunState.STARTING, RunState.BUFFERING)
_ENDING = (RunState.DRAINING, RunState.DONE)


class ServiceNews:
    """Decides what to tell a service manager, and when. Pure; one thread."""

    def __init__(self, watchdog_s: float | None) -> None:
        """`watchdog_s`: the manager ends a run that has given no sign for so long; None: it does not."""
        self._watchdog_s = watchdog_s
        self._ready = self._stopping = False
        self._sign_s: float | None = None
        self._status_s: float | None = None
        self._state = ""
        self._ends_by_s: float | None = None

    def due(self, now_s: float, progress: Progress, status: str, *, is_well: bool) -> dict[str, str | int]:
        """What to send at monotonic time `now_s`. `is_well`: nothing stands still for longer than it may."""
        news: dict[str, str | int] = {}
        is_ending = progress.state in _ENDING
        if is_ending and self._ends_by_s is None:
            self._ends_by_s = now_s + progress.buffer_s + ENDING_S
        is_on_air = progress.state == RunState.PLAYING or (is_ending and progress.frames_out > 0)
        if is_on_air and not self._ready:
            self._ready = True
            news["READY"] = 1
        if is_ending and not self._stopping:
            self._stopping = True
            news["STOPPING"] = 1
        if progress.state != self._state or _has_passed(self._status_s, STATUS_EVERY_S, now_s):
            news["STATUS"] = status
            self._state, self._status_s = progress.state, now_s
            if progress.state in _NOT_YET_ON_AIR or (is_ending and self._may_still_end(now_s)):
                news["EXTEND_TIMEOUT_USEC"] = PATIENCE_S * 1_000_000
        may_sign = self._may_still_end(now_s) if is_ending else is_well
        if (
            self._watchdog_s is not None
            and may_sign
            and _has_passed(self._sign_s, self._watchdog_s / 2, now_s)
        ):
            self._sign_s = now_s
            news["WATCHDOG"] = 1
        return news

    def tick_s(self) -> float:
        """How long to wait before the next call, in seconds."""
        return TICK_S if self._watchdog_s is None else min(TICK_S, self._watchdog_s / 4)

    def _may_still_end(self, now_s: float) -> bool:
        return self._ends_by_s is None or now_s <= self._ends_by_s


def _has_passed(since_s: float | None, span_s: float, now_s: float) -> bool:
    return since_s is None or now_s - since_s >= span_s


@contextmanager
def told_to(
    manager: Notifier | None,
    progress: Callable[[], Progress],
    status: Callable[[Progress], str],
    is_well: Callable[[], bool],
) -> Iterator[Callable[..., object]]:
    """Tell `manager`, from a thread, how a run fares; nothing for None. All three functions are called there.

    Yields what tells it something else, as `Notifier.send` does, and closes `manager` at the end.
    """
    if manager is None:
        yield lambda **_values: None
        return
    closing = threading.Event()

    def work() -> None:
        news = ServiceNews(manager.watchdog_s)
        is_last = False
        while not is_last:
            is_last = closing.wait(news.tick_s())
            now = progress()
            due = news.due(time.monotonic(), now, status(now), is_well=is_well())
            if due:
                manager.send(**due)

    thread = threading.Thread(target=work, name="service-manager", daemon=True)
    thread.start()
    try:
        yield manager.send
    finally:
        closing.set()
        thread.join(TICK_S)
        manager.close()
