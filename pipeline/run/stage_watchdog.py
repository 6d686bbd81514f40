"""StageWatchdog: watches the stages of a run from a thread of its own, and tells which one stands still."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from pipeline.interpreter.processor_wait import ProcessorWait
from pipeline.run.limits import StageLimits
from pipeline.run.stage_watch import Reading, StageWatch, Standing
from pipeline.timebase import NS_PER_S, seconds_to_ns

logger = logging.getLogger("foresight")

TICK_S = 0.5
BLIND_S = 10.0
"""A watch that has read nothing for so long hangs itself, on a lock of what it reads."""

_ADVICE = {
    "source": "check the camera, or the disk that it is read from",
    "decoder": "check the video, or another decoder",
    "detector": "check the detector and its model",
    "encoder": "check the encoder (--set encoder.video_encoder=...)",
    "output": "check the disk or the network of this output",
}


def advice(stage: str) -> str:
    """What to do about a stage that stands still."""
    return _ADVICE.get(stage.partition(" ")[0], "start the run again, and report this with its log")


class StageWatchdog:
    """Reads the stages twice a second, from `start` to `stop`. Any thread may read its properties."""

    def __init__(
        self,
        read: Callable[[], Sequence[Reading]],
        note: Callable[[str], object],
        on_stuck: Callable[[str, float], object],
        limits: StageLimits,
        processor: ProcessorWait | None = None,
    ) -> None:
        """On its thread, `note` gets a line when a stage begins to stand still, and `on_stuck(stage, seconds)` is
        called once when one has stood still for longer than it may. Neither may block. `processor` tells which time
        does not count; None: by this process's own threads."""
        self.standing: tuple[str, ...] = ()
        """The stages that stand still now."""
        self._read, self._note, self._on_stuck = read, note, on_stuck
        self._watch = StageWatch(seconds_to_ns(limits.notice_s))
        self._processor = ProcessorWait() if processor is None else processor
        self._is_stuck = False
        self._read_s: float | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_well(self) -> bool:
        """Whether no stage stands still for longer than it may, and this watch does not either."""
        if self._thread is None or self._stopping.is_set():
            return True
        return not self._is_stuck and (self._read_s is None or time.monotonic() - self._read_s < BLIND_S)

    def culprit(self) -> str | None:
        """The stage that holds the run up now, if one does."""
        return self._watch.culprit()

    def start(self) -> None:
        """Begin to watch. Call once."""
        self._read_s = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="stage-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watch; what stands then is not told any more. Idempotent; returns within half a second."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(TICK_S)

    def _work(self) -> None:
        while not self._stopping.wait(TICK_S):
            self.update(time.monotonic_ns())

    def update(self, now_ns: int) -> None:
        """Read the stages once. Called on the watch's thread."""
        readings = self._read()
        standing = self._watch.update(now_ns, readings, waited_ns=self._processor.since_last_ns())
        self._read_s = now_ns / NS_PER_S
        before, self.standing = self.standing, tuple(one.stage for one in standing)
        for one in standing:
            if one.stage not in before:
                self._note(
                    f"the {one.stage} stands still: no progress for {one.for_s:.0f} s; {advice(one.stage)}"
                )
        for stage in before:
            if stage not in self.standing and any(one.stage == stage and one.has_work for one in readings):
                logger.warning("the %s goes on", stage)
        stuck = [one for one in standing if one.is_stuck]
        if stuck and not self._is_stuck:
            self._tell_stuck(stuck[0])

    def _tell_stuck(self, standing: Standing) -> None:
        self._is_stuck = True
        if not self._stopping.is_set():
            self._on_stuck(standing.stage, standing.for_s)
