"""ShutdownWait: waits for the end of a run, with a deadline for blocked outputs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pipeline.errors import ForesightError, PipelineError
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.run.limits import ShutdownLimits


class ShutdownWait:
    """Waits for the end of a run, and for the calls that shorten the wait.

    One thread calls `wait_until_over`; any thread may call and read the rest.
    """

    def __init__(self, limits: ShutdownLimits) -> None:
        self._limits = limits
        self.is_stalled = False
        """No frame has been shown for too long, so playback may never end."""
        self._has_given_up = False
        self._aborted = threading.Event()

    @property
    def is_aborted(self) -> bool:
        """Whether the run must end at once."""
        return self._aborted.is_set()

    @property
    def at_once(self) -> bool:
        """Whether to close the outputs without waiting: the run was aborted, or playback is blocked."""
        return self._has_given_up or self.is_aborted

    def abort(self) -> None:
        """Shorten the wait to the limit of an aborted run. Idempotent; any thread, also from a signal handler."""
        self._aborted.set()

    def wait_until_over(
        self,
        playback: PlaybackPipeline,
        every_s: float,
        on_tick: Callable[[], None],
        is_all_sent: Callable[[], bool],
        end_now: Callable[[], None],
    ) -> ForesightError | None:
        """Block until playback has ended, or is blocked for too long; returns an error that is not reported yet.

        `on_tick()` is called every `every_s`. `is_all_sent()`: playback has received its last frame. `end_now()` is
        called once when the run is aborted, because the abort may have come before there was a playback to end.
        """

        def deadline_s() -> float | None:
            if self.is_aborted:
                return self._limits.abort_s
            return self._limits.standstill_s if self.is_stalled or is_all_sent() else None

        standstill = Standstill(lambda: (deadline_s(), *playback.outputs.activity))
        is_ended = False
        while not playback.wait_over(every_s):
            on_tick()
            if self.is_aborted and not is_ended:
                is_ended = True
                end_now()
            longest_s = deadline_s()
            if longest_s is not None and standstill.for_s() > longest_s:
                return self._give_up(playback)
        return None

    def _give_up(self, playback: PlaybackPipeline) -> ForesightError | None:
        self._has_given_up = True
        playback.outputs.give_up()
        if self.is_aborted or playback.outputs.failures:
            return None
        return PipelineError(
            "playback is blocked before its end; check the disk and the network of the outputs"
        )


class Standstill:
    """How long the value of `look()` has been the same. One thread; `now_s` is monotonic."""

    def __init__(self, look: Callable[[], object], now_s: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._now_s = now_s
        self._seen: object = None
        self._since_s = now_s()

    def for_s(self) -> float:
        """Call `look` again; returns for how many seconds its value has not changed."""
        seen = self._look()
        if seen != self._seen:
            self._seen, self._since_s = seen, self._now_s()
        return self._now_s() - self._since_s
