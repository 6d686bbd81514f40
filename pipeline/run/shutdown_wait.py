"""How the end of a run is waited for: to the last picture, but not for what stands still."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pipeline.errors import ForesightError, PipelineError
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.run.limits import ShutdownLimits


class Ending:
    """What has been said of a run's end so far, and the wait for it. Any thread, but `wait` is one thread's."""

    def __init__(self, limits: ShutdownLimits) -> None:
        self._limits = limits
        self.is_stalled = False
        """Nothing was shown for too long: it may never be."""
        self.is_given_up = False
        """Playback stands still and was not waited for."""
        self._aborted = threading.Event()

    @property
    def is_hurried(self) -> bool:
        """Whether nobody should be waited for any more."""
        return self.is_given_up or self._aborted.is_set()

    def hurry(self) -> None:
        """The run is to end at once."""
        self._aborted.set()

    def wait(
        self,
        playback: PlaybackPipeline,
        every_s: float,
        tell: Callable[[], None],
        is_handed_over: Callable[[], bool],
        abort: Callable[[], None],
    ) -> ForesightError | None:
        """Block until playback is over or is given up; the error that has not been told otherwise.

        `tell()` is called every `every_s`. `is_handed_over()`: playback has got all of the film. `abort()` is
        called where the run was told to end at once: it may have been told so before there was anything to end.
        """

        def patience_s() -> float | None:
            if self._aborted.is_set():
                return self._limits.abort_s
            return self._limits.standstill_s if self.is_stalled or is_handed_over() else None

        standstill = Standstill(lambda: (patience_s(), *playback.outputs.activity))
        is_aborted = False
        while not playback.wait_over(every_s):
            tell()
            if self._aborted.is_set() and not is_aborted:
                is_aborted = True
                abort()
            longest_s = patience_s()
            if longest_s is not None and standstill.for_s() > longest_s:
                return self._give_up(playback)
        return None

    def _give_up(self, playback: PlaybackPipeline) -> ForesightError | None:
        self.is_given_up = True
        playback.outputs.give_up()
        if self._aborted.is_set() or playback.outputs.failures:
            return None
        return PipelineError("playback stands still before its end; check what takes the film")


class Standstill:
    """How long what `look` shows has been the same. One thread; time is monotonic."""

    def __init__(self, look: Callable[[], object], now_s: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._now_s = now_s
        self._seen: object = None
        self._since_s = now_s()

    def for_s(self) -> float:
        """Look again: since when nothing has changed, in seconds."""
        seen = self._look()
        if seen != self._seen:
            self._seen, self._since_s = seen, self._now_s()
        return self._now_s() - self._since_s
